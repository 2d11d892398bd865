/** @file The panel's state: what the extension sent, what the user chose. The choices survive a reload. */
import * as v from 'valibot';

import type { RoutingView } from '../../src/protocol/routing-view';
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

export interface PanelState {
  view: RoutingView | undefined;
  /** The traced document was edited since. */
  stale: boolean;
  busy: string | undefined;
  error: string | undefined;
  mode: Mode;
  quantity: Quantity;
  /** The layer that colours the prompt; undefined for the mean over all. */
  layer: number | undefined;
  pinned: number | undefined;
  /** What pointer, keyboard or the editor's cursor is on; the row (of the heat map) only where known. */
  hovered: { token: number; row?: number } | undefined;
  /** The token of the card while nothing is hovered or pinned: the last one that was. */
  latest: number;
}

export const initialState: PanelState = {
  view: undefined,
  stale: false,
  busy: undefined,
  error: undefined,
  mode: 'tuned',
  quantity: 'ce_share',
  layer: undefined,
  pinned: undefined,
  hovered: undefined,
  latest: 0,
};

const index = v.pipe(v.number(), v.integer(), v.minValue(0));

/** What is kept over a reload. The pin belongs to one prompt. */
export const SavedStateSchema = v.object({
  mode: v.picklist(modes),
  quantity: v.picklist(quantities),
  layer: v.optional(index),
  pinned: v.optional(v.object({ prompt: v.string(), token: index })),
});
export type SavedState = v.InferOutput<typeof SavedStateSchema>;

/** The part of the state to keep. */
export function saved({ mode, quantity, layer, pinned, view }: PanelState): SavedState {
  return {
    mode,
    quantity,
    layer,
    pinned: view && pinned !== undefined ? { prompt: view.text, token: pinned } : undefined,
  };
}

/** The state with a new view, in which choices that it cannot show give way to ones that it can. */
export function withView(
  state: PanelState,
  view: RoutingView,
  stale: boolean,
  kept: SavedState | undefined,
): PanelState {
  const quantity = firstOf(availableQuantities(view), state.quantity);
  const pin = kept?.pinned?.prompt === view.text ? kept.pinned.token : undefined;
  return {
    ...state,
    view,
    stale,
    busy: undefined,
    error: undefined,
    mode: view.tuned ? state.mode : firstOf(availableModes(view), state.mode),
    quantity,
    layer: layersOf(view, quantity).find(layer => layer === state.layer),
    pinned: pin !== undefined && pin < view.tokens.length ? pin : undefined,
    hovered: undefined,
    latest: firstToShow(view),
  };
}

/** The token that the card shows: a pin holds it against the pointer. */
export function shownToken(state: PanelState): number {
  return state.pinned ?? state.hovered?.token ?? state.latest;
}

function firstOf<T>(available: readonly T[], wanted: T): T {
  return available.includes(wanted) ? wanted : available[0];
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
