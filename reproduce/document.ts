/** @file `results.md` and its pictures, from the numbers alone. */
import path from 'node:path';

import { format, resolveConfig } from 'prettier';

import { writeFileAtomically } from '../src/common/atomic-file';
import { type Claim, claimsOf, largestDeviation, wideMargin } from './claims';
import type { Measurements } from './measurements';
import { paper, paperFineTuning, paperMasking, paperRouterTuning } from './paper';
import { picturesOf } from './pictures';
import { spread } from './statistics';
import {
  expertRows,
  layerRows,
  markdown,
  maskingRows,
  methodRows,
  rateRows,
  shown,
  transferRows,
} from './tables';

export interface Circumstances {
  /** One line. */
  readonly machine: string;
  readonly date: Date;
  /** Of all steps. */
  readonly seconds: number;
  /** Everything ran on next to nothing. */
  readonly quick: boolean;
}

const picturesFolder = 'results';

/** Writes `results.md` and `results/*.svg` into a folder. */
export async function writeResults(
  folder: string,
  measurements: Measurements,
  circumstances: Circumstances,
): Promise<string> {
  for (const [name, svg] of Object.entries(picturesOf(measurements))) {
    writeFileAtomically(path.join(folder, picturesFolder, name), svg);
  }
  const file = path.join(folder, 'results.md');
  const style = await resolveConfig(file);
  const text = resultsDocument(measurements, circumstances);
  writeFileAtomically(file, await format(text, { ...style, parser: 'markdown' }));
  return file;
}

export function resultsDocument(measurements: Measurements, circumstances: Circumstances): string {
  return [
    ...introduction(measurements, circumstances),
    ...claimsSection(claimsOf(measurements)),
    ...methodsSection(measurements),
    ...maskingSection(measurements),
    ...layersSection(measurements),
    ...transferSection(measurements),
    ...mapSection(measurements),
    ...expertsSection(measurements),
    ...settingsSection(measurements),
    ...paperSection(),
  ].join('\n\n');
}

const picture = (name: string, text: string): string => `![${text}](${picturesFolder}/${name})`;

function introduction(
  { model, seeds, samples }: Measurements,
  { machine, date, seconds, quick }: Circumstances,
): string[] {
  return [
    '# Results',
    ...(quick
      ? ['**Written with `--quick`: a trial of the program on next to nothing. The numbers mean nothing.**']
      : []),
    `Written by \`npm run reproduce\`, nothing by hand: the argument of [Bai et al.](${paper}) on the demo model \`${model.name}\` (${model.parameters.toLocaleString('en')} parameters, ${model.num_layers} layers, ${model.num_experts} experts a layer, ${model.top_k} of them for each token). Definitions: [method.md](method.md).`,
    `${machine} · ${date.toISOString().slice(0, 10)} · ${(seconds / 60).toFixed(1)} minutes in all`,
    `Numbers are means ± sample standard deviations over ${seeds.length} seeds (${seeds.join(', ')}), which change the order and the choice of training samples and the random experts. Test questions are the same for all: ${samples.swap} whose context contradicts what the model knows (_swap_), ${samples.true} whose context agrees with it (_true_), ${samples.closed} without a context (_closed-book_). EM is exact match, F1 the overlap of words, both in percent, of greedily decoded answers.`,
  ];
}

function claimsSection(claims: readonly Claim[]): string[] {
  return [
    "## Which of the paper's claims hold on this model",
    markdown([
      ['Claim', 'On this model', 'Figures', 'In the paper (OLMoE-1B-7B)'],
      ...claims.map(({ statement, verdict, figures, paper }) => [
        statement,
        `**${verdict}**`,
        figures,
        paper,
      ]),
    ]),
    `The rule: differences are taken seed by seed. A claim that one side is larger _holds_ if the mean difference is above 0 (for "far more": above ${wideMargin} points) by more than one deviation, _does not hold_ if it is below by more than one, and is _not clear_ otherwise, or with one seed. "As good or better" holds, too, where that is not clear with a deviation of at most ${largestDeviation} points. Masking is judged with as many experts a layer as a token is sent to.`,
  ];
}

function methodsSection(measurements: Measurements): string[] {
  return [
    '## Methods',
    markdown(methodRows(measurements)),
    picture('methods.svg', 'Exact match of each method on three test sets'),
    '_RT_: the routers; _CEFT_: the context-faithful experts; _FFT_: everything; _ESFT_: the original experts; _random experts_: as many, drawn at random. Each starts from the untuned model. "FFT trains" says how many times as many parameters FFT trains. Peak memory is that of the process, without mapped files where the system tells; it includes values that training keeps because the budget leaves room.',
  ];
}

function maskingSection(measurements: Measurements): string[] {
  return [
    '## Masking',
    `The router-tuned model answers the swap questions with experts switched off in every layer: context-faithful ones (CE), original ones (OE), random ones (mean over lists drawn at random, ${measurements.randomMasks} for each seed).`,
    markdown(maskingRows(measurements)),
    picture('masking.svg', 'Exact match with experts masked'),
  ];
}

function layersSection(measurements: Measurements): string[] {
  const { inside, samples } = measurements;
  const reliance = (side: 'base' | 'tuned'): string =>
    shown(spread(inside.map(result => result.reliance[side])), 2);
  return [
    '## Inside the model',
    `Router-tuned against untuned, on ${samples.inside} swap questions: relative gain of the attention from the last prompt token to the context (CAG) and to the answer in it (AAG), and gain of the probability of the first answer token read off after each layer (APG).`,
    markdown(layerRows(measurements)),
    picture('layers.svg', 'Attention gain and answer probability gain by layer'),
    `Context reliance, the log-probability that the context adds to an answer token: ${reliance('base')} nats in the untuned model, ${reliance('tuned')} nats after router tuning.`,
  ];
}

function transferSection(measurements: Measurements): string[] {
  const counts = [...new Set(measurements.samples.transfer)].join(' or ');
  return [
    '## Transfer between tasks',
    `Routers tuned on one task, evaluated on each (${counts} questions): exact match over that of the untuned model, in percentage points.`,
    markdown(transferRows(measurements)),
    picture('transfer.svg', 'Gain in exact match by task tuned on and task evaluated on'),
  ];
}

function mapSection({ samples, seeds }: Measurements): string[] {
  return [
    '## Activation patterns',
    picture('activation-map.svg', 'Map of samples by their use of context-faithful experts'),
    `${samples.map} test samples with the router tuning of seed ${seeds[0]}: near each other lie samples that send alike shares of their routing to the context-faithful experts.`,
  ];
}

function expertsSection(measurements: Measurements): string[] {
  const { num_experts, top_k } = measurements.model;
  return [
    '## Which experts',
    markdown(expertRows(measurements)),
    `Overlaps are shares of common experts: of the lists of two seeds, mean over all pairs, and of CE and OE of the same seed, mean over seeds. Lists drawn at random would have ${((100 * top_k) / num_experts).toFixed(0)} % in common.`,
  ];
}

function settingsSection(measurements: Measurements): string[] {
  const options = Object.entries(measurements.training).map(([name, value]) => `\`--${name} ${value}\``);
  return [
    '## Settings',
    `Every tuning: ${options.join(', ')}, all else as in the paper; the weights with the lowest loss on the dev split are kept. Learning rates were chosen by that loss with seed ${measurements.seeds[0]}, never by a test set; ESFT and random experts take that of CEFT, router tuning on other tasks that of RT.`,
    markdown(rateRows(measurements)),
  ];
}

function paperSection(): string[] {
  return [
    "## The paper's numbers",
    `From [Bai et al.](${paper}), EM/F1 in percent. Router tuning, untuned → tuned:`,
    markdown(paperRouterTuning),
    'Full and context-faithful fine-tuning on NQ-Swap:',
    markdown(paperFineTuning),
    'Masking on NQ-Swap, EM:',
    markdown(paperMasking),
  ];
}
