/** @file Runs an analysis and writes its run folder: numbers, table, pictures. */
import { writeFileAtomically, writeJsonAtomically } from '../../common/atomic-file';
import { CancelledError, InputError, messageOf } from '../../common/errors';
import { PeakMemory } from '../../common/peak-memory';
import { lockRun } from '../../common/run-lock';
import { csv } from '../../figures/csv';
import type { Model } from '../../model/model';
import { analysisFiles, type AnalysisKind, type AnalyzeRequest } from '../../protocol/analyses';
import { type AnalyzeAnswer } from '../../protocol/analysis-results';
import { type RunRecord, SCHEMA_VERSION } from '../../protocol/artifacts';
import type { JobHooks } from '../../protocol/jobs';
import { type Dataset, LazyTokenizer, loadDataset } from '../dataset';
import { engineRecord } from '../engine-record';
import { modelIdentity } from '../inspect';
import { openModel } from '../open-model';
import { RunFolder } from '../run-folder';
import { tunedBytesOf } from '../variant';
import { analyseAttention } from './analyse-attention';
import { analyseCost } from './analyse-cost';
import { analyseForgetting } from './analyse-forgetting';
import { analyseLogitLens } from './analyse-logit-lens';
import { analyseMasking } from './analyse-masking';
import { analysePatterns } from './analyse-patterns';
import { analyseReliance } from './analyse-reliance';
import { analyseTransfer } from './analyse-transfer';
import { type AnalysisJob, type AnalysisOutcome, checkEvaluationMemory, Passes } from './analysis-job';

/**
 * Runs an analysis. A cancelled or failed one keeps its folder with that status in `run.json`; one whose input was
 * wrong leaves none.
 * @throws InputError, CancelledError
 */
export async function analyze(request: AnalyzeRequest, hooks: JobHooks = {}): Promise<AnalyzeAnswer> {
  RunFolder.checkFree(request.out);
  const model = await openModel(request.model, request.engine, hooks);
  const memory = new PeakMemory();
  try {
    const tokenizer = new LazyTokenizer(model.checkpoint);
    const datasets = loadDatasets(request, tokenizer);
    const tunedBytes = tunedRuns(request).reduce((sum, run) => sum + tunedBytesOf(run), 0);
    for (const { samples } of datasets) checkEvaluationMemory(model, samples, tunedBytes);
    const folder = RunFolder.create(request.out);
    const unlock = lockRun(folder.path);
    const record = startRecord(request, model, datasets);
    folder.writeRecord(record);
    try {
      return await runAnalysis({ request, hooks, model, memory, tokenizer, datasets, folder, record });
    } catch (error) {
      const status = error instanceof CancelledError ? 'cancelled' : 'failed';
      if (error instanceof InputError) folder.remove();
      else folder.writeRecord({ ...record, status, finished: now(), error: messageOf(error) });
      throw error;
    } finally {
      unlock();
    }
  } finally {
    await memory.stop();
    await model.release();
  }
}

/** The runs whose weights are in memory at once. */
function tunedRuns(request: AnalyzeRequest): readonly string[] {
  if (request.kind === 'cost') return [];
  if ('runs' in request) return request.runs;
  return request.run === undefined ? [] : [request.run];
}

function loadDatasets(request: AnalyzeRequest, tokenizer: LazyTokenizer): Dataset[] {
  const { seed, limit, max_seq_length: maxLength } = request;
  const files = 'data' in request ? [request.data].flat() : [];
  const options = { seed, limit, maxLength, allowEmptyContext: request.kind === 'forgetting' };
  return files.map(file => loadDataset('data', file, tokenizer, options));
}

/** Fields of a request that `run.json` has under other names. */
const recordedElsewhere = ['kind', 'model', 'data', 'engine', 'out'];

function startRecord(request: AnalyzeRequest, model: Model, datasets: readonly Dataset[]): RunRecord {
  const { kind, engine } = request;
  const settings = Object.entries(request).filter(([name]) => !recordedElsewhere.includes(name));
  return {
    schema_version: SCHEMA_VERSION,
    job: `analyze-${kind}`,
    status: 'running',
    created: now(),
    settings: { ...Object.fromEntries(settings), ...engine },
    model: modelIdentity(model.checkpoint),
    datasets: datasets.map(({ identity }) => identity),
    engine: engineRecord(model),
    timings: {},
    memory: {},
    results: {},
  };
}

interface Job {
  readonly request: AnalyzeRequest;
  readonly hooks: JobHooks;
  readonly model: Model;
  readonly memory: PeakMemory;
  readonly tokenizer: LazyTokenizer;
  readonly datasets: readonly Dataset[];
  readonly folder: RunFolder;
  readonly record: RunRecord;
}

async function runAnalysis(job: Job): Promise<AnalyzeAnswer> {
  const { request, hooks, model, tokenizer, datasets, folder, record } = job;
  let passes: Passes | undefined;
  const plan = (names: readonly string[]): Passes => (passes = new Passes(names, hooks));
  const { result, table, figure, more } = await outcomeOf({ request, model, tokenizer, datasets, plan });
  writeJsonAtomically(folder.file(analysisFiles.result), result);
  const texts = { [analysisFiles.table]: csv(table), [analysisFiles.figure]: figure, ...more };
  for (const [name, text] of Object.entries(texts)) writeFileAtomically(folder.file(name), text);
  const finished: RunRecord = {
    ...record,
    status: 'done',
    finished: now(),
    timings: passes?.timings() ?? {},
    memory: { peak_resident: process.resourceUsage().maxRSS * 1024, peak_private: await job.memory.read() },
  };
  folder.writeRecord(finished);
  const files = [analysisFiles.result, ...Object.keys(texts)].map(name => folder.file(name));
  return { run_folder: folder.path, run: finished, result, files };
}

type AnyJob = Omit<AnalysisJob<AnalysisKind>, 'request'>;

function outcomeOf({ request, ...job }: AnyJob & { request: AnalyzeRequest }): Promise<AnalysisOutcome> {
  switch (request.kind) {
    case 'attention':
      return analyseAttention({ ...job, request });
    case 'logit-lens':
      return analyseLogitLens({ ...job, request });
    case 'reliance':
      return analyseReliance({ ...job, request });
    case 'masking':
      return analyseMasking({ ...job, request });
    case 'patterns':
      return analysePatterns({ ...job, request });
    case 'transfer':
      return analyseTransfer({ ...job, request });
    case 'forgetting':
      return analyseForgetting({ ...job, request });
    case 'cost':
      return analyseCost({ ...job, request });
  }
}

function now(): string {
  return new Date().toISOString();
}
