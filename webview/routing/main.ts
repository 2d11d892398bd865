/** @file Entry point of the routing panel: messages of the extension in, the user's doings out. */
import '../shared/localisation';

import { Panel } from './panel';
import { initialState, readSaved, restored, saved, Store, withView } from './state';
import { ask, listen, post } from './vscode-api';

const panel = new Panel(() => store, {
  ask,
  save: post,
  hover: token => post({ type: 'hover-token', token: token ?? null }),
  reveal: token => post({ type: 'reveal-token', token }),
  trace: sample => post({ type: 'trace-example', sample }),
});

const store = new Store(initialState, (now, before) => {
  panel.update(now, before);
  if (now.pinned !== before.pinned || now.view !== before.view)
    post({ type: 'pin-token', token: now.pinned ?? null });
  // Not before the first view: it is what a kept pin belongs to. Hovering changes nothing that is kept.
  if (now.view && now.hovered === before.hovered) post({ type: 'keep', state: saved(now) });
});

listen(
  message => {
    const { view, latest } = store.state;
    const isShown = (token: number): boolean => token < (view?.tokens.length ?? 0);
    switch (message.type) {
      case 'show': {
        const kept = readSaved(message.kept);
        const before = view ? store.state : { ...restored(kept), maskedSet: store.state.maskedSet };
        store.set(withView(before, message.view, message.stale ?? false, kept));
        break;
      }
      case 'stale':
        store.set({ stale: message.stale });
        break;
      case 'busy':
        store.set({ busy: message.text, error: undefined });
        break;
      case 'error':
        store.set({ error: message.text, busy: undefined });
        break;
      case 'select-token':
        if (message.token !== null && !isShown(message.token)) break;
        store.set({
          hovered: message.token === null ? undefined : { token: message.token },
          latest: message.token ?? latest,
        });
        if (message.token !== null) panel.bringIntoView(message.token);
        break;
      case 'toggle-pin':
        if (isShown(message.token)) panel.togglePin(message.token);
        break;
      case 'compare':
        if (view?.tuned) store.set({ mode: 'difference' });
        break;
      case 'masked-set':
        store.set({ maskedSet: message.name ?? undefined });
        break;
    }
  },
  line => store.set({ error: line, busy: undefined }),
);

panel.update(store.state, undefined);
post({ type: 'ready' });
