/** @file SVG as text: elements with escaped attributes and contents. */
export type Attributes = Readonly<Record<string, string | number | undefined>>;

/** An element around children that are SVG already. Numbers are rounded to hundredths; undefined attributes left out. */
export function element(name: string, attributes: Attributes, ...children: readonly string[]): string {
  const written = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(
      ([key, value]) => ` ${key}="${typeof value === 'number' ? rounded(value) : escaped(String(value))}"`,
    );
  const start = `<${name}${written.join('')}`;
  return children.length === 0 ? `${start}/>` : `${start}>${children.join('')}</${name}>`;
}

/** An element whose content is text. */
export function textElement(name: string, attributes: Attributes, content: string): string {
  return element(name, attributes, escaped(content));
}

/** A label: its `y` is that of the middle of the letters. */
export function label(x: number, y: number, content: string, attributes: Attributes = {}): string {
  return textElement('text', { x, y, 'dominant-baseline': 'central', ...attributes }, content);
}

export function line(x1: number, y1: number, x2: number, y2: number, attributes: Attributes): string {
  return element('line', { x1, y1, x2, y2, ...attributes });
}

/** A path through points. */
export function pathThrough(points: readonly (readonly [x: number, y: number])[]): string {
  return points.map(([x, y], i) => `${i === 0 ? 'M' : 'L'}${rounded(x)} ${rounded(y)}`).join('');
}

export function translated(x: number, y: number, ...children: readonly string[]): string {
  return element('g', { transform: `translate(${rounded(x)} ${rounded(y)})` }, ...children);
}

function rounded(value: number): string {
  return String(Math.round(value * 100) / 100);
}

/** Control characters cannot be written in XML at all. */
function escaped(text: string): string {
  return text
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '\ufffd')
    .replace(/[&<>"]/g, character => `&#${character.charCodeAt(0)};`);
}
