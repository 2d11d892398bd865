/** @file The demo's whole identification, as `npm run demo` runs it, on a copy of the demo. */
import { spawnSync } from 'node:child_process';
import path from 'node:path';

import * as v from 'valibot';

import type { BenchCase } from '../bench-case';
import { median } from '../statistics';

const script = path.resolve(__dirname, '../../bench/demo-identification.mjs');

const MeasurementSchema = v.object({
  seconds: v.number(),
  timings: v.record(v.string(), v.number()),
  memory: v.object({ peak_resident: v.optional(v.number()) }),
});

export const demo: BenchCase = {
  name: 'demo',
  title: 'The demo’s whole identification (`npm run demo` without install and build)',
  labels: {
    demo_s: 'From start to report',
    phases: 'Phases',
    phase: 'Phase',
    seconds_s: 'Time',
    peak_resident_gb: 'Peak of resident memory, mapped files included',
  },
  run({ repeats }) {
    // Each is a process of its own that starts cold: none is left out.
    const measured = Array.from({ length: repeats }, measure);
    const phases = Object.keys(measured[0].timings);
    return Promise.resolve({
      demo_s: median(measured.map(({ seconds }) => seconds)),
      peak_resident_gb: median(measured.map(({ memory }) => (memory.peak_resident ?? 0) / 1e9)),
      phases: phases.map(phase => ({
        phase,
        seconds_s: median(measured.map(({ timings }) => timings[phase])),
      })),
    });
  },
};

function measure(): v.InferOutput<typeof MeasurementSchema> {
  const { status, stdout, stderr } = spawnSync(process.execPath, [script], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${script} ended with ${status}\n${stderr}`);
  const line = stdout.trimEnd().split('\n').pop() ?? '';
  return v.parse(MeasurementSchema, JSON.parse(line));
}
