/** @file Reads the SVG that the figures write: strict about what XML asks for, blind to what they never use. */
export interface SvgElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  /** Text directly inside. */
  readonly text: string;
}

/** All elements in the order of their start tags. Throws if tags are not nested or a character is not escaped. */
export function svgElements(document: string): SvgElement[] {
  const body = document.replace(/^<\?xml version="1.0" encoding="UTF-8"\?>\n/, '').trimEnd();
  const found: { name: string; attributes: Record<string, string>; text: string }[] = [];
  const open: (typeof found)[number][] = [];
  const token = /<(\/?)([\w:-]+)((?: [\w:-]+="[^"<]*")*)(\/?)>|([^<>]+)/gy;
  while (token.lastIndex < body.length) {
    const at = token.lastIndex;
    const match = token.exec(body);
    if (!match) throw new Error(`not XML at ${at}: ${body.slice(at, at + 40)}`);
    const [, closing, name, attributes, empty, text] = match;
    if (text !== undefined) {
      if (/&(?!#\d+;)/.test(text)) throw new Error(`not escaped: ${text}`);
      open[open.length - 1].text += unescaped(text);
    } else if (closing) {
      if (open.pop()?.name !== name) throw new Error(`</${name}> closes another element`);
    } else {
      const pairs = [...attributes.matchAll(/([\w:-]+)="([^"]*)"/g)];
      const element = {
        name,
        attributes: Object.fromEntries(pairs.map(([, key, value]) => [key, unescaped(value)])),
        text: '',
      };
      found.push(element);
      if (!empty) open.push(element);
    }
    if (open.length === 0 && token.lastIndex < body.length) throw new Error('more than one root');
  }
  if (open.length > 0) throw new Error(`<${open[0].name}> is not closed`);
  return found;
}

function unescaped(text: string): string {
  return text.replace(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)));
}
