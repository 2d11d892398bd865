/** @file The checkpoint and the dataset last chosen in this workspace. */
import * as v from 'valibot';
import * as vscode from 'vscode';

import type { Dataset } from './datasets';

const DatasetSchema = v.object({
  name: v.string(),
  train: v.string(),
  dev: v.optional(v.string()),
  test: v.optional(v.string()),
});
const keys = { model: 'model', dataset: 'dataset' } as const;

export class Selection {
  private readonly changed = new vscode.EventEmitter<void>();
  readonly onDidChange = this.changed.event;

  constructor(private readonly state: vscode.Memento) {}

  /** Absolute path of the checkpoint folder. */
  get model(): string | undefined {
    return this.read(keys.model, v.string());
  }

  get dataset(): Dataset | undefined {
    return this.read(keys.dataset, DatasetSchema);
  }

  async setModel(folder: string): Promise<void> {
    await this.state.update(keys.model, folder);
    this.changed.fire();
  }

  async setDataset(dataset: Dataset): Promise<void> {
    await this.state.update(keys.dataset, dataset);
    this.changed.fire();
  }

  /** What another version of the extension left there may have another form: then nothing is chosen. */
  private read<S extends v.GenericSchema>(key: string, schema: S): v.InferOutput<S> | undefined {
    const parsed = v.safeParse(schema, this.state.get(key));
    return parsed.success ? parsed.output : undefined;
  }
}
