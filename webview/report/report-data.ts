/** @file What the report shows, worked out from the run's data. */
import type { ContextDependence, ExpertList, RunRecord } from '../../src/protocol/artifacts';
import { finetuneName } from '../../src/protocol/finetune-methods';
import { bytes, duration, integer, percent } from '../shared/format';
import type { Headline } from '../shared/headline-list';
import { ratiosOf } from '../shared/ratios';

/** A listed expert with the ratio that it is listed for. */
export interface Listed {
  expert: number;
  ratio: number;
  /** Is in both lists, CE and OE. */
  shared: boolean;
}

/** CE with their tuned ratios and OE with their base ratios, by layer. */
export function expertLists(content: ContextDependence): { layer: number; ce: Listed[]; oe: Listed[] }[] {
  const list = (experts: number[], others: number[], ratios: number[] | undefined): Listed[] =>
    experts.map(expert => ({ expert, ratio: ratios?.[expert] ?? 0, shared: others.includes(expert) }));
  return ratiosOf(content).layers.map(layer => {
    const key = String(layer);
    const [ce, oe] = [content.ce[key] ?? [], content.oe[key] ?? []];
    return { layer, ce: list(ce, oe, content.ratio.tuned[key]), oe: list(oe, ce, content.ratio.base[key]) };
  });
}

/** @param identified whether the run says which experts are context-faithful */
export function reportTitle({ job, settings, model }: RunRecord, identified: boolean): string {
  const method = job === 'finetune' ? finetuneName(settings) : undefined;
  if (method !== undefined) return `Fine-tuning of ${model.name}: ${method}`;
  return identified ? `Context-faithful experts of ${model.name}` : `Run on ${model.name}`;
}

/** Layers in numeric order. */
export function trainedExperts(experts: ExpertList): { layer: number; listed: number[] }[] {
  return Object.entries(experts)
    .map(([layer, listed]) => ({ layer: Number(layer), listed }))
    .sort((a, b) => a.layer - b.layer);
}

export function headlines({ results, model, timings, datasets }: RunRecord): Headline[] {
  const { base, tuned } = results;
  const samples = (tuned ?? base)?.samples;
  const test =
    samples === undefined ? 'no test set was given' : `percent of ${integer(samples)} test samples`;
  const score = (name: 'em' | 'f1'): string =>
    [base?.[name], tuned?.[name]].map(value => (value === undefined ? '–' : value.toFixed(1))).join(' → ');
  const trainable = results.trainable_parameters;
  const seconds = Object.values(timings).reduce((sum, value) => sum + value, 0);
  const training = datasets.find(({ split }) => split === 'train');
  return [
    { name: 'Exact match', value: samples === undefined ? '–' : score('em'), note: test },
    { name: 'F1', value: samples === undefined ? '–' : score('f1'), note: test },
    {
      name: 'Trainable parameters',
      value: trainable === undefined ? '–' : integer(trainable),
      note:
        trainable === undefined || model.parameters === 0
          ? ''
          : `${percent(trainable / model.parameters)} of ${integer(model.parameters)}`,
    },
    {
      name: 'Steps',
      value: results.steps === undefined ? '–' : integer(results.steps),
      note: [
        ...(results.best_step === undefined ? [] : [`step ${integer(results.best_step)} kept`]),
        ...(training ? [`${integer(training.used)} training samples`] : []),
      ].join(', '),
    },
    { name: 'Time', value: duration(seconds), note: Object.keys(timings).length > 0 ? 'all phases' : '' },
  ];
}

/** Everything about model, engine and machine, as rows of name and value. */
export function facts(run: RunRecord): {
  model: [string, string][];
  engine: [string, string][];
  settings: [string, string][];
} {
  const { model, engine, memory } = run;
  const peak = memory.peak_resident;
  return {
    model: [
      ['Name', model.name],
      ['Path', model.path],
      ['Family', model.family],
      ['Size', `${integer(model.parameters)} parameters, ${bytes(model.bytes)}`],
      [
        'Layers',
        `${model.num_layers}, ${model.moe_layers.length} of them with ${model.num_experts} experts, top ${model.top_k}`,
      ],
      ['SHA-256 of config.json', model.config_sha256],
      ['SHA-256 of the weights’ index', model.weights_sha256],
    ],
    engine: [
      ['Router Lens', engine.router_lens],
      ['ONNX Runtime', `${engine.onnxruntime}, ${engine.execution_provider}`],
      ['Node.js', engine.node],
      ['Threads', engine.threads === 0 ? 'all cores' : String(engine.threads)],
      ['Weights', engine.memory_mode],
      ...(peak === undefined ? [] : [['Peak memory', bytes(peak)] as [string, string]]),
      ...Object.entries(run.timings).map(([phase, seconds]): [string, string] => [
        `Time: ${phase}`,
        duration(seconds),
      ]),
    ],
    settings: flatten(run.settings),
  };
}

/** Nested settings as `group.name` rows. */
function flatten(settings: Readonly<Record<string, unknown>>, prefix = ''): [string, string][] {
  return Object.entries(settings).flatMap(([name, value]): [string, string][] => {
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      return flatten({ ...value }, `${prefix}${name}.`);
    }
    return [[prefix + name, typeof value === 'string' ? value : (JSON.stringify(value) ?? '')]];
  });
}
