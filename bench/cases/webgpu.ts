/** @file OLMoE's widths on a graphics card, through WebGPU, beside all cores of the CPU. */
import { resolveExecutionProvider } from '../../src/engine/execution-provider';
import type { ExecutionProvider } from '../../src/engine/session';
import { Model } from '../../src/model/model';
import { nqSwapBatch } from '../batches';
import type { BenchCase, BenchSettings, Row } from '../bench-case';
import { median, medianRatio, secondsOf, takeTurns } from '../statistics';
import { memoryBudget, timedWorks, twoLayersCheckpoint } from './olmoe-2-layers';

/** Bytes: weights widened to float32 once, and those that stay in their file in bfloat16. */
const budgets = { resident: 40e9, mapped: memoryBudget };

const works = {
  forward: 'Forward to the loss of the answers',
  forwardAllTokens: 'Forward of all tokens, no head',
  step: 'Router-tuning step',
};
type Works = ReturnType<typeof timedWorks>;

export const webgpu: BenchCase = {
  name: 'webgpu',
  title: 'OLMoE’s widths, 2 layers, on a graphics card through WebGPU and on the CPU',
  onlyByName: true,
  labels: {
    automatic: 'Chosen by `auto`',
    rows: '',
    weights: 'Weights',
    work: '',
    cpu_s: 'CPU',
    webgpu_s: 'WebGPU',
    cpu_over_webgpu: 'CPU / WebGPU',
    first_s: 'First on WebGPU, with making the sessions',
    loss_difference: 'Difference of the losses',
    tokens: 'Tokens',
    batch: 'Batch',
  },
  async run(settings) {
    await resolveExecutionProvider('webgpu'); // says what is missing where it does not work
    let automatic = '';
    await resolveExecutionProvider('auto', line => (automatic = line));
    const resident = await measure('resident', settings);
    const mapped = await measure('mapped', settings);
    const { batch, source } = nqSwapBatch();
    return {
      automatic,
      rows: [...resident.rows, ...mapped.rows],
      loss_difference: Math.max(resident.lossDifference, mapped.lossDifference),
      tokens: batch.inputIds.length,
      batch: source,
    };
  },
};

async function measure(
  mode: keyof typeof budgets,
  { threads, repeats }: BenchSettings,
): Promise<{ rows: Row[]; lossDifference: number }> {
  const open = (executionProvider: ExecutionProvider): Model =>
    Model.open(twoLayersCheckpoint(), { threads, memoryBudget: budgets[mode], executionProvider });
  const models = { cpu: open('cpu'), webgpu: open('webgpu') };
  const cpu = timedWorks(models.cpu, nqSwapBatch());
  const graphics = timedWorks(models.webgpu, nqSwapBatch());
  const rows: Row[] = [];
  for (const name of Object.keys(works) as (keyof Works)[]) {
    const first = await secondsOf(graphics[name]);
    const seconds = await takeTurns(repeats, {
      cpu: () => secondsOf(cpu[name]),
      webgpu: () => secondsOf(graphics[name]),
    });
    rows.push({
      weights: models.webgpu.plan.memoryMode,
      work: works[name],
      cpu_s: median(seconds.cpu),
      webgpu_s: median(seconds.webgpu),
      cpu_over_webgpu: medianRatio(seconds.cpu, seconds.webgpu),
      first_s: first,
    });
  }
  const [expected, actual] = [(await cpu.step()).loss, (await graphics.step()).loss];
  for (const model of Object.values(models)) await model.release();
  return { rows, lossDifference: Math.abs(actual - expected) / expected };
}
