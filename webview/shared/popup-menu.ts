/** @file A button with a menu below it, for pointer and keyboard (WAI-ARIA menu button). */
import './popup-menu.css';

import { element } from './dom';

export interface MenuItem {
  name: string;
  run: () => void;
}

/** @param button its accessible name, and what stands on it */
export function popupMenu(button: { label: string; text: string }, items: readonly MenuItem[]): HTMLElement {
  const opener = element(
    'button',
    { type: 'button', 'aria-haspopup': 'menu', 'aria-expanded': 'false', 'aria-label': button.label },
    button.text,
  );
  opener.title = button.label;
  const entries = items.map(({ name }) =>
    element('button', { type: 'button', role: 'menuitem', tabindex: -1 }, name),
  );
  const list = element('span', { role: 'menu', 'aria-label': button.label, hidden: true }, ...entries);
  const root = element('span', { class: 'popup-menu' }, opener, list);

  const close = (): void => {
    list.hidden = true;
    opener.setAttribute('aria-expanded', 'false');
  };
  const open = (at: number): void => {
    list.hidden = false;
    opener.setAttribute('aria-expanded', 'true');
    entries[at].focus();
  };
  opener.addEventListener('click', () => (list.hidden ? open(0) : close()));
  entries.forEach((entry, i) =>
    entry.addEventListener('click', () => {
      close();
      opener.focus();
      items[i].run();
    }),
  );
  root.addEventListener('focusout', event => {
    if (!(event.relatedTarget instanceof Node && root.contains(event.relatedTarget))) close();
  });
  root.addEventListener('keydown', event => {
    const at = entries.findIndex(entry => entry === document.activeElement);
    const last = entries.length - 1;
    const goals: Record<string, number> = {
      ArrowDown: at === last ? 0 : at + 1,
      ArrowUp: at <= 0 ? last : at - 1,
      Home: 0,
      End: last,
    };
    if (event.key === 'Escape' && !list.hidden) {
      close();
      opener.focus();
    } else if (event.key in goals) open(goals[event.key]);
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  return root;
}
