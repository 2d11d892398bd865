/** @file From settings to the parts of a request, validated: settings.json may hold anything. */
import { t } from '@vscode/l10n';
import * as v from 'valibot';

import { InputError } from '../common/errors';
import {
  type EngineSettingsInput,
  executionProviders,
  type IdentifyRequestInput,
  type TraceRequestInput,
} from '../protocol/jobs';
import { configurationSection, settings } from './manifest';

/** Reads a setting by its name without the section, e.g. `WorkspaceConfiguration.get`. */
export type SettingReader = (name: string) => unknown;

const natural = v.pipe(v.number(), v.integer(), v.minValue(0));
const count = v.pipe(v.number(), v.integer(), v.minValue(1));
const positive = v.pipe(v.number(), v.gtValue(0));
/** A count for which 0 stands for "not set". */
const optionalCount = v.pipe(
  natural,
  v.transform(value => (value === 0 ? undefined : value)),
);

/** @throws InputError that names the setting */
export function readEngineSettings(read: SettingReader): EngineSettingsInput {
  return {
    threads: setting(read, settings.threads, natural),
    memory_budget: setting(read, settings.memoryBudget, v.pipe(v.number(), v.minValue(0))),
    execution_provider: setting(read, settings.executionProvider, v.picklist(executionProviders)),
  };
}

/** Everything of a trace request that settings decide. @throws InputError that names the setting */
export function readTraceSettings(read: SettingReader): Pick<TraceRequestInput, 'max_new_tokens' | 'engine'> {
  return {
    max_new_tokens: setting(read, settings.generatedTokens, natural),
    engine: readEngineSettings(read),
  };
}

/** Everything of an identify request that settings decide. @throws InputError that names the setting */
export function readIdentifySettings(
  read: SettingReader,
): Pick<IdentifyRequestInput, 'k' | 'limit_train' | 'limit_dev' | 'limit_test' | 'training' | 'engine'> {
  return {
    k: setting(read, settings.k, optionalCount),
    limit_train: setting(read, settings.limitTrain, optionalCount),
    limit_dev: setting(read, settings.limitDev, optionalCount),
    limit_test: setting(read, settings.limitTest, optionalCount),
    training: {
      parametrisation: setting(read, settings.parametrisation, v.picklist(['full', 'lora'])),
      epochs: setting(read, settings.epochs, positive),
      lr: setting(read, settings.learningRate, positive),
      batch_size: setting(read, settings.batchSize, count),
      max_seq_length: setting(read, settings.maxSequenceLength, count),
      seed: setting(read, settings.seed, v.pipe(v.number(), v.integer())),
    },
    engine: readEngineSettings(read),
  };
}

function setting<S extends v.GenericSchema>(read: SettingReader, name: string, schema: S): v.InferOutput<S> {
  const parsed = v.safeParse(schema, read(name));
  if (parsed.success) return parsed.output;
  throw new InputError(
    t(
      'Setting {0}: {1}. Correct it in the settings.',
      `${configurationSection}.${name}`,
      parsed.issues[0].message,
    ),
  );
}
