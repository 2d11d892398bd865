/** @file Commands that mask experts: one by one, as a set that is chosen, or none. */
import { t } from '@vscode/l10n';
import * as v from 'valibot';
import * as vscode from 'vscode';

import { InputError } from '../../common/errors';
import { type CommandGroup, parseOptions } from '../command-group';
import type { ExpertsView, ShownRun } from '../experts/experts-view';
import type { MaskStore } from './mask-store';
import { type MaskedSet, maskSize, nameProblem, randomLike, withMasked, withoutMasked } from './masked-set';

const index = v.pipe(v.number(), v.integer(), v.minValue(0));
const ExpertSchema = v.object({ layer: index, expert: index });
const NameSchema = v.object({ name: v.optional(v.string()) });

export type MaskCommand = 'maskExpert' | 'unmaskExpert' | 'clearMasks' | 'saveMask' | 'chooseMask';

export class MaskCommands {
  readonly commands: CommandGroup<MaskCommand> = {
    maskExpert: row => {
      const { layer, expert } = parseOptions(ExpertSchema, row);
      return this.mask(layer, [expert], true);
    },
    unmaskExpert: row => {
      const { layer, expert } = parseOptions(ExpertSchema, row);
      return this.mask(layer, [expert], false);
    },
    clearMasks: () => this.store.activate(undefined),
    saveMask: options => this.save(parseOptions(NameSchema, options)),
    chooseMask: options => this.choose(parseOptions(NameSchema, options)),
  };

  constructor(
    private readonly store: MaskStore,
    private readonly experts: Pick<ExpertsView, 'current'>,
  ) {}

  /** Switches experts of a layer off or on again, in the active set. @throws InputError if too few would be left */
  async mask(layer: number, experts: readonly number[], masked: boolean): Promise<void> {
    const { run, result } = this.shown();
    const active = this.store.activeFor(run.record.model.path) ?? unnamed(run.record.model.path);
    const changed = masked
      ? withMasked(active.experts, layer, experts, result)
      : withoutMasked(active.experts, layer, experts);
    await this.store.activate({ ...active, experts: changed });
  }

  private async save({ name: given }: v.InferOutput<typeof NameSchema>): Promise<void> {
    const { active } = this.store;
    if (!active) throw new InputError(t('Nothing is masked: check experts in the Experts view first.'));
    const name =
      given ??
      (await vscode.window.showInputBox({
        title: t('Router Lens: Save Masked Set'),
        prompt: t('Name of the set: {0}', maskSize(active)),
        value: active.name === unnamed().name ? '' : active.name,
        validateInput: nameProblem,
      }));
    if (name === undefined) return;
    const problem = nameProblem(name);
    if (problem !== undefined) throw new InputError(`${name}: ${problem}`);
    await this.store.save({ ...active, name });
  }

  private async choose({ name }: v.InferOutput<typeof NameSchema>): Promise<void> {
    if (name === undefined) return this.ask();
    const set = [...this.store.sets, ...this.presets()].find(each => each.name === name);
    if (!set) throw new InputError(t('There is no masked set “{0}”.', name));
    await this.store.activate(set);
  }

  private async ask(): Promise<void> {
    const choice = await pickSet(this.store, this.presets(), this.experts.current !== undefined);
    if (choice === 'none') await this.store.activate(undefined);
    else if (choice === 'random') await this.drawRandom();
    else if (choice) await this.store.activate(choice);
  }

  private presets(): MaskedSet[] {
    if (!this.experts.current) return [];
    const { run, result } = this.shown();
    const model = run.record.model.path;
    return [
      { name: t('Context-faithful experts (CE)'), model, experts: result.ce },
      { name: t('Original experts (OE)'), model, experts: result.oe },
    ];
  }

  private async drawRandom(): Promise<void> {
    const { run, result } = this.shown();
    const seed = await vscode.window.showInputBox({
      title: t('Router Lens: Random Experts'),
      prompt: t('Seed: as many random experts in each layer as there are context-faithful ones'),
      value: '0',
      validateInput: text => (/^-?\d+$/.test(text) ? undefined : t('A whole number is needed.')),
    });
    if (seed === undefined) return;
    await this.store.activate({
      name: t('Random experts, seed {0}', seed),
      model: run.record.model.path,
      experts: randomLike(result.ce, result.num_experts, Number(seed)),
    });
  }

  private shown(): ShownRun {
    const { current } = this.experts;
    if (!current) throw new InputError(t('No run is shown: identify the experts first.'));
    return current;
  }
}

function unnamed(model?: string): MaskedSet {
  return { name: t('Masked experts'), model, experts: {} };
}

type Choice = MaskedSet | 'none' | 'random';

/** @returns nothing when the user leaves */
async function pickSet(
  store: MaskStore,
  presets: readonly MaskedSet[],
  canDraw: boolean,
): Promise<Choice | undefined> {
  interface Item extends vscode.QuickPickItem {
    choice?: Choice;
  }
  const heading = (label: string): Item => ({ label, kind: vscode.QuickPickItemKind.Separator });
  const trash = { iconPath: new vscode.ThemeIcon('trash'), tooltip: t('Delete this set') };
  const itemOf = (set: MaskedSet, icon: string): Item => ({
    label: `$(${icon}) ${set.name}`,
    description: maskSize(set),
    choice: set,
  });
  const items = (): Item[] => [
    { label: `$(circle-slash) ${t('Nothing masked')}`, choice: 'none' },
    ...(store.sets.length > 0 ? [heading(t('Saved'))] : []),
    ...store.sets.map(set => ({ ...itemOf(set, 'eye-closed'), buttons: [trash] })),
    ...(canDraw ? [heading(t('Of the shown run'))] : []),
    ...presets.map(set => itemOf(set, 'star-empty')),
    ...(canDraw
      ? [
          {
            label: `$(sparkle) ${t('Random experts…')}`,
            description: t('as many as CE'),
            choice: 'random' as const,
          },
        ]
      : []),
  ];
  const pick = vscode.window.createQuickPick<Item>();
  pick.title = t('Router Lens: Masked Set');
  pick.placeholder = t('Experts that traces and evaluations switch off');
  pick.items = items();
  try {
    return await new Promise<Choice | undefined>(resolve => {
      pick.onDidAccept(() => resolve(pick.selectedItems[0]?.choice));
      pick.onDidHide(() => resolve(undefined));
      pick.onDidTriggerItemButton(({ item: { choice } }) => {
        if (typeof choice !== 'object') return;
        void store.remove(choice.name).then(() => (pick.items = items()));
      });
      pick.show();
    });
  } finally {
    pick.dispose();
  }
}
