/** @file `analyze patterns`: a map of samples by the context-faithful experts that they use (METHOD, Fig. 4). */
import type { Cell, Table } from '../../figures/csv';
import { figure } from '../../figures/figure';
import { groupKey, scatterPanel } from '../../figures/scatter-panel';
import type { AnalysisResultOf } from '../../protocol/analysis-results';
import { SCHEMA_VERSION } from '../../protocol/artifacts';
import { shortNames, statisticsOf, tunedVariant } from '../variant';
import type { AnalysisJob, AnalysisOutcome } from './analysis-job';
import { embedInPlane, expertActivations } from './patterns';

type Result = AnalysisResultOf<'patterns'>;

/** @throws InputError if there are too few samples */
export async function analysePatterns(job: AnalysisJob<'patterns'>): Promise<AnalysisOutcome> {
  const { request, model, datasets } = job;
  const tuned = tunedVariant(request.run, model);
  const { ce } = statisticsOf(request.run, model, request.experts);
  const names = shortNames(request.data);
  const passName = (name: string): string => `Routing of ${name}`;
  const map = 'Map (UMAP)';
  const plan = job.plan([...names.map(passName), map]);
  const samples: Omit<Result['samples'][number], 'x' | 'y'>[] = [];
  for (const [dataset, { samples: own }] of datasets.entries()) {
    const activations = await plan.run(passName(names[dataset]), hooks =>
      expertActivations(tuned, own, ce, hooks),
    );
    activations.forEach((row, i) => samples.push({ dataset, sample: own[i].index, activations: row }));
  }
  const points = samples.map(({ activations }) => activations);
  const places = await plan.run(map, hooks => embedInPlane(points, request.seed, hooks));
  const result: Result = {
    schema_version: SCHEMA_VERSION,
    kind: 'patterns',
    method: 'UMAP',
    experts: ce,
    datasets: names,
    samples: samples.map((sample, i) => ({ ...sample, x: places[i][0], y: places[i][1] })),
  };
  return { result, table: patternsTable(result), figure: patternsFigure(result, tuned.name) };
}

function patternsTable({ experts, datasets, samples }: Result): Table {
  const coordinates = Object.entries(experts).flatMap(([layer, listed]) =>
    listed.map(expert => `layer ${layer} expert ${expert}`),
  );
  return {
    columns: ['dataset', 'sample', 'x', 'y', ...coordinates],
    rows: samples.map(({ dataset, sample, x, y, activations }): Cell[] => [
      datasets[dataset],
      sample,
      x,
      y,
      ...activations,
    ]),
  };
}

function patternsFigure({ datasets, samples, method }: Result, tunedName: string): string {
  return figure({
    title: 'Activation patterns of context-faithful experts',
    note: `${samples.length} samples, ${tunedName}; near each other: alike shares of routing to the CE of all layers.`,
    key: groupKey(datasets),
    panels: [
      scatterPanel(
        samples.map(({ x, y, dataset }) => ({ x, y, group: dataset })),
        `${method} of the share of routing that goes to each expert`,
      ),
    ],
  });
}
