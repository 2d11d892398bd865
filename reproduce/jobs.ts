/** @file The jobs of Router Lens as steps: tunings in processes of their own, evaluations and analyses in this one. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';

import * as v from 'valibot';

import { writeJsonAtomically } from '../src/common/atomic-file';
import { analyze } from '../src/lens/analyses/analyze';
import { evaluate } from '../src/lens/evaluate-job';
import {
  analysisFiles,
  type AnalysisKind,
  type AnalyzeRequestInput,
  AnalyzeRequestSchema,
  EvaluateRequestSchema,
} from '../src/protocol/analyses';
import {
  type AnalysisResult,
  type AnalysisResultOf,
  AnalysisResultSchema,
} from '../src/protocol/analysis-results';
import type { ExpertList } from '../src/protocol/artifacts';
import { type Evaluation, EvaluationSchema } from '../src/protocol/evaluation';
import type { Steps } from './steps';

export interface Places {
  /** The bundled command line. */
  readonly cli: string;
  readonly model: string;
  /** Folder of `{swap,true,…}_{train,dev,test}.json`. */
  readonly data: string;
}

/** What an analysis is given, without the fields that are the same for all. */
type AnalysisSettings<K extends AnalysisKind> = Omit<
  Extract<AnalyzeRequestInput, { kind: K }>,
  'kind' | 'model' | 'engine' | 'out'
>;

export class Jobs {
  constructor(
    private readonly steps: Steps,
    readonly places: Places,
    private readonly threads: number,
  ) {}

  data(dataset: string, split: 'train' | 'dev' | 'test'): string {
    return path.join(this.places.data, `${dataset}_${split}.json`);
  }

  /**
   * Runs a command that tunes, in a process of its own: what its record says of memory is of this tuning alone.
   * @returns the run folder
   */
  async tune(
    name: string,
    command: 'identify' | 'finetune',
    options: Readonly<Record<string, string | number>>,
  ): Promise<string> {
    const { cli, model } = this.places;
    const settings = { command, options, threads: this.threads };
    const args = Object.entries({ ...options, threads: this.threads }).flatMap(([option, value]) => [
      `--${option}`,
      String(value),
    ]);
    const folder = await this.steps.run(name, settings, step =>
      runToEnd([cli, command, model, ...args, '--out', runFolder(step)]),
    );
    return runFolder(folder);
  }

  async evaluate(name: string, data: string, run: string | undefined, limit?: number): Promise<Evaluation> {
    const settings = {
      data,
      ...(run === undefined ? {} : { run }),
      ...(limit === undefined ? {} : { limit }),
    };
    const file = (step: string): string => path.join(step, 'answers.json');
    const folder = await this.steps.run(name, settings, step =>
      evaluate(v.parse(EvaluateRequestSchema, { ...settings, ...this.common(), out: file(step) })),
    );
    return v.parse(EvaluationSchema, readJson(file(folder)));
  }

  /** @param masks lists of experts that are masked, if the analysis is of masking */
  async analyze<K extends AnalysisKind>(
    name: string,
    kind: K,
    settings: AnalysisSettings<K>,
    masks: readonly ExpertList[] = [],
  ): Promise<{ result: AnalysisResultOf<K>; figure: string }> {
    const folder = await this.steps.run(name, { kind, ...settings, masks }, step => {
      const files = masks.map((_, i) => path.join(step, `mask-${i}.json`));
      masks.forEach((experts, i) => writeJsonAtomically(files[i], { experts }));
      const request = { kind, ...settings, masks: files, ...this.common(), out: runFolder(step) };
      return analyze(v.parse(AnalyzeRequestSchema, request));
    });
    const file = (of: string): string => path.join(runFolder(folder), of);
    const result = v.parse(AnalysisResultSchema, readJson(file(analysisFiles.result)));
    if (!isOfKind(result, kind)) throw new Error(`${folder}: is of another kind of analysis`);
    return { result, figure: readFileSync(file(analysisFiles.figure), 'utf8') };
  }

  private common(): { model: string; engine: { threads: number } } {
    return { model: this.places.model, engine: { threads: this.threads } };
  }
}

function isOfKind<K extends AnalysisKind>(result: AnalysisResult, kind: K): result is AnalysisResultOf<K> {
  return result.kind === kind;
}

function runFolder(step: string): string {
  return path.join(step, 'run');
}

function readJson(file: string): unknown {
  return JSON.parse(readFileSync(file, 'utf8'));
}

/** @throws Error with what the process wrote to stderr, if it fails */
function runToEnd(args: readonly string[]): Promise<void> {
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      if (code === 0) resolve();
      else reject(new Error(`${said.trimEnd()}\n${args.join(' ')} ended with ${code ?? signal}`));
    });
  });
}
