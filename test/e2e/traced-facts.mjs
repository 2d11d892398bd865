/** @file The routing of a prompt as the command line computes it: what panel and hover must show. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { runNode } from '../../scripts/lib/run.mjs';

/**
 * @param {{ model: string, prompt: string, run?: string }} what `run`: use its routers instead of the checkpoint's
 * @returns a function from token position and layer to `[{ expert, weight }]`, most important expert first
 */
export async function traceOnCommandLine({ model, prompt, run }) {
  const folder = mkdtempSync(path.join(tmpdir(), 'rl-trace-'));
  try {
    const out = path.join(folder, 'trace.safetensors');
    const routers = run === undefined ? [] : ['--run', run];
    await runNode(['dist/cli.js', 'trace', model, '--prompt', prompt, ...routers, '--out', out], {
      capture: true,
    });
    return routing(readFileSync(out));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function routing(file) {
  const headerBytes = Number(file.readBigUInt64LE(0));
  const header = JSON.parse(file.toString('utf8', 8, 8 + headerBytes));
  const element = (name, ...index) => {
    const { dtype, shape, data_offsets: offsets } = header[name];
    const place = index.reduce((sum, i, axis) => sum * shape[axis] + i, 0);
    const start = 8 + headerBytes + offsets[0];
    return dtype === 'I64'
      ? Number(file.readBigInt64LE(start + 8 * place))
      : file.readFloatLE(start + 4 * place);
  };
  return (position, layer) =>
    Array.from({ length: header[`topk_indices.${layer}`].shape[1] }, (_, slot) => ({
      expert: element(`topk_indices.${layer}`, position, slot),
      weight: element(`topk_weights.${layer}`, position, slot),
    }));
}
