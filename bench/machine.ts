/** @file The machine that figures come from. */
import { readFileSync } from 'node:fs';
import { arch, availableParallelism, cpus, loadavg, release, totalmem, type } from 'node:os';

import * as v from 'valibot';

import { runtimeVersion } from '../src/engine/session';

export const MachineSchema = v.object({
  processor: v.string(),
  /** Extensions of the instruction set that decide about the speed of matrix products. */
  extensions: v.array(v.string()),
  cores: v.number(),
  memory_gb: v.number(),
  system: v.string(),
  node: v.string(),
  onnxruntime: v.string(),
  /** Of the last minute when the run began; far above 0: others were at work. */
  load_average: v.number(),
});
export type Machine = v.InferOutput<typeof MachineSchema>;

const telling = ['avx2', 'avx512f', 'avx512_bf16', 'amx_bf16', 'asimd', 'sve'];

export function describeMachine(): Machine {
  return {
    processor: cpus()[0]?.model ?? 'unknown',
    extensions: telling.filter(name => processorFlags().has(name)),
    cores: availableParallelism(),
    memory_gb: Math.round(totalmem() / 1e9),
    system: `${type()} ${release()} ${arch()}`,
    node: process.version,
    onnxruntime: runtimeVersion,
    load_average: loadavg()[0],
  };
}

export function machineLine(machine: Machine): string {
  const { processor, extensions, cores, memory_gb, system, node, onnxruntime, load_average } = machine;
  return [
    `${processor}${extensions.length > 0 ? ` (${extensions.join(', ')})` : ''}`,
    `${cores} cores`,
    `${memory_gb} GB`,
    system,
    `Node ${node}`,
    `ONNX Runtime ${onnxruntime}`,
    `load average ${load_average.toFixed(1)} at the start`,
  ].join(' · ');
}

function processorFlags(): Set<string> {
  if (process.platform !== 'linux') return new Set();
  const [, flags = ''] = /^(?:flags|Features)\s*:\s*(.+)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8')) ?? [];
  return new Set(flags.split(' '));
}
