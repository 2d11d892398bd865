/** @file The panel's state over new views and reloads. */
import { describe, expect, it } from 'vitest';

import { smallView } from './small-view.fixture';
import { initialState, saved, shownToken, Store, withView } from './state';

describe('a new view', () => {
  it('shows the answer in the context first', () => {
    const state = withView(initialState, smallView, false, undefined);
    expect([state.mode, state.quantity, shownToken(state)]).toEqual(['tuned', 'ce_share', 0]);
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

  it('gets its pin back after a reload, another prompt does not', () => {
    const kept = saved({ ...withView(initialState, smallView, false, undefined), pinned: 1 });
    expect(withView(initialState, smallView, false, kept).pinned).toBe(1);
    expect(withView(initialState, { ...smallView, text: 'Rome??' }, false, kept).pinned).toBeUndefined();
  });

  it('ends what was said before', () => {
    const state = withView({ ...initialState, busy: 'Tracing', error: 'No' }, smallView, true, undefined);
    expect([state.busy, state.error, state.stale]).toEqual([undefined, undefined, true]);
  });
});

describe('the shown token', () => {
  const state = withView(initialState, smallView, false, undefined);
  it('is the pinned one, else the hovered one, else the latest', () => {
    expect(shownToken({ ...state, pinned: 1, hovered: { token: 0 } })).toBe(1);
    expect(shownToken({ ...state, hovered: { token: 1 } })).toBe(1);
    expect(shownToken({ ...state, latest: 1 })).toBe(1);
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
