/** @file The panel's state: what the extension sent, what the user chose. The choices survive a reload. */
import * as v from 'valibot';

import { ablationMasks, AblationOutcomeSchema } from '../../src/protocol/panel-messages';
import type { RoutingView } from '../../src/protocol/routing-view';
import { type Grouping, groupings } from './groups';
import {
  availableModes,
  availableQuantities,
  layersOf,
  type Mode,
  modes,
  quantities,
  type Quantity,
} from './quantities';
import { firstToShow } from './token-facts';

const index = v.pipe(v.number(), v.integer(), v.minValue(0));

const ExpertSchema = v.object({ layer: index, expert: index });
/** An expert of a layer. */
export type Expert = v.InferOutput<typeof ExpertSchema>;

const AblationSchema = v.object({
  masks: v.array(v.picklist(ablationMasks)),
  /** Words in the place of the context, where they were changed. */
  edited: v.optional(v.string()),
  outcome: v.optional(AblationOutcomeSchema),
});
export type Ablation = v.InferOutput<typeof AblationSchema>;

/** Attention of one head, which colours the prompt instead of the chosen quantity. */
export interface ChosenHead {
  /** The token that attends. */
  token: number;
  layer: number;
  head: number;
  /** [token] up to the one that attends. */
  values: readonly number[];
  isDifference: boolean;
}

export interface PanelState {
  view: RoutingView | undefined;
  /** The traced document was edited since. */
  stale: boolean;
  busy: string | undefined;
  error: string | undefined;
  mode: Mode;
  quantity: Quantity;
  grouping: Grouping;
  /** The layer that colours the prompt; undefined for the mean over all. */
  layer: number | undefined;
  pinned: number | undefined;
  /** What pointer, keyboard or the editor's cursor is on; the layer only where known. */
  hovered: { token?: number; layer?: number } | undefined;
  /** The token of the card while nothing is hovered or pinned: the last one that was. */
  latest: number;
  /** Whose tokens are marked. */
  expert: Expert | undefined;
  head: ChosenHead | undefined;
  ablation: Ablation;
  /** Name of the set of masked experts that is active in the window. */
  maskedSet: string | undefined;
}

const noAblation: Ablation = { masks: ['none', 'faithful', 'original', 'random'] };

export const initialState: PanelState = {
  view: undefined,
  stale: false,
  busy: undefined,
  error: undefined,
  mode: 'tuned',
  quantity: 'ce_share',
  grouping: 'token',
  layer: undefined,
  pinned: undefined,
  hovered: undefined,
  latest: 0,
  expert: undefined,
  head: undefined,
  ablation: noAblation,
  maskedSet: undefined,
};

/** What is kept over a reload. Some of it belongs to one prompt. */
export const SavedStateSchema = v.object({
  mode: v.picklist(modes),
  quantity: v.picklist(quantities),
  grouping: v.picklist(groupings),
  layer: v.optional(index),
  prompt: v.object({
    text: v.string(),
    pinned: v.optional(index),
    expert: v.optional(ExpertSchema),
    ablation: AblationSchema,
  }),
});
export type SavedState = v.InferOutput<typeof SavedStateSchema>;

/** The part of the state to keep. */
export function saved(state: PanelState): SavedState {
  const { mode, quantity, grouping, layer, pinned, expert, ablation, view } = state;
  return { mode, quantity, grouping, layer, prompt: { text: view?.text ?? '', pinned, expert, ablation } };
}

/** What was kept; undefined where it is nothing, or of another version. */
export function readSaved(kept: unknown): SavedState | undefined {
  const result = v.safeParse(SavedStateSchema, kept);
  return result.success ? result.output : undefined;
}

/** The choices of a kept state that hold for any prompt. */
export function restored(kept: SavedState | undefined): PanelState {
  if (!kept) return initialState;
  const { mode, quantity, grouping, layer } = kept;
  return { ...initialState, mode, quantity, grouping, layer };
}

/** The state with a new view, in which choices that it cannot show give way to ones that it can. */
export function withView(
  state: PanelState,
  view: RoutingView,
  stale: boolean,
  kept: SavedState | undefined,
): PanelState {
  const quantity = firstOf(availableQuantities(view), state.quantity, 'router_entropy');
  const again = kept?.prompt.text === view.text ? kept.prompt : undefined;
  const expert = again?.expert;
  return {
    ...state,
    view,
    stale,
    busy: undefined,
    error: undefined,
    mode: firstOf(availableModes(view), state.mode, 'base'),
    quantity,
    layer: layersOf(view, quantity).find(layer => layer === state.layer),
    pinned: again?.pinned !== undefined && again.pinned < view.tokens.length ? again.pinned : undefined,
    hovered: undefined,
    latest: firstToShow(view),
    expert: expert && view.moe_layers.includes(expert.layer) ? expert : undefined,
    head: undefined,
    ablation: again?.ablation ?? noAblation,
  };
}

/** The token that the card shows: a pin holds it against the pointer. */
export function shownToken(state: PanelState): number {
  return state.pinned ?? state.hovered?.token ?? state.latest;
}

function firstOf<T>(available: readonly T[], ...wanted: T[]): T {
  return wanted.find(candidate => available.includes(candidate)) ?? available[0];
}

/** Holds a state and tells its one listener of every change. */
export class Store {
  constructor(
    private current: PanelState,
    private readonly changed: (now: PanelState, before: PanelState) => void,
  ) {}

  get state(): PanelState {
    return this.current;
  }

  set(change: Partial<PanelState>): void {
    const before = this.current;
    this.current = { ...before, ...change };
    this.changed(this.current, before);
  }
}
