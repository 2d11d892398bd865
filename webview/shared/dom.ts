/** @file Building elements without markup: texts go in as text, never as HTML. */

type Attributes = Readonly<Record<string, string | number | boolean | undefined>>;

/** An element with attributes (`true` sets an empty one, `false` and `undefined` none) and children. */
export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue;
    made.setAttribute(name, value === true ? '' : String(value));
  }
  made.append(...children);
  return made;
}

/** A section with a heading and, at its right, a place for a note. */
export function section(title: string, name: string): { root: HTMLElement; note: HTMLElement } {
  const note = element('div', { class: 'note' });
  const heading = element('header', {}, element('h2', { id: `${name}-title` }, title), note);
  return { root: element('section', { class: name, 'aria-labelledby': `${name}-title` }, heading), note };
}

/** A table with a heading row; the first cell of every row is its heading. */
export function table(
  caption: string,
  headings: readonly string[],
  rows: readonly (readonly (Node | string)[])[],
): HTMLTableElement {
  const head = element('tr', {}, ...headings.map(text => element('th', { scope: 'col' }, text)));
  const body = rows.map(([first, ...rest]) =>
    element('tr', {}, element('th', { scope: 'row' }, first), ...rest.map(cell => element('td', {}, cell))),
  );
  return element(
    'table',
    {},
    element('caption', {}, caption),
    element('thead', {}, head),
    element('tbody', {}, ...body),
  );
}
