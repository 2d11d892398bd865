/** @file `analyze reliance`: how much each answer token owes to the context. */
import type { Cell, Table } from '../../figures/csv';
import { figure } from '../../figures/figure';
import { linePanel } from '../../figures/line-panel';
import { baseColour, baseDash, blue } from '../../figures/style';
import type { AnalysisResultOf } from '../../protocol/analysis-results';
import { SCHEMA_VERSION } from '../../protocol/artifacts';
import type { LoadedSample } from '../dataset';
import { baseVariant, tunedVariant } from '../variant';
import { type AnalysisJob, type AnalysisOutcome, intervalNote, onlyDataset } from './analysis-job';
import { answerLogProbabilities, reliance, summariseReliance, withoutContext } from './reliance';

type Result = AnalysisResultOf<'reliance'>;

/** @throws InputError if a sample has no context to leave out */
export async function analyseReliance(job: AnalysisJob<'reliance'>): Promise<AnalysisOutcome> {
  const { request, model, tokenizer } = job;
  const { samples } = onlyDataset(job);
  const bare = samples.map(sample => withoutContext(sample, tokenizer, request.data));
  const tuned = request.run === undefined ? [] : [tunedVariant(request.run, model)];
  const variants = [baseVariant(model), ...tuned];
  const passName = (name: string, context: 'with' | 'without'): string => `${name}, ${context} context`;
  const plan = job.plan(variants.flatMap(({ name }) => [passName(name, 'with'), passName(name, 'without')]));
  const [withContext, without]: number[][][][] = [[], []];
  for (const variant of variants) {
    const { name } = variant;
    const run = (context: 'with' | 'without', rows: readonly LoadedSample[]): Promise<number[][]> =>
      plan.run(passName(name, context), hooks => answerLogProbabilities(variant, rows, hooks));
    withContext.push(await run('with', samples));
    without.push(await run('without', bare));
  }
  const result: Result = {
    schema_version: SCHEMA_VERSION,
    kind: 'reliance',
    variants: variants.map(({ name }, i) => ({
      name,
      ...summariseReliance(reliance(withContext[i], without[i]), request.seed),
    })),
    samples: samples.map((sample, i) => ({
      sample: sample.index,
      tokens: answerTokens(sample),
      with_context: withContext.map(ofVariant => ofVariant[i]),
      without_context: without.map(ofVariant => ofVariant[i]),
    })),
  };
  return { result, table: relianceTable(result), figure: relianceFigure(result) };
}

/** Without the end-of-sequence token. */
function answerTokens({ inputIds, spans: { answer }, text, offsets }: LoadedSample): string[] {
  return Array.from({ length: answer[1] - answer[0] - 1 }, (_, i) => {
    const token = answer[0] + i;
    return text === undefined || offsets === undefined
      ? String(inputIds[token])
      : text.slice(...offsets[token]);
  });
}

function relianceTable({ variants, samples }: Result): Table {
  return {
    columns: ['variant', 'sample', 'position', 'token', 'with_context', 'without_context', 'reliance'],
    rows: variants.flatMap(({ name }, v) =>
      samples.flatMap(({ sample, tokens, with_context, without_context }) =>
        tokens.map((token, i): Cell[] => {
          const [given, bare] = [with_context[v][i], without_context[v][i]];
          return [name, sample, i, token, given, bare, given - bare];
        }),
      ),
    ),
  };
}

function relianceFigure({ variants, samples }: Result): string {
  const colours = [baseColour, blue];
  return figure({
    title: 'Context reliance of answer tokens',
    note: `Log-probability with the context minus without it, mean over ${samples.length} samples; ${intervalNote}.`,
    key: variants.map(({ name, mean }, i) => ({
      name: `${name} (mean ${mean.value?.toFixed(2) ?? 'not known'} nats)`,
      colour: colours[i],
      dash: i === 0 ? baseDash : [],
    })),
    panels: [
      linePanel({
        title: 'By position in the answer',
        xName: 'answer token',
        yName: 'nats',
        first: 1,
        series: variants.map(({ by_position }, i) => ({
          colour: colours[i],
          dash: i === 0 ? baseDash : [],
          estimates: by_position,
        })),
        width: 520,
      }),
    ],
  });
}
