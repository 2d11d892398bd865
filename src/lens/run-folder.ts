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
    appendFileSync(this.file(runFiles.metrics), `${JSON.stringify(line)}\n`);
  }

  /** Drops what an interrupted run measured after its last checkpoint: it will be measured again. */
  keepMetricsBefore(step: number): void {
    const kept = this.metrics().filter(line => ('split' in line ? line.step <= step : line.step < step));
    writeFileAtomically(this.file(runFiles.metrics), kept.map(line => `${JSON.stringify(line)}\n`).join(''));
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
    if (!existsSync(this.file(runFiles.metrics))) return [];
    const lines = readFileSync(this.file(runFiles.metrics), 'utf8').split('\n');
    // What follows the last newline is nothing, or a line that was being written when the process ended.
    return lines.slice(0, -1).map((line, i) => {
      const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), MetricLineSchema), line);
      if (!parsed.success)
        throw new InputError(
          `${this.file(runFiles.metrics)}, line ${i + 1}: not a metrics line. Delete the line.`,
        );
      return parsed.output;
    });
  }

  /** Removes the folder: nothing half-written remains. */
  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
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
