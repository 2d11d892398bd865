/** @file Decides what runs the kernels. A provider is taken only after it has computed something on this machine. */
import { InputError } from '../common/errors';
import { type Obstacle, type Trial, tryProvider } from './provider-trial';
import type { ExecutionProvider } from './session';

/**
 * What `auto` tries, best first. Not `dml`: deprecated, and with an old DirectML.dll it ends the process instead of
 * failing (microsoft/onnxruntime #25899, lightvector/KataGo #1222). Not `coreml`: Core ML computes parts of a model in
 * float16 as it sees fit (Apple's "Typed Execution"), too coarse for gradients. Both systems have WebGPU.
 */
const triedByAuto = ['cuda', 'webgpu'] as const satisfies ExecutionProvider[];

const needs: Record<Exclude<ExecutionProvider, 'cpu'>, string> = {
  webgpu:
    'It needs a graphics card with a driver for Vulkan (on Linux also the package libvulkan1), Direct3D 12 or Metal.',
  cuda: 'It needs Linux x64, an NVIDIA driver, CUDA 12, cuDNN 9 and the CUDA libraries of onnxruntime-node.',
  dml: 'It needs Windows and a graphics card with a driver for Direct3D 12.',
  coreml: 'It needs macOS.',
};

export interface AutomaticChoice {
  readonly executionProvider: ExecutionProvider;
  /** For the log: what was chosen, and why not the others. */
  readonly line: string;
}

const askedFor = new Map<ExecutionProvider, Promise<Trial | Obstacle>>();
let automaticChoice: Promise<AutomaticChoice> | undefined;

/**
 * The provider to run on. Providers are tried once a process, and `auto` decides once a process.
 * @param log is given the line of that decision when it is made
 * @throws InputError if the provider asked for does not work here
 */
export async function resolveExecutionProvider(
  wanted: ExecutionProvider | 'auto',
  log?: (line: string) => void,
): Promise<ExecutionProvider> {
  if (wanted === 'cpu') return 'cpu';
  if (wanted === 'auto') {
    if (automaticChoice) return (await automaticChoice).executionProvider;
    automaticChoice = decide();
    const { executionProvider, line } = await automaticChoice;
    log?.(line);
    return executionProvider;
  }
  const known = askedFor.get(wanted) ?? tryProvider(wanted);
  askedFor.set(wanted, known);
  const result = await known;
  if (!('obstacle' in result)) return wanted;
  throw new InputError(
    `Execution provider ${wanted} does not work here: ${result.obstacle}. ${needs[wanted]} Or choose cpu or auto.`,
  );
}

async function decide(): Promise<AutomaticChoice> {
  const cpu = await tryProvider('cpu', Infinity);
  if ('obstacle' in cpu) throw new Error(`ONNX Runtime does not work on the CPU: ${cpu.obstacle}`);
  const results = new Map<ExecutionProvider, Trial | Obstacle>();
  for (const provider of triedByAuto) results.set(provider, await tryProvider(provider, cpu.milliseconds));
  return chooseAutomatically(cpu, results);
}

/**
 * The first provider that is faster than the CPU: drivers for Vulkan that compute on the CPU (llvmpipe, SwiftShader) are
 * widespread, and far slower than the CPU's own kernels.
 * @param results of the other providers, best first
 */
export function chooseAutomatically(
  cpu: Trial,
  results: ReadonlyMap<ExecutionProvider, Trial | Obstacle>,
): AutomaticChoice {
  let executionProvider: ExecutionProvider = 'cpu';
  const reasons: string[] = [];
  for (const [provider, result] of results) {
    if ('obstacle' in result) {
      reasons.push(`${provider}: ${result.obstacle}`);
      continue;
    }
    const times = `${result.milliseconds.toFixed(0)} ms, the CPU ${cpu.milliseconds.toFixed(0)} ms`;
    if (executionProvider !== 'cpu') {
      reasons.push(`${provider}: not needed`);
    } else if (result.milliseconds < cpu.milliseconds) {
      executionProvider = provider;
      reasons.push(`${provider}: faster in a trial, ${times}`);
    } else {
      reasons.push(`${provider}: slower in a trial, at least ${times}`);
    }
  }
  return { executionProvider, line: `Execution provider: ${executionProvider} (${reasons.join('; ')})` };
}
