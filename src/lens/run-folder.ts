/** @file The folder of a run: made, filled file by file, read back. */
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';

import * as v from 'valibot';

import { writeFileAtomically, writeJsonAtomically } from '../common/atomic-file';
import { InputError, messageOf } from '../common/errors';
import {
  type ContextDependence,
  ContextDependenceSchema,
  type MetricLine,
  MetricLineSchema,
  type RatioLine,
  RatioLineSchema,
  runFiles,
  type RunRecord,
  RunRecordSchema,
} from '../protocol/artifacts';

export class RunFolder {
  private constructor(readonly path: string) {}

  /** Makes a folder for a new run. @throws InputError if something is in it already */
  static create(folder: string): RunFolder {
    RunFolder.checkFree(folder);
    mkdirSync(folder, { recursive: true });
    return new RunFolder(folder);
  }

  /** @throws InputError if there is something that a run would be written over */
  static checkFree(folder: string): void {
    if (!existsSync(folder)) return;
    if (!statSync(folder).isDirectory() || readdirSync(folder).length > 0) {
      throw new InputError(`${folder} is not an empty folder. Give a folder that does not exist yet.`);
    }
  }

  /** A finished or interrupted run. @throws InputError if it is none */
  static open(folder: string): RunFolder {
    if (!existsSync(path.join(folder, runFiles.run))) {
      throw new InputError(
        `${folder}: is not a run folder (no ${runFiles.run}). Give a folder that "identify" or "finetune" has written.`,
      );
    }
    return new RunFolder(folder);
  }

  file(name: string): string {
    return path.join(this.path, name);
  }

  writeRecord(record: RunRecord): void {
    writeJsonAtomically(this.file(runFiles.run), record);
  }

  writeContextDependence(content: ContextDependence): void {
    writeJsonAtomically(this.file(runFiles.contextDependence), content);
  }

  /** One line at a time: a crash loses at most the line being written, which readers skip. */
  appendMetric(line: MetricLine): void {
    appendFileSync(this.file(runFiles.metrics), asLine(line));
  }

  appendRatios(line: RatioLine): void {
    appendFileSync(this.file(runFiles.ratios), asLine(line));
  }

  /**
   * Drops what an interrupted run measured after its last checkpoint: it will be measured again.
   * @param step of that checkpoint; undefined: there is none yet
   */
  keepUntil(step = -1): void {
    const metrics = this.metrics().filter(line => ('split' in line ? line.step <= step : line.step < step));
    writeFileAtomically(this.file(runFiles.metrics), metrics.map(asLine).join(''));
    const ratios = this.ratios().filter(line => line.step <= step);
    // A run without a dev set has none.
    if (existsSync(this.file(runFiles.ratios)))
      writeFileAtomically(this.file(runFiles.ratios), ratios.map(asLine).join(''));
  }

  record(): RunRecord {
    return readJson(this.file(runFiles.run), RunRecordSchema);
  }

  contextDependence(): ContextDependence {
    return readJson(this.file(runFiles.contextDependence), ContextDependenceSchema);
  }

  /** The same, of runs that have it. */
  statistics(): ContextDependence | undefined {
    return existsSync(this.file(runFiles.contextDependence)) ? this.contextDependence() : undefined;
  }

  metrics(): MetricLine[] {
    return this.lines(runFiles.metrics, MetricLineSchema);
  }

  /** Of the evaluations on the dev set; none without one. */
  ratios(): RatioLine[] {
    return this.lines(runFiles.ratios, RatioLineSchema);
  }

  /** Removes the folder: nothing half-written remains. */
  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }

  private lines<S extends v.GenericSchema>(name: string, schema: S): v.InferOutput<S>[] {
    const file = this.file(name);
    if (!existsSync(file)) return [];
    // What follows the last newline is nothing, or a line that was being written when the process ended.
    const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1);
    return lines.map((line, i) => {
      const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), schema), line);
      if (!parsed.success)
        throw new InputError(`${file}, line ${i + 1}: is not a line of such a file. Delete the line.`);
      return parsed.output;
    });
  }
}

function asLine(content: MetricLine | RatioLine): string {
  return `${JSON.stringify(content)}\n`;
}

function readJson<S extends v.GenericSchema>(file: string, schema: S): v.InferOutput<S> {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new InputError(`${file}: cannot be read (${messageOf(error)}). Run the job again.`);
  }
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), schema), text);
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  throw new InputError(
    `${file}: field "${v.getDotPath(issue) ?? '(whole file)'}": ${issue.message}. Run the job again.`,
  );
}
