/** @file CEFT in the extension: its trainings, commands and view. */
import type * as vscode from 'vscode';

import { CeftCommands } from './ceft-commands';
import { type CeftParts, CeftView } from './ceft-view';
import { Training } from './training';

export class Ceft implements vscode.Disposable {
  readonly training: Training;
  readonly actions: CeftCommands;
  readonly view: CeftView;

  constructor(parts: Omit<CeftParts, 'training' | 'ceft'>) {
    this.training = new Training(parts.engine);
    this.actions = new CeftCommands(this.training, parts.history);
    this.view = new CeftView({ ...parts, training: this.training, ceft: this.actions });
  }

  dispose(): void {
    for (const part of [this.view, this.training]) part.dispose();
  }
}
