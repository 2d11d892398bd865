/** @file package.json and the code name the same things. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

import * as v from 'valibot';
import { describe, expect, test } from 'vitest';

import { executionProviders } from '../protocol/execution-providers';
import { EngineSettingsSchema, TraceRequestSchema, TrainingSettingsSchema } from '../protocol/jobs';
import * as manifest from './manifest';
import { settingSchemas } from './settings';
import { IdentifyInputSchema, TraceInputSchema } from './tools/tool-inputs';

const root = path.join(import.meta.dirname, '../..');
const menuItem = v.object({ command: v.string(), when: v.string() });
const ManifestSchema = v.object({
  name: v.string(),
  publisher: v.string(),
  activationEvents: v.array(v.string()),
  extensionKind: v.array(v.string()),
  capabilities: v.unknown(),
  contributes: v.object({
    commands: v.array(
      v.object({ command: v.string(), title: v.string(), category: v.string(), icon: v.string() }),
    ),
    menus: v.record(v.string(), v.array(menuItem)),
    viewsContainers: v.object({ activitybar: v.array(v.object({ id: v.string(), icon: v.string() })) }),
    views: v.record(v.string(), v.array(v.object({ id: v.string() }))),
    viewsWelcome: v.array(v.object({ view: v.string(), when: v.optional(v.string()), contents: v.string() })),
    walkthroughs: v.array(
      v.object({
        id: v.string(),
        steps: v.array(
          v.object({
            description: v.string(),
            media: v.object({ svg: v.string(), altText: v.string() }),
            completionEvents: v.array(v.string()),
          }),
        ),
      }),
    ),
    configuration: v.object({
      properties: v.record(
        v.string(),
        v.object({
          type: v.picklist(['boolean', 'integer', 'number', 'string']),
          default: v.unknown(),
          minimum: v.optional(v.number()),
          exclusiveMinimum: v.optional(v.number()),
          maximum: v.optional(v.number()),
          order: v.number(),
          enum: v.optional(v.array(v.string())),
          scope: v.picklist(['resource', 'machine-overridable']),
          markdownDescription: v.string(),
        }),
      ),
    }),
    colors: v.array(v.object({ id: v.string() })),
    languageModelTools: v.array(
      v.object({
        name: v.string(),
        icon: v.string(),
        inputSchema: v.object({
          properties: v.record(v.string(), v.object({ type: v.string(), description: v.string() })),
          required: v.array(v.string()),
        }),
      }),
    ),
  }),
});
type Setting = v.InferOutput<typeof ManifestSchema>['contributes']['configuration']['properties'][string];
const texts = v.parse(v.record(v.string(), v.string()), readJson('package.nls.json'));
const { contributes, ...described } = v.parse(ManifestSchema, withTexts(readJson('package.json')));

function readJson(file: string): unknown {
  return JSON.parse(readFileSync(path.join(root, file), 'utf8'));
}

/** The code of the extension's side, without tests. */
function sources(): { file: string; source: string }[] {
  return readdirSync(import.meta.dirname, { recursive: true, encoding: 'utf8' })
    .filter(file => file.endsWith('.ts') && !file.endsWith('.test.ts'))
    .map(file => ({ file, source: readFileSync(path.join(import.meta.dirname, file), 'utf8') }));
}

/** As VS Code shows it: `%name%` is looked up. */
function withTexts(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value), (_, part: unknown) =>
    typeof part === 'string' ? part.replace(/^%(.+)%$/, (whole, name: string) => texts[name] ?? whole) : part,
  );
}

const ids = (record: Record<string, string>): string[] => Object.values(record).sort();

describe('package.json contributes what the code knows, and nothing else', () => {
  test('extension id', () => {
    expect(`${described.publisher}.${described.name}`).toBe(manifest.extensionId);
  });

  test('commands', () => {
    expect(contributes.commands.map(({ command }) => command).sort()).toEqual(ids(manifest.commands));
    for (const { category, icon } of contributes.commands) {
      expect(category).toBe(manifest.productName);
      expect(icon).toMatch(/^\$\([a-z-]+\)$/);
    }
  });

  test('views and their container', () => {
    expect(contributes.viewsContainers.activitybar.map(({ id }) => id)).toEqual([manifest.viewContainer]);
    expect(Object.keys(contributes.views)).toEqual([manifest.viewContainer]);
    const views = contributes.views[manifest.viewContainer].map(({ id }) => id);
    expect(views.sort()).toEqual(ids(manifest.views));
    for (const { view } of contributes.viewsWelcome) expect(views).toContain(view);
  });

  test('settings', () => {
    const names = ids(manifest.settings).map(name => `${manifest.configurationSection}.${name}`);
    expect(Object.keys(contributes.configuration.properties).sort()).toEqual(names);
  });

  test('colours', () => {
    const colors = [...manifest.shareColors, manifest.pointedTokenColor];
    expect(contributes.colors.map(({ id }) => id).sort()).toEqual(colors.sort());
  });

  test('tools for agents, and what they take', () => {
    const tools = Object.fromEntries(contributes.languageModelTools.map(tool => [tool.name, tool]));
    expect(Object.keys(tools).sort()).toEqual(ids(manifest.languageModelTools));
    const inputs = { traceRouting: TraceInputSchema, identify: IdentifyInputSchema };
    for (const [name, schema] of Object.entries(inputs)) {
      const { inputSchema } = tools[manifest.languageModelTools[name as keyof typeof inputs]];
      const entries: Record<string, v.GenericSchema> = schema.entries;
      expect(Object.keys(inputSchema.properties)).toEqual(Object.keys(entries));
      const required = Object.keys(entries).filter(key => !v.safeParse(entries[key], undefined).success);
      expect(inputSchema.required).toEqual(required);
    }
  });

  test('panels that are restored activate the extension', () => {
    const { report, ...restored } = manifest.panels;
    const events = Object.values(restored).map(panel => `onWebviewPanel:${panel}`);
    expect(described.activationEvents).toEqual(expect.arrayContaining(events));
    expect(described.activationEvents).not.toContain(`onWebviewPanel:${report}`);
  });
});

test('whatever package.json refers to exists', () => {
  const known = new Set([
    ...[manifest.commands, manifest.views, manifest.contextKeys].flatMap(ids),
    ...[...manifest.shareColors, manifest.pointedTokenColor, manifest.walkthrough],
    ...ids(manifest.settings).map(name => `${manifest.configurationSection}.${name}`),
  ]);
  const named = JSON.stringify({ contributes, texts }).match(/routerLens\.\w+/g) ?? [];
  expect(named.filter(name => !known.has(name))).toEqual([]);
});

test('a clause says of every menu item when it is of use, and context keys are those that the code sets', () => {
  const menuItems = Object.values(contributes.menus).flat();
  for (const { command, when } of menuItems) {
    expect(ids(manifest.commands)).toContain(command);
    expect(when).not.toBe('');
  }
  const clauses = JSON.stringify({ contributes, texts });
  for (const [key, id] of Object.entries(manifest.contextKeys)) {
    expect(clauses, `${id} is used`).toContain(id);
    const isSet = sources().some(
      ({ file, source }) => file !== 'manifest.ts' && source.includes(`contextKeys.${key}`),
    );
    expect(isSet, `${id} is set`).toBe(true);
  }
});

test('files that are named exist', () => {
  const files = JSON.stringify(contributes).match(/media\/[\w/.-]+/g) ?? [];
  expect(files.length).toBeGreaterThan(0);
  for (const file of files) expect(existsSync(path.join(root, file)), file).toBe(true);
});

test('icons that are named exist', () => {
  const styles = readFileSync(path.join(root, 'node_modules/@vscode/codicons/dist/codicon.css'), 'utf8');
  const code = sources().map(({ source }) => source);
  const icons = [JSON.stringify(contributes), ...code].flatMap(text => [
    ...[...text.matchAll(/\$\(([a-z-]+)(?:~spin)?\)/g)].map(([, icon]) => icon),
    ...[...text.matchAll(/new vscode\.ThemeIcon\('([a-z-]+)'/g)].map(([, icon]) => icon),
  ]);
  expect(icons.length).toBeGreaterThan(0);
  for (const icon of icons) expect(styles, icon).toContain(`.codicon-${icon}:before`);
});

test('the walkthrough has pictures with words, and steps that end', () => {
  const [{ id, steps }, ...others] = contributes.walkthroughs;
  expect([id, others.length, steps.length]).toEqual([manifest.walkthrough, 0, 4]);
  for (const { media, completionEvents, description } of steps) {
    expect(media.altText.length).toBeGreaterThan(10);
    expect(description).toMatch(/\]\(command:/);
    for (const event of completionEvents) expect(event).toMatch(/^on(Command|Context|View):routerLens\./);
    expect(completionEvents.length).toBeGreaterThan(0);
  }
});

test('it runs where the workspace is, on files of a disk', () => {
  expect(described).toMatchObject({
    extensionKind: ['workspace'],
    capabilities: { virtualWorkspaces: { supported: false }, untrustedWorkspaces: { supported: 'limited' } },
  });
});

test('no id is written out anywhere else in the code', () => {
  for (const { file, source } of sources())
    if (file !== 'manifest.ts') expect(source, file).not.toMatch(/['"`]routerLens\./);
});

test('defaults of settings are those of the jobs', () => {
  const training = v.parse(TrainingSettingsSchema, {});
  const engine = v.parse(EngineSettingsSchema, {});
  const trace = v.parse(TraceRequestSchema, { model: 'm', source: { kind: 'text', text: 't' } });
  const defaults = Object.fromEntries(
    Object.entries(contributes.configuration.properties).map(([name, setting]) => [name, setting.default]),
  );
  expect(defaults).toMatchObject({
    'routerLens.threads': engine.threads,
    'routerLens.memoryBudget': engine.memory_budget,
    'routerLens.executionProvider': engine.execution_provider,
    'routerLens.parametrisation': training.parametrisation,
    'routerLens.epochs': training.epochs,
    'routerLens.learningRate': training.lr,
    'routerLens.batchSize': training.batch_size,
    'routerLens.maxSequenceLength': training.max_seq_length,
    'routerLens.seed': training.seed,
    'routerLens.generatedTokens': trace.max_new_tokens,
  });
});

test('the settings editor and the code agree on what a setting may be', () => {
  const probes = [-1, 0, 0.5, 1, 1.5, 1024, 1025, 1e9, '', 'full', 'half', 'cpu', true, null];
  for (const [name, schema] of Object.entries(settingSchemas)) {
    const setting = contributes.configuration.properties[`${manifest.configurationSection}.${name}`];
    for (const value of [setting.default, ...probes])
      expect(allows(setting, value), `${name}: ${String(value)}`).toBe(v.safeParse(schema, value).success);
  }
});

/** As the settings editor judges a value. */
function allows(setting: Setting, value: unknown): boolean {
  const { type, minimum = -Infinity, exclusiveMinimum = -Infinity, maximum = Infinity } = setting;
  if (setting.enum) return setting.enum.some(choice => choice === value);
  if (typeof value !== 'number' || type === 'boolean' || type === 'string') return typeof value === type;
  if (type === 'integer' && !Number.isInteger(value)) return false;
  return value >= minimum && value > exclusiveMinimum && value <= maximum;
}

test('choices of settings are those of the jobs', () => {
  const { executionProvider, parametrisation } = manifest.settings;
  const choices = (name: string): unknown =>
    contributes.configuration.properties[`${manifest.configurationSection}.${name}`].enum;
  expect(choices(executionProvider)).toEqual(executionProviders);
  expect(choices(parametrisation)).toEqual(TrainingSettingsSchema.entries.parametrisation.wrapped.options);
});

test('the settings of the demo exist', () => {
  const names = Object.keys(
    v.parse(v.record(v.string(), v.unknown()), readJson('demo/.vscode/settings.json')),
  );
  const own = names.filter(name => name.startsWith(`${manifest.configurationSection}.`));
  expect(own.length).toBeGreaterThan(0);
  for (const name of own) expect(Object.keys(contributes.configuration.properties)).toContain(name);
});
