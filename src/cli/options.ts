/** @file Options that several commands share, and their values checked. */
import { Option } from 'commander';
import * as v from 'valibot';

import { InputError } from '../common/errors';
import { executionProviders } from '../protocol/execution-providers';
import { type EngineSettings } from '../protocol/jobs';

/** An option with a number. */
export function numberOption(flags: string, description: string): Option {
  const option = new Option(flags, description);
  return option.argParser((text: string) => {
    const value = Number(text);
    if (text.trim() === '' || !Number.isFinite(value)) {
      throw new InputError(`--${option.name()}: "${text}" is not a number.`);
    }
    return value;
  });
}

export const engineOptions = (): Option[] => [
  numberOption('--threads <n>', 'threads of the engine; 0: one a core').default(0),
  numberOption('--memory-budget <GB>', 'memory for weights and activations; 0: half of the machine').default(
    0,
  ),
  new Option('--execution-provider <name>', 'what runs the kernels; auto: a graphics card where it is faster')
    .choices(executionProviders)
    .default('cpu'),
];

/** Values of {@link engineOptions}. */
export interface EngineOptionValues {
  threads: number;
  memoryBudget: number;
  executionProvider: EngineSettings['execution_provider'];
}

/** The engine settings of a request. */
export function engineSettings(values: EngineOptionValues): EngineSettings {
  return {
    threads: values.threads,
    memory_budget: values.memoryBudget,
    execution_provider: values.executionProvider,
  };
}

/** Checks a request that was put together from options. Field names are those of the options with underscores. */
export function checked<S extends v.GenericSchema>(schema: S, request: v.InferInput<S>): v.InferOutput<S> {
  const parsed = v.safeParse(schema, request);
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  const option = v.getDotPath(issue)?.split('.').at(-1)?.replaceAll('_', '-') ?? 'options';
  throw new InputError(`--${option}: ${issue.message}. See --help.`);
}

/** Commander's camelCase values under the names that requests use. */
export function snakeCased(options: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(options).map(([name, value]) => [
      name.replace(/[A-Z]/g, letter => `_${letter.toLowerCase()}`),
      value,
    ]),
  );
}
