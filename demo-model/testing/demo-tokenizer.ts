/** @file The tokenizer of the demo model, by this engine and by the reference library. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { Tokenizer as ReferenceTokenizer } from '@huggingface/tokenizers';

import { Tokenizer } from '../../src/model/tokenizer/tokenizer';
import { writeTokenizerFiles } from '../tokenizer-files';

export function loadTokenizers(): { ours: Tokenizer; reference: (text: string) => number[] } {
  const folder = mkdtempSync(path.join(tmpdir(), 'demo-tokenizer-'));
  try {
    writeTokenizerFiles(folder);
    const read = (name: string): object =>
      JSON.parse(readFileSync(path.join(folder, name), 'utf8')) as object;
    const reference = new ReferenceTokenizer(read('tokenizer.json'), read('tokenizer_config.json'));
    return {
      ours: Tokenizer.load(folder),
      reference: text => reference.encode(text, { add_special_tokens: false }).ids,
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
