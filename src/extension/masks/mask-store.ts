/** @file The masked sets of the workspace, and the one that traces, evaluations and ablations use. */
import path from 'node:path';

import * as v from 'valibot';
import * as vscode from 'vscode';

import type { ExpertList } from '../../protocol/artifacts';
import { contextKeys } from '../manifest';
import { allFolders, mainFolder } from '../workspace/workspace';
import { maskFile, masksFolder, readMasks, writeMask } from './mask-files';
import { countMasked, type MaskedSet, MaskedSetSchema } from './masked-set';

const stateKey = 'mask';

export class MaskStore implements vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<void>();
  /** Another set is active, it has other experts, or a set was saved or removed. */
  readonly onDidChange = this.changed.event;
  private readonly watcher = vscode.workspace.createFileSystemWatcher(`**/${masksFolder}/*.json`);
  private read: MaskedSet[] | undefined;

  constructor(
    private readonly state: vscode.Memento,
    private readonly warn: (line: string) => void,
  ) {
    const changed = (): void => {
      this.read = undefined;
      this.announce();
    };
    this.watcher.onDidCreate(changed);
    this.watcher.onDidChange(changed);
    this.watcher.onDidDelete(changed);
    this.announce();
  }

  /** All that are saved, by name. */
  get sets(): readonly MaskedSet[] {
    const [folder] = allFolders();
    this.read ??= folder === undefined ? [] : readMasks(folder, this.warn);
    return this.read;
  }

  /** What is switched off; not necessarily saved. */
  get active(): MaskedSet | undefined {
    const parsed = v.safeParse(MaskedSetSchema, this.state.get(stateKey));
    return parsed.success ? parsed.output : undefined;
  }

  /** The active set, if it is for this checkpoint. */
  activeFor(model: string): MaskedSet | undefined {
    const { active } = this;
    const of = active?.model;
    return of === undefined || path.resolve(of) === path.resolve(model) ? active : undefined;
  }

  /** The active set is on disk as it is. */
  get activeIsSaved(): boolean {
    const { active } = this;
    const saved = this.sets.find(({ name }) => name === active?.name);
    return saved !== undefined && sameExperts(saved.experts, active?.experts);
  }

  /** An empty set is none. */
  async activate(set: MaskedSet | undefined): Promise<void> {
    await this.state.update(stateKey, set && countMasked(set) > 0 ? set : undefined);
    this.announce();
  }

  /** Keeps the active set under a name. */
  async save(set: MaskedSet): Promise<void> {
    writeMask(mainFolder(), set);
    this.read = undefined;
    await this.activate(set);
  }

  async remove(name: string): Promise<void> {
    const file = vscode.Uri.file(maskFile(mainFolder(), name));
    await vscode.workspace.fs.delete(file);
    this.read = undefined;
    this.announce();
  }

  dispose(): void {
    this.watcher.dispose();
    this.changed.dispose();
  }

  private announce(): void {
    void vscode.commands.executeCommand('setContext', contextKeys.hasMask, this.active !== undefined);
    this.changed.fire();
  }
}

function sameExperts(a: ExpertList, b: ExpertList | undefined): boolean {
  const key = (list: ExpertList): string =>
    Object.keys(list)
      .map(Number)
      .filter(layer => list[layer].length > 0)
      .sort((x, y) => x - y)
      .map(layer => `${layer}:${[...list[layer]].sort((x, y) => x - y).join()}`)
      .join(';');
  return b !== undefined && key(a) === key(b);
}
