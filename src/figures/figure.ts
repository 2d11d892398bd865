/** @file A figure: title, key, panels side by side. Every chart of the analyses is a panel or two in it. */
import { baseColour, baseDash, type Dash, fontFamily, fontSize, ink, muted, paper, textWidth } from './style';
import { element, label, line, textElement, translated } from './svg';

/** A drawing with its origin at the upper left. */
export interface Panel {
  readonly width: number;
  readonly height: number;
  readonly content: string;
}

export interface KeyEntry {
  readonly name: string;
  readonly colour: string;
  readonly mark?: 'line' | 'square';
  /** Of a line. */
  readonly dash?: Dash;
  /** SVG around the origin, instead of a mark. */
  readonly symbol?: string;
}

export interface FigureOptions {
  readonly title: string;
  /** What is measured and how, one line. */
  readonly note?: string;
  readonly key?: readonly KeyEntry[];
  readonly panels: readonly Panel[];
}

const margin = 20;
const gap = 28;

/** The whole SVG document. */
export function figure({ title, note, key = [], panels }: FigureOptions): string {
  const keyHeight = key.length > 0 ? 24 : 0;
  const top = margin + 22 + (note === undefined ? 0 : 18) + keyHeight + 8;
  const content = panels.reduce((sum, panel) => sum + panel.width, (panels.length - 1) * gap);
  const titles = Math.max(textWidth(title, 16), textWidth(note ?? ''), keyWidth(key));
  const width = 2 * margin + Math.max(content, titles);
  const height = top + Math.max(...panels.map(panel => panel.height)) + margin;
  let left = margin;
  const placed = panels.map(panel => {
    const drawn = translated(left, top, panel.content);
    left += panel.width + gap;
    return drawn;
  });
  return `<?xml version="1.0" encoding="UTF-8"?>\n${element(
    'svg',
    {
      xmlns: 'http://www.w3.org/2000/svg',
      viewBox: `0 0 ${Math.ceil(width)} ${Math.ceil(height)}`,
      width: Math.ceil(width),
      height: Math.ceil(height),
      role: 'img',
      'font-family': fontFamily,
      'font-size': fontSize,
      fill: ink,
    },
    textElement('title', {}, title),
    ...(note === undefined ? [] : [textElement('desc', {}, note)]),
    element('rect', { width: '100%', height: '100%', fill: paper }),
    label(margin, margin + 8, title, { 'font-size': 16, 'font-weight': 600 }),
    ...(note === undefined ? [] : [label(margin, margin + 30, note, { fill: muted })]),
    translated(margin, top - keyHeight - 2, ...keyEntries(key)),
    ...placed,
  )}\n`;
}

const entryWidth = ({ name }: KeyEntry): number => 24 + textWidth(name) + 18;

function keyWidth(key: readonly KeyEntry[]): number {
  return key.reduce((sum, entry) => sum + entryWidth(entry), 0);
}

function keyEntries(key: readonly KeyEntry[]): string[] {
  let left = 0;
  return key.flatMap(entry => {
    const drawn = [translated(left, 4, symbolOf(entry)), label(left + 24, 4, entry.name)];
    left += entryWidth(entry);
    return drawn;
  });
}

function symbolOf({ colour, mark = 'line', dash = [], symbol }: KeyEntry): string {
  if (symbol !== undefined) return translated(9, 0, symbol);
  if (mark === 'square') return element('rect', { x: 3, y: -6, width: 12, height: 12, rx: 2, fill: colour });
  const dashes = dash.length > 0 ? dash.join(' ') : undefined;
  return line(0, 0, 18, 0, { stroke: colour, 'stroke-width': 2.2, 'stroke-dasharray': dashes });
}

/** The key of figures that compare the untuned with the tuned model. */
export const baseAndTuned = (tuned: string, colour: string): KeyEntry[] => [
  { name: 'base', colour: baseColour, dash: baseDash },
  { name: tuned, colour },
];
