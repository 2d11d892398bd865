/** @file The peak of this process's private (anonymous) memory, sampled beside the work. */
import { Worker } from 'node:worker_threads';

/** A run blocks the main thread: a second one reads the kernel's account every few milliseconds. Linux keeps one. */
const sampler = `
const { parentPort } = require('node:worker_threads');
const { existsSync, readFileSync } = require('node:fs');
let peak = 0;
const sample = () => {
  if (!existsSync('/proc/self/status')) return;
  const kilobytes = /RssAnon:\\s+(\\d+)/.exec(readFileSync('/proc/self/status', 'utf8'));
  peak = Math.max(peak, kilobytes ? 1024 * Number(kilobytes[1]) : 0);
};
setInterval(sample, 5);
parentPort.on('message', () => { sample(); parentPort.postMessage(peak); peak = 0; });
`;

export class PeakMemory {
  private readonly worker = new Worker(sampler, { eval: true });

  constructor() {
    // A job that fails must not keep the process.
    this.worker.unref();
  }

  /** Bytes at the highest since the last call; 0 where the system keeps no such account. */
  read(): Promise<number> {
    return new Promise(resolve => {
      this.worker.once('message', resolve);
      this.worker.postMessage('read');
    });
  }

  /** Peak of what `work` needs, in gigabytes. */
  async during(work: () => Promise<unknown>): Promise<number> {
    await this.read();
    await work();
    return (await this.read()) / 1e9;
  }

  async stop(): Promise<void> {
    await this.worker.terminate();
  }
}
