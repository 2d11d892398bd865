/** @file Numbers in large print, each with its name and a note: the content of a `<dl>`. */
import { element } from './dom';

export interface Headline {
  name: string;
  value: string;
  note: string;
}

export function headlineList(headlines: readonly Headline[]): HTMLElement[] {
  return headlines.map(({ name, value, note }) =>
    element(
      'div',
      {},
      element('dt', {}, name),
      element('dd', { class: 'value' }, value),
      element('dd', { class: 'note-line' }, note),
    ),
  );
}
