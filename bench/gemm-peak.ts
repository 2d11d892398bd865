/** @file The float32 speed of ONNX Runtime's matrix product on this machine: the yardstick of the arithmetic floor. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { Random } from '../src/common/random';
import { Graph } from '../src/engine/graph';
import { cutModel } from '../src/engine/onnx-model';
import { type HostTensor, Session } from '../src/engine/session';
import { median, secondsOf } from './statistics';
import { temporaryFolder } from './temporary-folder';

/** Long enough for a figure, short enough that the machine stays as it is. */
const runsOf = { large: 6, expert: 80 };
const largest = 2048;

/** The product x [rows, inner] · w [inner, columns] of one shape. w is constant, so that it is packed once. */
class Gemm {
  private constructor(
    private readonly session: Session,
    private readonly x: HostTensor,
    private readonly runs: number,
    readonly multiplyAdds: number,
  ) {}

  static async create(
    { rows, inner, columns, runs }: Record<'rows' | 'inner' | 'columns' | 'runs', number>,
    threads: number,
  ): Promise<Gemm> {
    const [graph, file] = [new Graph(), weightsFile()];
    const x = graph.input('x', 'float32', ['rows', inner]);
    const w = graph.external('w', 'float32', [inner, columns], {
      location: path.basename(file),
      offset: 0,
      byteLength: 4 * inner * columns,
    });
    const outputs = graph.emit({ operator: 'Gemm', inputs: [x, w] }, [
      { dtype: 'float32', shape: ['rows', columns] },
    ]);
    const session = await Session.create(cutModel(graph, outputs), {
      executionProvider: 'cpu',
      memoryMode: 'resident',
      threads,
      weightsFolder: path.dirname(file),
    });
    const data = randomValues(rows * inner);
    return new Gemm(session, { data, shape: [rows, inner] }, runs, runs * rows * inner * columns);
  }

  /** Seconds of {@link multiplyAdds}. */
  seconds(): Promise<number> {
    return secondsOf(async () => {
      for (let i = 0; i < this.runs; i++) await this.session.run({ x: this.x });
    });
  }

  release(): Promise<void> {
    return this.session.release();
  }
}

/** Large matrices, and those of one expert with its share of a batch. */
export class GemmPeak {
  private constructor(
    private readonly large: Gemm,
    private readonly expert: Gemm,
  ) {}

  /** @param expert rows [tokens of an expert, hidden] times a weight [hidden, width] */
  static async create(
    { tokens, hidden, width }: Record<'tokens' | 'hidden' | 'width', number>,
    threads: number,
  ): Promise<GemmPeak> {
    const square = { rows: largest, inner: largest, columns: largest, runs: runsOf.large };
    const expert = { rows: tokens, inner: hidden, columns: width, runs: runsOf.expert };
    return new GemmPeak(await Gemm.create(square, threads), await Gemm.create(expert, threads));
  }

  /** Works for `takeTurns`. */
  works(): Record<'gemm_large' | 'gemm_expert', () => Promise<number>> {
    return { gemm_large: () => this.large.seconds(), gemm_expert: () => this.expert.seconds() };
  }

  /** @param seconds what the works took, round by round */
  figures(seconds: Record<'gemm_large' | 'gemm_expert', number[]>): {
    gemm_large_gflops: number;
    gemm_expert_gflops: number;
  } {
    return {
      gemm_large_gflops: median(seconds.gemm_large.map(took => gflops(this.large.multiplyAdds, took))),
      gemm_expert_gflops: median(seconds.gemm_expert.map(took => gflops(this.expert.multiplyAdds, took))),
    };
  }

  /** Seconds that `multiplyAdds` would take at the peak, the faster of the two shapes, round by round. */
  floors(seconds: Record<'gemm_large' | 'gemm_expert', number[]>, multiplyAdds: number): number[] {
    return seconds.gemm_large.map((large, round) =>
      Math.min(
        (large * multiplyAdds) / this.large.multiplyAdds,
        (seconds.gemm_expert[round] * multiplyAdds) / this.expert.multiplyAdds,
      ),
    );
  }

  async release(): Promise<void> {
    await this.large.release();
    await this.expert.release();
  }
}

/** 10⁹ floating-point operations a second; a multiply-add is two. */
export function gflops(multiplyAdds: number, seconds: number): number {
  return (2 * multiplyAdds) / seconds / 1e9;
}

function weightsFile(): string {
  const file = path.join(temporaryFolder, 'gemm-weights.bin');
  if (existsSync(file)) return file;
  mkdirSync(temporaryFolder, { recursive: true });
  writeFileSync(file, randomValues(largest ** 2));
  return file;
}

function randomValues(length: number): Float32Array {
  const random = new Random(4);
  return Float32Array.from({ length }, () => random.uniform() - 0.5);
}
