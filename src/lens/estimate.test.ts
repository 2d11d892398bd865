/** @file Estimates of jobs before they start: counts by formula, memory as the job records it, reasons for a refusal. */
import { readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import * as v from 'valibot';
import { describe, expect, it, vi } from 'vitest';

import { scratchFolder } from '../../test/helpers/scratch';
import { tinyConfig, writeTinyCheckpoint } from '../../test/helpers/tiny-checkpoint';
import { CancelledError } from '../common/errors';
import { type EstimateRequestInput, EstimateRequestSchema, type EstimateResult } from '../protocol/estimate';
import { FinetuneRequestSchema } from '../protocol/finetune';
import type { JobHooks } from '../protocol/jobs';
import { estimate } from './estimate';
import { finetune } from './finetune';

// The page's script is bundled for the command line, whose tests write reports.
vi.mock('./report/write-report', () => ({ writeReport: (folder: string) => folder }));

const scratch = scratchFolder();
const model = writeTinyCheckpoint(path.join(scratch, 'tiny'));
const sample = { context: 'It is red.', question: 'What?', answer: 'red' };
const long = { ...sample, context: 'It is red. '.repeat(30) };
const write = (name: string, content: unknown): string => {
  writeFileSync(path.join(scratch, name), JSON.stringify(content));
  return path.join(scratch, name);
};
/** Five samples that fit 300 tokens, of a token for each byte, and one that does not. */
const train = write('train.json', [sample, sample, long, sample, sample, sample]);
const dev = write('dev.json', [sample, sample]);
const experts = write('experts.json', { experts: { 0: [1, 3], 1: [0] } });

const { hidden_size: hidden, intermediate_size: width, num_experts, num_hidden_layers: layers } = tinyConfig;
const common = { model, train, dev, out: '', engine: { threads: 1 } };
const training = { epochs: 3, batch_size: 2 };

function estimated(request: EstimateRequestInput, hooks: JobHooks = {}): Promise<EstimateResult> {
  return estimate(v.parse(EstimateRequestSchema, request), hooks);
}

describe('estimate', () => {
  it('counts what would train, updates and samples', async () => {
    const found = await estimated({ job: 'identify', request: { ...common, training } });
    expect(found).toMatchObject({
      trainable_parameters: layers * num_experts * hidden,
      // Three batches of at most two of five samples, three times.
      steps: 9,
      samples: { train: 5, dev: 2 },
      problems: [],
    });
    expect(found.samples).not.toHaveProperty('test');
    expect(found.seconds).toBeGreaterThan(0);
  });

  it('counts experts of a list, and low-rank additions to them', async () => {
    const request = { ...common, method: 'ceft', experts } as const;
    const three = 3;
    const whole = await estimated({ job: 'finetune', request: { ...request, training } });
    expect(whole.trainable_parameters).toBe(three * 3 * hidden * width);
    const lora = { ...training, parametrisation: 'lora', lora_r: 4 } as const;
    const additions = await estimated({ job: 'finetune', request: { ...request, training: lora } });
    expect(additions.trainable_parameters).toBe(three * 3 * 4 * (hidden + width));
  });

  it('foresees what the job records, and writes nothing', async () => {
    const request = { model, train, method: 'fft', training: { max_steps: 2 } } as const;
    const before = readdirSync(scratch);
    const foreseen = await estimated({ job: 'finetune', request: { ...common, ...request, dev: undefined } });
    expect(readdirSync(scratch)).toEqual(before);
    const out = path.join(scratch, 'fft');
    const { run } = await finetune(
      v.parse(FinetuneRequestSchema, { ...request, engine: { threads: 1 }, out }),
    );
    expect(foreseen).toMatchObject({
      memory_bytes: run.estimate?.memory,
      trainable_parameters: run.results.trainable_parameters,
      steps: run.results.steps,
      samples: { train: run.datasets[0].used },
    });
  });

  it('needs more memory for larger batches', async () => {
    const of = (batch_size: number): Promise<EstimateResult> => {
      const training = { batch_size, max_steps: 1 };
      return estimated({
        job: 'finetune',
        request: { ...common, dev: undefined, method: 'rt', training },
      });
    };
    expect((await of(4)).memory_bytes).toBeGreaterThan((await of(1)).memory_bytes);
  });

  it('can be cancelled', async () => {
    const controller = new AbortController();
    const hooks = { signal: controller.signal, progress: () => controller.abort() };
    const job = estimated({ job: 'identify', request: { ...common, training } }, hooks);
    await expect(job).rejects.toThrow(CancelledError);
  });
});

describe('what would be refused', () => {
  it.each<[string, EstimateRequestInput, RegExp[]]>([
    [
      'a folder without a checkpoint',
      { job: 'identify', request: { ...common, model: scratch } },
      [/config\.json/],
    ],
    [
      'several things at once',
      { job: 'finetune', request: { ...common, method: 'ceft', train: path.join(scratch, 'none.json') } },
      [/--experts: is missing/, /none\.json/],
    ],
    ['more experts than there are', { job: 'identify', request: { ...common, k: 9 } }, [/k is 9/]],
    [
      'a choice by answers to nothing',
      { job: 'identify', request: { ...common, dev: undefined, training: { select: 'em' } } },
      [/no dev set/],
    ],
    [
      'a memory budget that is too small',
      { job: 'identify', request: { ...common, engine: { threads: 1, memory_budget: 0.01 } } },
      [/budget of 0\.01 GB is too small/],
    ],
  ])('%s', async (_, request, messages) => {
    const { problems, seconds } = await estimated(request);
    expect(seconds).toBe(0);
    expect(problems.length).toBe(messages.length);
    messages.forEach((message, i) => expect(problems[i]).toMatch(message));
  });

  it('says how much memory would be needed all the same', async () => {
    const engine = { threads: 1, memory_budget: 0.01 };
    const refused = await estimated({ job: 'identify', request: { ...common, engine } });
    expect(refused.memory_bytes).toBeGreaterThan(0.01e9);
    expect(refused.trainable_parameters).toBe(layers * num_experts * hidden);
  });
});
