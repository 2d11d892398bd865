/** @file Entry point of the routing panel: messages of the extension in, the user's doings out. */
import '../shared/localisation';

import { Panel } from './panel';
import { initialState, saved, Store, withView } from './state';
import { listen, post, savedState, saveState } from './vscode-api';

const kept = savedState();

const panel = new Panel(() => store, {
  hover: token => post({ type: 'hover-token', token: token ?? null }),
  reveal: token => post({ type: 'reveal-token', token }),
});

const store = new Store(
  { ...initialState, ...(kept && { mode: kept.mode, quantity: kept.quantity, layer: kept.layer }) },
  (now, before) => {
    panel.update(now, before);
    // Not before the first view: it is what a kept pin belongs to.
    if (now.view) saveState(saved(now));
  },
);

listen(
  message => {
    switch (message.type) {
      case 'show':
        store.set(withView(store.state, message.view, message.stale ?? false, savedState()));
        break;
      case 'busy':
        store.set({ busy: message.text, error: undefined });
        break;
      case 'error':
        store.set({ error: message.text, busy: undefined });
        break;
      case 'select-token': {
        const { view, latest } = store.state;
        if (message.token !== null && message.token >= (view?.tokens.length ?? 0)) break;
        store.set({
          hovered: message.token === null ? undefined : { token: message.token },
          latest: message.token ?? latest,
        });
        if (message.token !== null) panel.bringIntoView(message.token);
        break;
      }
    }
  },
  line => store.set({ error: line, busy: undefined }),
);

panel.update(store.state, undefined);
post({ type: 'ready' });
