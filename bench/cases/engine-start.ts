/** @file What a user waits for before anything is shown: the engine's process, sessions, the first trace. */
import { readFileSync } from 'node:fs';
import path from 'node:path';

import * as v from 'valibot';

import { EngineProcess } from '../../src/extension/engine/engine-process';
import { Model } from '../../src/model/model';
import { packRows } from '../../src/model/packed-batch';
import { traceBatch } from '../../src/model/trace';
import { randomBatch } from '../batches';
import type { BenchCase } from '../bench-case';
import { olmoe1b7b } from '../random-checkpoint';
import { median, secondsOf, takeTurns } from '../statistics';
import { memoryBudget, twoLayersCheckpoint } from './olmoe-2-layers';

const project = path.resolve(__dirname, '../..');
const demoModel = path.join(project, 'demo/facts-moe');
const workerFile = path.join(project, 'dist/worker.js');
const promptTokens = 300;

export const engineStart: BenchCase = {
  name: 'engine-start',
  title: `Start, sessions and the first trace of about ${promptTokens} tokens`,
  labels: {
    start_s: 'Engine: from fork to the first answer',
    demo_first_trace_s: 'Demo model, through the engine: first trace, as the panel shows it',
    demo_next_trace_s: 'Demo model, through the engine: the same trace again',
    sessions_s: 'OLMoE’s widths, 2 layers: sessions for a forward pass',
    first_trace_s: 'OLMoE’s widths, 2 layers: open, sessions and first trace',
    next_trace_s: 'OLMoE’s widths, 2 layers: the same trace again',
    demo_tokens: 'Tokens, demo model',
    tokens: 'Tokens, OLMoE’s widths',
  },
  async run({ repeats, threads }) {
    const text = longPrompt();
    const ofEngine: EngineTimes[] = [];
    for (let i = -1; i < repeats; i++) {
      const times = await timeEngine(text, threads);
      if (i >= 0) ofEngine.push(times); // the first one fills the system's file cache
    }
    const ofModel: ModelTimes[] = [];
    await takeTurns(repeats, {
      model: async () => {
        ofModel.push(await timeModel(threads));
        return 0;
      },
    });
    ofModel.shift();
    return {
      start_s: median(ofEngine.map(({ start }) => start)),
      demo_first_trace_s: median(ofEngine.map(({ firstTrace }) => firstTrace)),
      demo_next_trace_s: median(ofEngine.map(({ nextTrace }) => nextTrace)),
      sessions_s: median(ofModel.map(({ sessions }) => sessions)),
      first_trace_s: median(ofModel.map(({ firstTrace }) => firstTrace)),
      next_trace_s: median(ofModel.map(({ nextTrace }) => nextTrace)),
      demo_tokens: ofEngine[0].tokens,
      tokens: promptTokens,
    };
  },
};

interface EngineTimes {
  start: number;
  firstTrace: number;
  nextTrace: number;
  tokens: number;
}

/** A process as the extension starts it. */
async function timeEngine(text: string, threads: number): Promise<EngineTimes> {
  const complain = (line: string): void => console.error(line);
  const log = { info: () => undefined, warn: complain, error: complain };
  const started = performance.now();
  const engine = new EngineProcess(workerFile, log, ({ message }) => complain(message));
  try {
    await engine.request('inspect', { folder: demoModel });
    const start = (performance.now() - started) / 1000;
    let tokens = 0;
    const trace = async (): Promise<void> => {
      const view = await engine.request('traceRouting', {
        model: demoModel,
        source: { kind: 'text', text },
        engine: { threads },
      });
      tokens = view.tokens.length;
    };
    return { start, firstTrace: await secondsOf(trace), nextTrace: await secondsOf(trace), tokens };
  } finally {
    engine.stop();
  }
}

interface ModelTimes {
  sessions: number;
  firstTrace: number;
  nextTrace: number;
}

/** Sessions are made with the first pass: what it takes more than the second, for a single token. */
async function timeModel(threads: number): Promise<ModelTimes> {
  const folder = twoLayersCheckpoint();
  const { batch } = randomBatch(1, promptTokens, olmoe1b7b.vocabulary);
  const single = packRows([batch.inputIds.slice(0, 1)]);
  const short = Model.open(folder, { threads, memoryBudget });
  const passes = [await secondsOf(() => short.forward(single)), await secondsOf(() => short.forward(single))];
  await short.release();

  const started = performance.now();
  const model = Model.open(folder, { threads, memoryBudget });
  await traceBatch(model, batch, { attention: true });
  const firstTrace = (performance.now() - started) / 1000;
  const nextTrace = await secondsOf(() => traceBatch(model, batch, { attention: true }));
  await model.release();
  return { sessions: passes[0] - passes[1], firstTrace, nextTrace };
}

const DatasetSchema = v.array(v.object({ context: v.string() }));

/** Contexts of the demo's data, about 300 tokens of its tokenizer. */
function longPrompt(): string {
  const text = readFileSync(path.join(project, 'demo/data/swap_test.json'), 'utf8');
  const samples = v.parse(DatasetSchema, JSON.parse(text));
  return samples
    .slice(0, 7)
    .map(({ context }) => context)
    .join(' ');
}
