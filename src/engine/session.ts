/** @file ONNX Runtime sessions over cut models: the only place that touches the runtime. */
import * as ort from 'onnxruntime-node';

import { messageOf } from '../common/errors';
import type { OnnxModel } from './onnx-model';
import { withJoinsOfFewParts } from './webgpu-model';

/** A tensor that crosses the border to the runtime. */
export interface HostTensor {
  readonly data: Float32Array | BigInt64Array;
  readonly shape: readonly number[];
}

export type ExecutionProvider = 'cpu' | 'webgpu' | 'cuda' | 'dml' | 'coreml';

export interface SessionOptions {
  /** What runs the kernels. Operators that it lacks run on the CPU. */
  readonly executionProvider: ExecutionProvider;
  /**
   * `resident`: weights are converted to float32 and kept in memory, fastest. `mapped`: they stay in their file, of
   * which the system keeps in memory what it can, and are converted where they are used.
   */
  readonly memoryMode: 'resident' | 'mapped';
  /**
   * Whether the session keeps the memory of its runs for the next one: faster where tensors are small. Shapes differ
   * from batch to batch, and what it keeps may be twice what its largest run uses. Default: with resident weights.
   */
  readonly arena?: boolean;
  /** Threads within an operator. */
  readonly threads: number;
  /** Folder that external initialisers are looked up in. */
  readonly weightsFolder?: string;
}

export class Session {
  private constructor(
    private readonly session: ort.InferenceSession,
    private readonly model: Pick<OnnxModel, 'inputs' | 'outputs'>,
  ) {}

  static async create(model: OnnxModel, options: SessionOptions): Promise<Session> {
    const {
      executionProvider,
      memoryMode,
      arena = memoryMode === 'resident',
      threads,
      weightsFolder,
    } = options;
    const bytes = executionProvider === 'webgpu' ? withJoinsOfFewParts(model.bytes) : model.bytes;
    const session = await ort.InferenceSession.create(bytes, {
      executionProviders: [providerOptions(model, executionProvider)],
      graphOptimizationLevel: memoryMode === 'resident' ? 'all' : 'disabled',
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      enableCpuMemArena: arena,
      enableMemPattern: false,
      logSeverityLevel: 3,
      extra: {
        session: {
          ...(model.usesExternalData && weightsFolder !== undefined
            ? { model_external_initializers_file_folder_path: weightsFolder }
            : {}),
          // Worker threads that spin between operators starve everything else on a small machine.
          intra_op: { allow_spinning: '0' },
          // Vanishing attention weights and gradients would be computed with slow denormal numbers. The first session
          // of a process sets this for the thread that creates it, too: its JavaScript sees zeros in their place.
          set_denormal_as_zero: '1',
        },
      },
    });
    return new Session(session, { inputs: model.inputs, outputs: model.outputs });
  }

  /**
   * Runs the model. Feeds by name; every input of the model must be there, others are ignored.
   * @returns the outputs by name
   */
  async run(feeds: Readonly<Record<string, HostTensor>>): Promise<Record<string, HostTensor>> {
    const tensors: Record<string, ort.Tensor> = {};
    for (const { name } of this.model.inputs) {
      const feed = feeds[name];
      if (!feed) throw new Error(`the run lacks input "${name}"`);
      tensors[name] = new ort.Tensor(
        feed.data instanceof Float32Array ? 'float32' : 'int64',
        feed.data,
        feed.shape,
      );
    }
    const results = await this.session.run(tensors).catch((error: unknown) => {
      throw new Error(`ONNX Runtime: ${messageOf(error)}`);
    });
    return Object.fromEntries(
      this.model.outputs.map(({ name }) => {
        const { data, dims } = results[name];
        if (!(data instanceof Float32Array || data instanceof BigInt64Array)) {
          throw new Error(`output "${name}" has a type that is not read here`);
        }
        return [name, { data, shape: dims }];
      }),
    );
  }

  /** Frees the runtime's memory of this session. */
  async release(): Promise<void> {
    await this.session.release();
  }
}

function providerOptions(
  { halfPrecisionNodes }: OnnxModel,
  name: ExecutionProvider,
): ort.InferenceSession.ExecutionProviderConfig {
  if (name !== 'webgpu' || halfPrecisionNodes.length === 0) return name;
  // Not every device has float16: the CPU widens such weights, as it does for bfloat16.
  return { name, forceCpuNodeNames: halfPrecisionNodes };
}

/** The providers that this build of ONNX Runtime knows; whether they work here is another question. */
export function runtimeProviders(): ReadonlySet<string> {
  return new Set(ort.listSupportedBackends().map(({ name }) => name));
}

/** Version of ONNX Runtime, for the record of a run. */
export const runtimeVersion = ort.env.versions.node ?? ort.env.versions.common;
