/** @file Whatever is wrong with the input: exit code 2, one line on stderr that says what, where and what to do. */
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { describe, expect, it } from 'vitest';

import { type TensorToWrite, writeSafetensors } from '../../src/model/checkpoint/safetensors-writer';
import { runCli } from '../helpers/cli';
import { scratchFolder } from '../helpers/scratch';
import { tinyConfig, tinyWeights, writeTinyCheckpoint } from '../helpers/tiny-checkpoint';

const scratch = scratchFolder();
const file = (name: string): string => path.join(scratch, name);
const write = (name: string, content: unknown): string => {
  writeFileSync(file(name), typeof content === 'string' ? content : JSON.stringify(content));
  return file(name);
};

/** A checkpoint of which `spoil` makes a bad one. */
function spoilt(name: string, spoil: (folder: string) => void): string {
  const folder = writeTinyCheckpoint(file(name));
  spoil(folder);
  return folder;
}
function withConfig(name: string, config: unknown): string {
  return spoilt(name, folder => {
    const text = typeof config === 'string' ? config : JSON.stringify(config);
    writeFileSync(path.join(folder, 'config.json'), text);
  });
}
function withWeights(name: string, change: (weights: TensorToWrite[]) => TensorToWrite[]): string {
  return spoilt(name, folder =>
    writeSafetensors(path.join(folder, 'model.safetensors'), change(tinyWeights())),
  );
}
function changed(
  name: string,
  change: Partial<TensorToWrite>,
): (weights: TensorToWrite[]) => TensorToWrite[] {
  return weights => weights.map(tensor => (tensor.name === name ? { ...tensor, ...change } : tensor));
}
/** Rewrites the header in place, with the same number of bytes. */
function editHeader(folder: string, from: RegExp, to: (found: string) => string): void {
  const weights = path.join(folder, 'model.safetensors');
  const bytes = readFileSync(weights);
  const headerEnd = 8 + Number(bytes.readBigUInt64LE());
  const header = bytes.toString('utf8', 8, headerEnd);
  const edited = header.replace(from, to).padEnd(header.length);
  expect(edited).not.toBe(header);
  expect(edited.length).toBe(header.length);
  writeFileSync(
    weights,
    Buffer.concat([bytes.subarray(0, 8), Buffer.from(edited), bytes.subarray(headerEnd)]),
  );
}

const router = 'model.layers.0.mlp.gate.weight';
const good = writeTinyCheckpoint(file('good'));
const text = { context: 'The tower is red.', question: 'What colour is it?', answer: 'red' };
const texts = write('texts.json', [text, text]);
const tokens = write('tokens.json', { samples: [{ input_ids: [4, 5, 6, 0], answer_span: [2, 4] }] });
const rows = write('rows.json', { input_ids: [[4, 5, 6]] });
const full = file('full');
writeTinyCheckpoint(full);

const identify = (model: string, train: string, ...more: string[]): string[] => [
  ...['identify', model, '--train', train, '--max-steps', '1', '--threads', '1', '--out', file('run')],
  ...more,
];
const finetune = (method: string, ...more: string[]): string[] => [
  ...['finetune', good, '--method', method, '--train', tokens, '--max-steps', '1', '--threads', '1'],
  ...['--out', file('run'), ...more],
];
const trace = (model: string, ...more: string[]): string[] => [
  ...['trace', model, '--threads', '1', '--out', file('trace.safetensors')],
  ...more,
];

const { vocab_size: vocabulary, num_experts: experts, num_hidden_layers: layers } = tinyConfig;
const { hidden_size: hidden, ...withoutHiddenSize } = tinyConfig;

const foreignProvider = process.platform === 'darwin' ? 'dml' : 'coreml';

/** What is wrong → command, and what the line must name. */
const cases: Record<string, [args: string[], named: (string | RegExp)[]]> = {
  'truncated weights': [
    identify(
      spoilt('truncated', folder => {
        const weights = path.join(folder, 'model.safetensors');
        writeFileSync(weights, readFileSync(weights).subarray(0, -100));
      }),
      tokens,
    ),
    ['truncated/model.safetensors', 'past the end of the file', 'again'],
  ],
  'weights cut inside of the header': [
    identify(
      spoilt('cut-header', folder => {
        const weights = path.join(folder, 'model.safetensors');
        writeFileSync(weights, readFileSync(weights).subarray(0, 50));
      }),
      tokens,
    ),
    ['cut-header/model.safetensors', 'ends before its header does', 'again'],
  ],
  'a header that points outside of the file': [
    identify(
      spoilt('outside', folder =>
        editHeader(folder, /(?<="model.norm.weight".*"data_offsets":\[\d+,)\d+/, end =>
          '9'.repeat(end.length),
        ),
      ),
      tokens,
    ),
    ['outside/model.safetensors', 'model.norm.weight', 'past the end', 'again'],
  ],
  'a missing tensor': [
    identify(
      withWeights('missing', weights => weights.filter(({ name }) => name !== router)),
      tokens,
    ),
    [file('missing'), router, 'is missing', 'again'],
  ],
  'a tensor of the wrong shape': [
    identify(withWeights('shape', changed(router, { shape: [hidden, experts] })), tokens),
    [file('shape'), router, `[${hidden}, ${experts}]`, `[${experts}, ${hidden}]`],
  ],
  'a quantised tensor': [
    identify(
      withWeights('quantised', changed(router, { dtype: 'I8', data: new Int8Array(experts * hidden) })),
      tokens,
    ),
    [file('quantised'), router, 'I8', 'BF16', 'converted'],
  ],
  'weights as .bin only': [
    identify(
      spoilt('bin', folder =>
        renameSync(path.join(folder, 'model.safetensors'), path.join(folder, 'pytorch_model.bin')),
      ),
      tokens,
    ),
    [file('bin'), 'pytorch_model.bin', 'Convert'],
  ],
  'an unknown model_type': [
    identify(withConfig('llama', { ...tinyConfig, model_type: 'llama' }), tokens),
    ['llama/config.json', '"llama"', 'Supported: '],
  ],
  'no config.json': [
    identify(
      spoilt('no-config', folder => rmSync(path.join(folder, 'config.json'))),
      tokens,
    ),
    [file('no-config'), 'config.json', 'Choose'],
  ],
  'a config.json that is not JSON': [
    identify(withConfig('no-json', '{\n "model_type": olmoe\n}'), tokens),
    ['no-json/config.json', 'not valid JSON', 'again'],
  ],
  'a config.json without a field': [
    identify(withConfig('no-field', withoutHiddenSize), tokens),
    ['no-field/config.json', 'hidden_size'],
  ],
  'more experts a token than there are': [
    identify(withConfig('top-k', { ...tinyConfig, num_experts_per_tok: experts + 1 }), tokens),
    ['top-k/config.json', `${experts + 1} experts`],
  ],
  'a model folder that does not exist': [identify(file('nowhere'), tokens), [file('nowhere'), 'Choose']],
  'a missing dataset': [identify(good, file('none.json')), [file('none.json'), 'does not exist', 'Check']],
  'an execution provider that is not of this system': [
    identify(good, tokens, '--execution-provider', foreignProvider),
    [`Execution provider ${foreignProvider}`, 'not in ONNX Runtime', 'Or choose cpu or auto.'],
  ],
  'an empty dataset': [
    identify(good, write('empty.json', [])),
    [file('empty.json'), 'no samples', 'at least one'],
  ],
  'a sample without context': [
    identify(
      good,
      write(
        'lines.jsonl',
        [text, { question: 'Who?', answer: 'I' }].map(line => JSON.stringify(line)).join('\n'),
      ),
    ),
    ['lines.jsonl, line 2', '"context"', 'missing'],
  ],
  'a dev set with a sample without question': [
    identify(good, tokens, '--dev', write('dev.json', [{ context: 'c', answer: 'a' }])),
    ['dev.json, sample 0', '"question"', 'missing'],
  ],
  'samples that are all too long': [
    identify(good, texts, '--max-seq-length', '5'),
    [texts, 'all 2 samples', '5 tokens', 'max-seq-length'],
  ],
  'samples longer than the model has positions': [
    identify(good, write('long.json', [{ ...text, context: 'x'.repeat(600) }]), '--max-seq-length', '2000'),
    ['long.json', '512 tokens', 'shorten'],
  ],
  'a sample with a token that the model does not have': [
    identify(good, write('ids.json', { samples: [{ input_ids: [4, vocabulary, 0], answer_span: [1, 3] }] })),
    ['ids.json, sample 0', `${vocabulary}`, 'vocabulary', 'Tokenise'],
  ],
  'texts without tokenizer.json': [
    identify(
      spoilt('no-tokenizer', folder => rmSync(path.join(folder, 'tokenizer.json'))),
      texts,
    ),
    ['no-tokenizer/tokenizer.json', 'does not exist', 'Choose'],
  ],
  'a run folder that is not empty': [
    ['identify', good, '--train', tokens, '--out', full],
    [full, 'not an empty folder', 'does not exist yet'],
  ],
  'a run folder that is a file': [
    ['identify', good, '--train', tokens, '--out', texts],
    [texts, 'not an empty folder'],
  ],
  'a learning rate that is no number': [
    identify(good, tokens, '--lr', 'abc'),
    ['--lr', '"abc"', 'not a number'],
  ],
  'a negative number of epochs': [
    ['identify', good, '--train', tokens, '--epochs', '-1', '--out', file('run')],
    ['--epochs', '-1', '--help'],
  ],
  'more listed experts than there are': [
    identify(good, tokens, '--k', '99'),
    ['k is 99', `at most ${experts}`],
  ],
  'an unknown option': [identify(good, tokens, '--learning', '1'), ['--learning', '--help']],
  'an unknown schedule': [identify(good, tokens, '--schedule', 'steep'), ['--schedule', 'steep', 'cosine']],
  'no training data': [
    ['identify', good],
    ['--train', 'Give a file'],
  ],
  'a run to resume that is none': [
    ['identify', good, '--resume', full],
    [full, 'run.json', 'identify'],
  ],
  'fine-tuning without a method': [
    ['finetune', good, '--train', tokens],
    ['--method', 'ceft, esft, random, rt, fft'],
  ],
  'an unknown method': [finetune('lora'), ['--method', "'lora'", 'ceft']],
  'fine-tuning without training data': [
    ['finetune', good, '--method', 'rt'],
    ['--train', 'Give a file'],
  ],
  'no experts to train': [finetune('ceft'), ['--experts', 'context-dependence.json', 'list']],
  'experts for a method that trains none': [
    finetune('fft', '--experts', file('none.json')),
    ['--experts: fft takes no list'],
  ],
  'a list of experts that is not there': [
    finetune('ceft', '--experts', file('nowhere.json')),
    [file('nowhere.json'), 'cannot be read', 'Check the path'],
  ],
  'a list of experts that the model does not have': [
    finetune('ceft', '--experts', write('experts.json', { experts: { 0: [experts] } })),
    ['experts.json', 'layer 0', `expert ${experts}`],
  ],
  'an unknown type of saved weights': [
    finetune('rt', '--save-dtype', 'int8'),
    ['--save-dtype', "'int8'", 'bf16'],
  ],
  'a selection by exact match without a dev set': [finetune('rt', '--select', 'em'), ['--select', '--dev']],
  'a memory budget that is too small for training': [
    finetune('fft', '--memory-budget', '0.01'),
    ['memory budget of 0.01 GB is too small', 'at least'],
  ],
  'an unknown command': [
    ['identfy', good],
    ['identfy', 'identify', '--help'],
  ],
  'a sample number that is too large': [trace(good, '--sample', `${texts}#999`), [texts, '999', 'holds 2']],
  'a sample without number': [trace(good, '--sample', texts), ['--sample', texts, 'FILE#NUMBER']],
  'nothing to trace': [trace(good), ['--prompt', '--sample', '--token-ids']],
  'an unknown further tensor': [trace(good, '--token-ids', rows, '--with', 'q'), ['--with', '"q"', 'attn']],
  'fewer than no new tokens': [
    trace(good, '--token-ids', rows, '--max-new-tokens', '-1'),
    ['--max-new-tokens', '-1'],
  ],
  'token ids that the model does not have': [
    trace(good, '--token-ids', write('outside.json', { input_ids: [[4], [5, 999]] })),
    ['outside.json, row 1', '999', `${vocabulary}`],
  ],
  'a file that is no list of token ids': [
    trace(good, '--token-ids', write('no-rows.json', { input_ids: [4, 5] })),
    ['no-rows.json', '"input_ids"'],
  ],
  'a mask with an expert that does not exist': [
    trace(good, '--token-ids', rows, '--mask', write('mask.json', { experts: { 1: [0, experts] } })),
    ['mask.json', 'layer 1', `expert ${experts}`],
  ],
  'a mask with a layer that does not exist': [
    trace(good, '--token-ids', rows, '--mask', write('layer.json', { experts: { [layers]: [0] } })),
    ['layer.json', `layer ${layers}`, 'MoE layers: 0, 1'],
  ],
  'a mask that leaves too few experts': [
    trace(good, '--token-ids', rows, '--mask', write('all.json', { experts: { 0: [0, 1, 2] } })),
    ['all.json', 'layer 0', 'Mask fewer'],
  ],
  'a run folder that is none': [
    ['report', good],
    [good, 'run.json', 'identify'],
  ],
};

describe('bad input', () => {
  it.concurrent.each(Object.entries(cases))('%s', async (_, [args, named]) => {
    const { code, stdout, stderr } = await runCli(args);
    expect(stderr).toMatch(/^router-lens: [^\n]+\n$/);
    expect(stderr).not.toMatch(/\n {4}at |\.js:\d+/);
    for (const part of named)
      expect(stderr).toMatch(typeof part === 'string' ? new RegExp(escaped(part)) : part);
    expect(code).toBe(2);
    expect(stdout).toBe('');
  });

  it('leaves nothing half-written', async () => {
    const before = readdirSync(scratch);
    await runCli(identify(good, file('none.json')));
    expect(readdirSync(scratch)).toEqual(before);
    for (const name of ['run', 'trace.safetensors']) expect(existsSync(file(name))).toBe(false);
    expect(readdirSync(full)).toEqual(readdirSync(good));
  });
});

function escaped(literal: string): string {
  return literal.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
