/** @file Groups sample files into datasets: `X_train.json` with its siblings `X_dev.json` and `X_test.json` is one choice. */
import path from 'node:path';

/** The files of a dataset; only `train` is always there. */
export interface Dataset {
  name: string;
  train: string;
  dev?: string;
  test?: string;
}

const splitNames = {
  train: ['train', 'training'],
  dev: ['dev', 'val', 'valid', 'validation'],
  test: ['test'],
} as const;
type Split = keyof typeof splitNames;
const splits = Object.keys(splitNames) as Split[];

/**
 * @param files absolute paths of sample files
 * @returns whole datasets first, then single files, each by name. A file without a training file beside it stands alone.
 */
export function groupDatasets(files: readonly string[]): Dataset[] {
  const groups = new Map<string, Partial<Record<Split, string>>>();
  const single: string[] = [];
  for (const file of files) {
    const part = splitOf(file);
    if (!part) single.push(file);
    else groups.set(part.group, { [part.split]: file, ...groups.get(part.group) });
  }
  const datasets: Dataset[] = [];
  for (const [group, { train, dev, test }] of groups) {
    if (train) datasets.push({ name: path.basename(group), train, dev, test });
    else single.push(...[dev, test].filter(file => file !== undefined));
  }
  const alone = single.map(file => ({ name: nameAlone(file), train: file }));
  return [...byName(datasets), ...byName(alone)];
}

/** @returns its splits and their files in the order train, dev, test */
export function namedFilesOf(dataset: Dataset): [split: Split, file: string][] {
  return splits.flatMap((split): [Split, string][] => {
    const file = dataset[split];
    return file === undefined ? [] : [[split, file]];
  });
}

/** @returns its files in the order train, dev, test */
export function filesOf(dataset: Dataset): string[] {
  return namedFilesOf(dataset).map(([, file]) => file);
}

/** @returns e.g. `train, dev, test` */
export function splitsOf(dataset: Dataset): string {
  return splits.filter(split => dataset[split] !== undefined).join(', ');
}

/** `data/swap_train.json` → group `data/swap`; `nq-swap/train.json` → group `nq-swap`. */
function splitOf(file: string): { group: string; split: Split } | undefined {
  const { dir, name } = path.parse(file);
  const [, stem = '', last = ''] = /^(?:(.*)[-_.])?([A-Za-z]+)$/.exec(name) ?? [];
  const split = splits.find(s => (splitNames[s] as readonly string[]).includes(last.toLowerCase()));
  return split && { group: stem ? path.join(dir, stem) : dir, split };
}

/** `squad/dev.json` → `squad/dev`: the name of a split says little alone. */
function nameAlone(file: string): string {
  const { dir, name } = path.parse(file);
  return splitOf(file)?.group === dir ? `${path.basename(dir)}/${name}` : name;
}

function byName(datasets: Dataset[]): Dataset[] {
  return datasets.sort((a, b) => a.name.localeCompare(b.name) || a.train.localeCompare(b.train));
}
