/** @file From settings to the parts of a request, validated: settings.json may hold anything. */
import { t } from '@vscode/l10n';
import * as v from 'valibot';

import { InputError } from '../common/errors';
import { executionProviders } from '../protocol/execution-providers';
import {
  type EngineSettingsInput,
  type IdentifyRequestInput,
  type TraceRequestInput,
} from '../protocol/jobs';
import { configurationSection, type SettingName, settings } from './manifest';

/** Reads a setting by its name without the section, e.g. `WorkspaceConfiguration.get`. */
export type SettingReader = (name: string) => unknown;

const natural = v.pipe(v.number(), v.integer(), v.minValue(0));
const count = v.pipe(v.number(), v.integer(), v.minValue(1));
const notNegative = v.pipe(v.number(), v.minValue(0));
const positive = v.pipe(v.number(), v.gtValue(0));
/** A count for which 0 stands for "not set". */
const optionalCount = v.pipe(
  natural,
  v.transform(value => (value === 0 ? undefined : value)),
);

/** What each setting may be; a test compares this with package.json. */
export const settingSchemas = {
  threads: v.pipe(natural, v.maxValue(1024)),
  memoryBudget: notNegative,
  executionProvider: v.picklist(executionProviders),
  parametrisation: v.picklist(['full', 'lora']),
  epochs: positive,
  learningRate: positive,
  batchSize: count,
  maxSequenceLength: count,
  seed: v.pipe(v.number(), v.integer()),
  k: optionalCount,
  limitTrain: optionalCount,
  limitDev: optionalCount,
  limitTest: optionalCount,
  generatedTokens: natural,
  decorations: v.boolean(),
  gutterMarks: v.boolean(),
  codeLens: v.boolean(),
  idleMinutes: notNegative,
} satisfies Record<SettingName, v.GenericSchema>;

type SettingValue<N extends SettingName> = v.InferOutput<(typeof settingSchemas)[N]>;

/** @throws InputError that names the setting */
export function readSetting<N extends SettingName>(read: SettingReader, name: N): SettingValue<N> {
  const parsed = v.safeParse(settingSchemas[name], read(settings[name]));
  if (parsed.success) return parsed.output;
  throw new InputError(
    t(
      'Setting {0}: {1}. Correct it in the settings.',
      `${configurationSection}.${settings[name]}`,
      parsed.issues[0].message,
    ),
  );
}

/** For what is merely shown or tidied: a wrong value, which {@link settingProblems} tells of, stops nothing. */
export function settingOr<N extends SettingName>(
  read: SettingReader,
  name: N,
  fallback: SettingValue<N>,
): SettingValue<N> {
  const parsed = v.safeParse(settingSchemas[name], read(settings[name]));
  return parsed.success ? parsed.output : fallback;
}

/** One line for each setting that is wrong. */
export function settingProblems(read: SettingReader): { name: SettingName; problem: string }[] {
  const names = Object.keys(settingSchemas) as SettingName[];
  return names.flatMap(name => {
    try {
      readSetting(read, name);
      return [];
    } catch (error) {
      if (error instanceof InputError) return [{ name, problem: error.message }];
      throw error;
    }
  });
}

/** @throws InputError that names the setting */
export function readEngineSettings(read: SettingReader): EngineSettingsInput {
  return {
    threads: readSetting(read, 'threads'),
    memory_budget: readSetting(read, 'memoryBudget'),
    execution_provider: readSetting(read, 'executionProvider'),
  };
}

/** Everything of a trace request that settings decide. @throws InputError that names the setting */
export function readTraceSettings(read: SettingReader): Pick<TraceRequestInput, 'max_new_tokens' | 'engine'> {
  return { max_new_tokens: readSetting(read, 'generatedTokens'), engine: readEngineSettings(read) };
}

/** Everything of an identify request that settings decide. @throws InputError that names the setting */
export function readIdentifySettings(
  read: SettingReader,
): Pick<IdentifyRequestInput, 'k' | 'limit_train' | 'limit_dev' | 'limit_test' | 'training' | 'engine'> {
  return {
    k: readSetting(read, 'k'),
    limit_train: readSetting(read, 'limitTrain'),
    limit_dev: readSetting(read, 'limitDev'),
    limit_test: readSetting(read, 'limitTest'),
    training: {
      parametrisation: readSetting(read, 'parametrisation'),
      epochs: readSetting(read, 'epochs'),
      lr: readSetting(read, 'learningRate'),
      batch_size: readSetting(read, 'batchSize'),
      max_seq_length: readSetting(read, 'maxSequenceLength'),
      seed: readSetting(read, 'seed'),
    },
    engine: readEngineSettings(read),
  };
}
