/** @file The Experts view: the context-faithful experts of one run, layer by layer; checked ones are masked. */
import { t } from '@vscode/l10n';
import * as v from 'valibot';
import * as vscode from 'vscode';

import { messageOf } from '../../common/errors';
import type { ContextDependence } from '../../protocol/artifacts';
import { contextKeys, views } from '../manifest';
import type { MaskStore } from '../masks/mask-store';
import { isMasked, type MaskedSet, maskSize } from '../masks/masked-set';
import type { RunHistory } from '../runs/run-history';
import { newestFinishedRun, readContextDependence, type Run } from '../workspace/runs';
import {
  expertDescription,
  type ExpertFilter,
  expertLabel,
  type ExpertRow,
  expertRows,
  expertTooltip,
  layerDescription,
  type LayerRow,
} from './expert-rows';

type Row = LayerRow | ExpertRow;

/** A run and what the view shows of it. */
export interface ShownRun {
  run: Run;
  result: ContextDependence;
}

/** What the user did to a checkbox. */
export interface MaskChange {
  layer: number;
  experts: readonly number[];
  masked: boolean;
}

const StateSchema = v.object({
  order: v.optional(v.picklist(['ratio', 'change']), 'ratio'),
  contextFaithfulOnly: v.optional(v.boolean(), false),
  /** Folder of a run that is shown whatever is newer, until it is gone. */
  run: v.optional(v.string()),
});
const stateKey = 'experts';

export class ExpertsView implements vscode.TreeDataProvider<Row>, vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<void>();
  readonly onDidChangeTreeData = this.changed.event;
  private readonly checked = new vscode.EventEmitter<MaskChange>();
  readonly onDidChangeMasks = this.checked.event;
  private readonly tree: vscode.TreeView<Row>;
  private readonly subscriptions: vscode.Disposable[];
  private shown: ShownRun | undefined;
  private fresh = false;
  private runsRead: readonly Run[] = [];

  constructor(
    private readonly history: RunHistory,
    private readonly masks: MaskStore,
    private readonly state: vscode.Memento,
    private readonly log: vscode.LogOutputChannel,
  ) {
    this.tree = vscode.window.createTreeView<Row>(views.experts, {
      treeDataProvider: this,
      showCollapseAll: true,
      manageCheckboxStateManually: true,
    });
    this.subscriptions = [
      ...[this.tree, this.changed, this.checked],
      history.onDidChange(() => this.update()),
      masks.onDidChange(() => this.changed.fire()),
      this.tree.onDidChangeCheckboxState(({ items }) => {
        for (const [row, state] of items)
          this.checked.fire({ ...partOf(row), masked: state === vscode.TreeItemCheckboxState.Checked });
      }),
    ];
    // Reading the runs is not worth holding up the start of the window for.
    setImmediate(() => this.update());
  }

  get current(): ShownRun | undefined {
    const runs = this.history.runs();
    if (!this.fresh || runs !== this.runsRead) {
      this.fresh = true;
      this.runsRead = runs;
      const { run: chosen } = this.settings;
      const run = runs.find(({ folder }) => folder === chosen) ?? newestFinishedRun(runs);
      this.shown = run && this.read(run);
    }
    return this.shown;
  }

  /** All runs of the workspace, newest first. */
  runs(): Run[] {
    return [...this.history.runs()];
  }

  /** Reads the runs again and shows the chosen one, else the newest that is finished. */
  refresh(): void {
    this.history.refresh();
  }

  /** @param folder the run to show from now on; none: always the newest */
  choose(folder: string | undefined): void {
    void this.state.update(stateKey, { ...this.settings, run: folder });
    this.refresh();
  }

  /** Shows a run and brings the view to the front. */
  async reveal(folder: string): Promise<void> {
    this.choose(folder);
    await vscode.commands.executeCommand(`${views.experts}.focus`);
  }

  /** Changes which experts are shown and how they are sorted. */
  show(filter: Partial<ExpertFilter>): void {
    void this.state.update(stateKey, { ...this.settings, ...filter });
    this.update();
  }

  /** Shows again what is: a checkbox may have been set to what cannot be. */
  redraw(): void {
    this.changed.fire();
  }

  getChildren(row?: Row): Row[] {
    if (row) return row.kind === 'layer' ? row.experts : [];
    const { current } = this;
    const mask = this.mask;
    // Not earlier: a message that is set while the welcome text is shown gets no room above the rows.
    this.tree.message = current && [titleOf(current.run), ...(mask ? [maskText(mask)] : [])].join(' · ');
    this.tree.description = mask && t('masked: {0}', mask.name);
    return current ? expertRows(current.result, this.settings) : [];
  }

  getTreeItem(row: Row): vscode.TreeItem {
    return row.kind === 'layer' ? this.layerItem(row) : this.expertItem(row);
  }

  dispose(): void {
    for (const subscription of this.subscriptions) subscription.dispose();
  }

  /** The active set, if it is for the model that is shown. */
  private get mask(): MaskedSet | undefined {
    return this.current && this.masks.activeFor(this.current.run.record.model.path);
  }

  private get settings(): v.InferOutput<typeof StateSchema> {
    const parsed = v.safeParse(StateSchema, this.state.get(stateKey));
    return parsed.success ? parsed.output : v.parse(StateSchema, {});
  }

  private update(): void {
    this.fresh = false;
    const { order, contextFaithfulOnly } = this.settings;
    const keys = {
      [contextKeys.hasRun]: this.current !== undefined,
      [contextKeys.expertsByChange]: order === 'change',
      [contextKeys.contextFaithfulOnly]: contextFaithfulOnly,
    };
    for (const [key, value] of Object.entries(keys))
      void vscode.commands.executeCommand('setContext', key, value);
    this.changed.fire();
  }

  private read(run: Run): ShownRun | undefined {
    try {
      return { run, result: readContextDependence(run) };
    } catch (error) {
      this.log.warn(messageOf(error));
      return undefined;
    }
  }

  private layerItem(row: LayerRow): vscode.TreeItem {
    const item = new vscode.TreeItem(t('Layer {0}', row.layer), vscode.TreeItemCollapsibleState.Collapsed);
    const { experts } = partOf(row);
    const masked = experts.length > 0 && experts.every(e => isMasked(this.mask, row.layer, e));
    item.id = `layer-${row.layer}`;
    item.description = layerDescription(row);
    item.tooltip = t('Layer {0}: {1} experts, by their share of the routing', row.layer, row.experts.length);
    item.iconPath = new vscode.ThemeIcon('layers');
    item.contextValue = 'layer';
    if (experts.length > 0)
      item.checkboxState = checkbox(
        masked,
        masked ? t('Use all context-faithful experts again') : t('Mask all context-faithful experts'),
      );
    return item;
  }

  private expertItem(row: ExpertRow): vscode.TreeItem {
    const item = new vscode.TreeItem(expertLabel(row));
    const masked = isMasked(this.mask, row.layer, row.expert);
    item.id = `expert-${row.layer}-${row.expert}`;
    item.description = (masked ? `${t('masked')}  ` : '') + expertDescription(row);
    item.tooltip = this.shown && expertTooltip(row, this.shown.result);
    item.contextValue = masked ? 'expert masked' : 'expert used';
    item.checkboxState = checkbox(masked, masked ? t('Use this expert again') : t('Mask this expert'));
    return item;
  }
}

function checkbox(checked: boolean, tooltip: string): vscode.TreeItem['checkboxState'] {
  const { Checked, Unchecked } = vscode.TreeItemCheckboxState;
  return { state: checked ? Checked : Unchecked, tooltip };
}

/** What the checkbox of a row stands for: an expert, or all context-faithful ones of a layer. */
function partOf(row: Row): { layer: number; experts: readonly number[] } {
  return { layer: row.layer, experts: row.kind === 'layer' ? row.contextFaithful : [row.expert] };
}

function titleOf({ record, id }: Run): string {
  return `${record.model.name} · ${id}`;
}

function maskText(mask: MaskedSet): string {
  return t('masked: {0} ({1})', mask.name, maskSize(mask));
}
