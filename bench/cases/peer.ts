/** @file The same batch on Hugging Face transformers or plain PyTorch (`peer/peer.py`), in turns with this engine. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';

import * as v from 'valibot';

import { PeakMemory } from '../../src/common/peak-memory';
import { Model } from '../../src/model/model';
import { nqSwapBatch } from '../batches';
import type { BenchCase } from '../bench-case';
import { median, medianRatio, secondsOf, takeTurns } from '../statistics';
import { temporaryFolder } from '../temporary-folder';
import { memoryBudget, timedWorks, twoLayersCheckpoint } from './olmoe-2-layers';

const script = path.resolve(__dirname, '../../bench/peer/peer.py');

const DescriptionSchema = v.object({
  implementation: v.string(),
  experts_implementation: v.optional(v.string()),
  attention_implementation: v.optional(v.string()),
  torch: v.string(),
  dtype: v.string(),
  threads: v.number(),
  padded_tokens: v.number(),
});
const ReplySchema = v.object({
  seconds: v.number(),
  private_gb: v.number(),
  loss: v.optional(v.number()),
});
type PeerWork = 'forward' | 'body' | 'step';
type Reply = v.InferOutput<typeof ReplySchema>;

/** `peer.py --serve`: one line in, one line out. */
class Peer {
  private constructor(
    private readonly child: ChildProcess,
    private readonly lines: AsyncIterator<string>,
    readonly description: v.InferOutput<typeof DescriptionSchema>,
  ) {}

  static async start(python: string, args: readonly string[]): Promise<Peer> {
    const child = spawn(python, [script, '--serve', ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const failed = new Promise<never>((_, reject) => child.once('error', reject));
    const description = await Promise.race([readReply(lines, DescriptionSchema), failed]);
    return new Peer(child, lines, description);
  }

  run(work: PeerWork): Promise<Reply> {
    this.child.stdin?.write(`${work}\n`);
    return readReply(this.lines, ReplySchema);
  }

  /** At the end of its input it leaves. */
  end(): void {
    this.child.stdin?.end();
  }
}

async function readReply<S extends v.GenericSchema>(
  lines: AsyncIterator<string>,
  schema: S,
): Promise<v.InferOutput<S>> {
  const next = await lines.next();
  if (next.done) throw new Error('peer.py ended; its message is above.');
  return v.parse(schema, JSON.parse(next.value));
}

export const peerCase: BenchCase = {
  name: 'peer',
  title: 'The same batch in Python, in turns with this engine',
  onlyByName: true,
  labels: {
    works: '',
    work: '',
    ours_s: 'Router Lens',
    theirs_s: 'Python',
    ratio: 'Python / Router Lens',
    private_gb: 'Peak of private memory, Router Lens, step',
    peer_private_gb: 'Peak of private memory, Python, forward and step',
    implementation: 'Python side',
    experts_implementation: 'Its experts',
    attention_implementation: 'Its attention',
    torch: 'PyTorch',
    dtype: 'Its type',
    tokens: 'Tokens, Router Lens (packed)',
    padded_tokens: 'Tokens, Python (padded)',
    loss_difference: 'Difference of the losses',
    batch: 'Batch',
  },
  async run({ repeats, threads, python = 'python3', peerExperts }) {
    const folder = twoLayersCheckpoint();
    const input = nqSwapBatch();
    const model = Model.open(folder, { threads, memoryBudget });
    const { forward, forwardAllTokens, step } = timedWorks(model, input);
    const memory = new PeakMemory();
    const privateMemory = await memory.during(step);
    await memory.stop();

    const peer = await Peer.start(python, [
      ...['--checkpoint', folder, '--batch', batchFile(input.rows), '--threads', String(threads)],
      ...(peerExperts === undefined ? [] : ['--experts', peerExperts]),
    ]);
    let [loss, peerLoss, peerMemory] = [NaN, NaN, 0];
    const ofPeer = (work: PeerWork) => async () => {
      const reply = await peer.run(work);
      peerLoss = reply.loss ?? peerLoss;
      peerMemory = reply.private_gb;
      return reply.seconds;
    };
    const seconds = await takeTurns(repeats, {
      forward: () => secondsOf(forward),
      peerForward: ofPeer('forward'),
      forwardAllTokens: () => secondsOf(forwardAllTokens),
      peerBody: ofPeer('body'),
      step: () => secondsOf(async () => ({ loss } = await step())),
      peerStep: ofPeer('step'),
    });
    peer.end();
    await model.release();
    const compared = (work: string, ours: readonly number[], theirs: readonly number[]) => ({
      work,
      ours_s: median(ours),
      theirs_s: median(theirs),
      ratio: medianRatio(theirs, ours),
    });
    const works = [
      compared(
        'Forward: loss of the answers; in Python logits of all tokens',
        seconds.forward,
        seconds.peerForward,
      ),
      compared('All layers for all tokens, without head', seconds.forwardAllTokens, seconds.peerBody),
      compared('Router-tuning step', seconds.step, seconds.peerStep),
    ];
    return {
      works,
      forward_ratio: works[0].ratio,
      forward_all_tokens_ratio: works[1].ratio,
      step_ratio: works[2].ratio,
      private_gb: privateMemory,
      peer_private_gb: peerMemory,
      loss_difference: Math.abs(loss - peerLoss),
      ...peer.description,
      tokens: input.batch.inputIds.length,
      batch: input.source,
    };
  },
};

/** In the layout of the shared file, so that Python reads stand-ins too. */
function batchFile(rows: readonly unknown[]): string {
  const file = path.join(temporaryFolder, 'batch.json');
  mkdirSync(temporaryFolder, { recursive: true });
  writeFileSync(file, JSON.stringify({ batches: [rows] }));
  return file;
}
