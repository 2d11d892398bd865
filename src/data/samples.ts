/** @file The samples of a dataset file: texts or tokens, as a JSON list, as `{"samples": […]}` or a line each (JSONL). */
import { createHash } from 'node:crypto';
import { closeSync, openSync, readFileSync, statSync } from 'node:fs';

import { InputError, messageOf } from '../common/errors';
import { withInputErrors } from '../common/file-access';
import { decodeUtf8, type Line, maximumTextBytes, readLines } from './lines';
import { parseSample, type Sample, type SampleOptions } from './sample';

/** A dataset file and what identifies it (`DatasetIdentity` of a run). */
export interface SampleFile {
  path: string;
  bytes: number;
  sha256: string;
  /** At least one. */
  samples: Sample[];
}

/**
 * Reads all samples of `file`. Throws {@link InputError} that names the file, the line or sample, and the field, for
 * the first sample that is not one.
 */
export function readSamples(file: string, options: SampleOptions = {}): SampleFile {
  return withInputErrors(file, () => {
    const bytes = statSync(file).size;
    const { samples, sha256 } = readAnyForm(file, options);
    if (samples.length === 0)
      throw new InputError(`${file} holds no samples. Give a file with at least one.`);
    return { path: file, bytes, sha256, samples };
  });
}

interface HashedSamples {
  samples: Sample[];
  sha256: string;
}

function readAnyForm(file: string, options: SampleOptions): HashedSamples {
  const hash = createHash('sha256');
  const samples: Sample[] = [];
  const handle = openSync(file, 'r');
  try {
    for (const line of readLines(file, handle, hash)) {
      const value = parseLine(line);
      // The first line shows whether this is a list, or an object that goes on or has a list inside.
      const isLine =
        isPlainRecord(value) || samples.length > 0 || (value === undefined && isNamedJsonl(file));
      if (!isLine) return readWhole(file, options);
      if (value === undefined)
        throw new InputError(`${line.where} is not valid JSON. Put one sample on each line.`);
      samples.push(parseSample(value, line.where, options));
    }
  } finally {
    closeSync(handle);
  }
  return { samples, sha256: hash.digest('hex') };
}

function parseLine(line: Line): unknown {
  try {
    return JSON.parse(line.text) as unknown;
  } catch {
    return undefined;
  }
}

function isNamedJsonl(file: string): boolean {
  return /\.(jsonl|ndjson)$/i.test(file);
}

function isPlainRecord(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !('samples' in value);
}

function readWhole(file: string, options: SampleOptions): HashedSamples {
  if (statSync(file).size > maximumTextBytes) {
    throw new InputError(
      `${file} is a JSON list of more than ${maximumTextBytes} bytes. Write it as JSONL, a sample a line.`,
    );
  }
  const bytes = readFileSync(file);
  const parsed = parseJson(decodeUtf8(bytes, file).replace(/^\ufeff/, ''), file);
  const list: unknown = isWrapped(parsed) ? parsed.samples : parsed;
  if (!Array.isArray(list)) throw new InputError(`${file} holds no list of samples. ${expectedForms}`);
  return {
    samples: list.map((value, i) => parseSample(value, `${file}, sample ${i} (counted from 0)`, options)),
    sha256: createHash('sha256').update(bytes).digest('hex'),
  };
}

const expectedForms =
  'Give a JSON list of {context, question, answer}, or JSONL with one of them on each line.';

function isWrapped(value: unknown): value is { samples: unknown } {
  return typeof value === 'object' && value !== null && 'samples' in value;
}

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new InputError(`${file}${placeOf(error, text)} is not valid JSON. ${expectedForms}`);
  }
}

/** The parser's message quotes the text, line breaks included; only the position, where it has one, is of use. */
function placeOf(error: unknown, text: string): string {
  const message = messageOf(error);
  const position = message.includes('end of JSON') ? text.length : /position (\d+)/.exec(message)?.[1];
  return position === undefined ? '' : `, line ${text.slice(0, Number(position)).split('\n').length}`;
}
