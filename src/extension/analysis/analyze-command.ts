/** @file Analyze: asks which analysis, of which runs, on which data; runs it and opens its result. */
import path from 'node:path';

import { t } from '@vscode/l10n';
import * as v from 'valibot';
import * as vscode from 'vscode';

import { InputError } from '../../common/errors';
import { type AnalysisKind, analysisKinds, type AnalyzeRequestInput } from '../../protocol/analyses';
import type { AnalyzeAnswer } from '../../protocol/analysis-results';
import type { RunState } from '../../protocol/training-panel';
import type { Engine } from '../engine/engine';
import { withJobProgress } from '../job-progress';
import type { RunHistory } from '../runs/run-history';
import { pickRun, pickRuns } from '../runs/run-picker';
import { readIdentifySettings } from '../settings';
import { filesOf } from '../workspace/datasets';
import type { Pickers } from '../workspace/pickers';
import { inNewRunFolder, type Run } from '../workspace/runs';
import { mainFolder, requireTrust, settingReader, shortPath } from '../workspace/workspace';

const strings = v.pipe(v.array(v.string()), v.minLength(1));
/** What the command takes from keybindings and other extensions; what is missing is asked. */
export const AnalyzeOptionsSchema = v.object({
  kind: v.optional(v.picklist(analysisKinds)),
  /** Run folders, the first of which says the model. `run`: the only one. */
  runs: v.optional(strings),
  run: v.optional(v.string()),
  /** Files of samples. */
  data: v.optional(strings),
  limit: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1))),
});
type AnalyzeOptions = v.InferOutput<typeof AnalyzeOptionsSchema>;

/** How many runs and files an analysis takes. */
const needs: Record<AnalysisKind, { runs: 'one' | 'several'; data: 'one' | 'several' | 'none' }> = {
  attention: { runs: 'one', data: 'one' },
  'logit-lens': { runs: 'one', data: 'one' },
  reliance: { runs: 'one', data: 'one' },
  masking: { runs: 'one', data: 'one' },
  patterns: { runs: 'one', data: 'several' },
  transfer: { runs: 'several', data: 'several' },
  forgetting: { runs: 'several', data: 'one' },
  cost: { runs: 'several', data: 'none' },
};

export class AnalyzeCommand {
  constructor(
    private readonly engine: Engine,
    private readonly pickers: Pickers,
    private readonly history: RunHistory,
    private readonly open: (folder: string) => void,
  ) {}

  /** @returns nothing when the user leaves one of the questions */
  async run(options: AnalyzeOptions): Promise<AnalyzeAnswer | undefined> {
    requireTrust();
    const kind = options.kind ?? (await pickKind());
    if (kind === undefined) return undefined;
    const given = options.runs ?? (options.run === undefined ? undefined : [options.run]);
    const runs = given ?? (await this.pickRuns(kind));
    if (runs === undefined) return undefined;
    const data = options.data ?? (needs[kind].data === 'none' ? [] : await this.pickData(kind));
    if (data === undefined) return undefined;
    const { limit } = options;
    return inNewRunFolder(mainFolder(), `analyze-${kind}`, out =>
      this.execute(kind, this.requestOf(kind, runs, data, { limit, out })),
    );
  }

  private async execute(kind: AnalysisKind, request: AnalyzeRequestInput): Promise<AnalyzeAnswer> {
    const title = t('Analysing: {0}', kindText(kind).label);
    const answer = await withJobProgress(title, hooks => this.engine.request('analyze', request, hooks));
    this.history.refresh();
    this.open(answer.run_folder);
    return answer;
  }

  private requestOf(
    kind: AnalysisKind,
    runs: readonly string[],
    data: readonly string[],
    { limit, out }: { limit: number | undefined; out: string },
  ): AnalyzeRequestInput {
    const [run] = runs;
    const model = this.history.runs().find(({ folder }) => folder === run)?.record.model.path;
    if (model === undefined) throw new InputError(t('{0} is not a run of this workspace.', run));
    const { training, limit_test, engine } = readIdentifySettings(settingReader());
    const common = {
      ...{ model, engine, limit: limit ?? limit_test, seed: training?.seed },
      max_seq_length: training?.max_seq_length,
      out,
    };
    const [file] = data;
    switch (kind) {
      case 'patterns':
        return { kind, ...common, run, data: [...data] };
      case 'transfer':
        return { kind, ...common, runs: [...runs], data: [...data] };
      case 'forgetting':
        return { kind, ...common, runs: [...runs], data: file };
      case 'cost':
        return { kind, ...common, runs: [...runs] };
      case 'attention':
      case 'logit-lens':
      case 'reliance':
      case 'masking':
        return { kind, ...common, run, data: file };
    }
  }

  private async pickRuns(kind: AnalysisKind): Promise<string[] | undefined> {
    const finished = this.history.runs().filter(isFinishedTraining);
    // Which experts are context-faithful is known of runs of identify.
    const fitting =
      kind === 'masking' || kind === 'patterns'
        ? finished.filter(({ record }) => record.job === 'identify')
        : finished;
    const stateOf = (run: Run): RunState => this.history.stateOf(run);
    if (needs[kind].runs === 'several') return pickRuns(fitting, stateOf);
    const run = await pickRun(fitting, stateOf);
    return run === undefined ? undefined : [run];
  }

  /** Files of one dataset, what models are tuned on last. */
  private async pickData(kind: AnalysisKind): Promise<string[] | undefined> {
    const dataset = await this.pickers.pickDataset();
    if (!dataset) return undefined;
    const files = filesOf(dataset).reverse();
    if (files.length === 1) return files;
    const items = files.map(file => ({ label: path.basename(file), description: shortPath(file), file }));
    const title = t('Router Lens: Samples');
    if (needs[kind].data === 'one') {
      const chosen = await vscode.window.showQuickPick(items, { title });
      return chosen && [chosen.file];
    }
    const chosen = await vscode.window.showQuickPick(items, { title, canPickMany: true });
    return chosen && chosen.length > 0 ? chosen.map(({ file }) => file) : undefined;
  }
}

export function isFinishedTraining({ record: { job, status } }: Run): boolean {
  return status === 'done' && (job === 'identify' || job === 'finetune');
}

async function pickKind(): Promise<AnalysisKind | undefined> {
  const items = analysisKinds.map(kind => ({ ...kindText(kind), analysis: kind }));
  const options = { title: t('Router Lens: Analysis'), matchOnDetail: true };
  return (await vscode.window.showQuickPick(items, options))?.analysis;
}

function kindText(kind: AnalysisKind): { label: string; detail: string } {
  const texts: Record<AnalysisKind, { label: string; detail: string }> = {
    attention: {
      label: t('Attention gain'),
      detail: t('Attention to context and answer by layer, before and after tuning (CAG, AAG)'),
    },
    'logit-lens': {
      label: t('Logit lens'),
      detail: t('Probability of the answer after each layer, before and after tuning (APG)'),
    },
    reliance: {
      label: t('Context reliance'),
      detail: t('How much each answer token owes to the context'),
    },
    masking: {
      label: t('Masking'),
      detail: t('Answers with context-faithful, original or random experts switched off'),
    },
    patterns: {
      label: t('Activation map'),
      detail: t('Samples in the plane by the context-faithful experts that they use'),
    },
    transfer: {
      label: t('Transfer matrix'),
      detail: t('Runs tuned on one dataset, evaluated on the others'),
    },
    forgetting: {
      label: t('Forgetting'),
      detail: t('What tuned models still know without a context'),
    },
    cost: { label: t('Cost'), detail: t('Parameters, time and memory that each tuning took') },
  };
  return texts[kind];
}
