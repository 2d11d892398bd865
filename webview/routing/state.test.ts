/** @file The panel's state over new views and reloads. */
import { describe, expect, it } from 'vitest';

import { smallView } from './small-view.fixture';
import {
  initialState,
  type PanelState,
  readSaved,
  restored,
  saved,
  shownToken,
  Store,
  withView,
} from './state';

const shown: PanelState = withView(initialState, smallView, false, undefined);

describe('a new view', () => {
  it('shows the answer in the context first', () => {
    expect([shown.mode, shown.quantity, shownToken(shown)]).toEqual(['tuned', 'ce_share', 0]);
  });

  it('replaces choices that it cannot show', () => {
    const base = { ...smallView.base, ce_share: [] };
    const state = withView(
      { ...initialState, layer: 9 },
      { ...smallView, tuned: undefined, base },
      false,
      undefined,
    );
    expect([state.mode, state.quantity, state.layer]).toEqual(['base', 'router_entropy', undefined]);
  });

  it('gets back what belongs to it after a reload, another prompt does not', () => {
    const outcome = { reference: 'Rome', outcomes: [] };
    const kept = saved({
      ...shown,
      pinned: 1,
      expert: { layer: 2, expert: 3 },
      ablation: { masks: ['set'], edited: 'Rome?', outcome },
    });
    const again = withView(restored(kept), smallView, false, kept);
    expect([again.pinned, again.expert]).toEqual([1, { layer: 2, expert: 3 }]);
    expect(again.ablation).toEqual({ masks: ['set'], edited: 'Rome?', outcome });
    const other = withView(restored(kept), { ...smallView, text: 'Rome??' }, false, kept);
    expect([other.pinned, other.expert, other.ablation.outcome]).toEqual([undefined, undefined, undefined]);
  });

  it('is kept in a form that can be written and read; other things are not taken for it', () => {
    const kept = saved({ ...shown, pinned: 1 });
    expect(readSaved(JSON.parse(JSON.stringify(kept)))?.prompt.pinned).toBe(1);
    expect([readSaved(undefined), readSaved({ mode: 'sideways' })]).toEqual([undefined, undefined]);
  });

  it('takes over what was chosen for any prompt', () => {
    const kept = saved({ ...shown, mode: 'base', quantity: 'attention', grouping: 'sentence', layer: 0 });
    const { mode, quantity, grouping, layer } = withView(restored(kept), smallView, false, kept);
    expect([mode, quantity, grouping, layer]).toEqual(['base', 'attention', 'sentence', 0]);
  });

  it('ends what was said before', () => {
    const state = withView({ ...initialState, busy: 'Tracing', error: 'No' }, smallView, true, undefined);
    expect([state.busy, state.error, state.stale]).toEqual([undefined, undefined, true]);
  });
});

describe('the shown token', () => {
  it('is the pinned one, else the hovered one, else the latest', () => {
    expect(shownToken({ ...shown, pinned: 1, hovered: { token: 0 } })).toBe(1);
    expect(shownToken({ ...shown, hovered: { token: 1 } })).toBe(1);
    expect(shownToken({ ...shown, hovered: { layer: 1 }, latest: 1 })).toBe(1);
    expect(shownToken({ ...shown, latest: 1 })).toBe(1);
  });
});

describe('the store', () => {
  it('tells of every change with the state before it', () => {
    const changes: [string, string][] = [];
    const store = new Store(initialState, (now, before) => changes.push([before.mode, now.mode]));
    store.set({ mode: 'difference' });
    store.set({ mode: 'base' });
    expect(changes).toEqual([
      ['tuned', 'difference'],
      ['difference', 'base'],
    ]);
    expect(store.state.mode).toBe('base');
  });
});
