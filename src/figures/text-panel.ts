/** @file A text whose words are tinted by a number each, with line breaks where it has them or where a line is full. */
import type { Panel } from './figure';
import { divergingColour } from './matrix-panel';
import { ink, muted, paper } from './style';
import { element, label, translated } from './svg';

export interface TintedPiece {
  readonly text: string;
  readonly value: number;
  /** Drawn with a line below. */
  readonly underlined?: boolean;
}

const characterWidth = 7.3;
const lineHeight = 24;
const columns = 104;
const scaleHeight = 46;

/** @param format of the numbers at the ends of the colour scale */
export function textPanel(pieces: readonly TintedPiece[], format: (value: number) => string): Panel {
  const largest = Math.max(...pieces.map(({ value }) => Math.abs(value)), 1e-12);
  let [column, row, rows] = [0, 0, 0];
  const drawn = pieces.flatMap(({ text, value, underlined }) => {
    const breaks = text.split('\n').length - 1;
    const shown = text.replaceAll('\n', '');
    const length = [...shown].length;
    if (column > 0 && column + length > columns) [column, row] = [0, row + 1];
    const place = [column * characterWidth, scaleHeight + row * lineHeight] as const;
    if (length > 0) rows = row + 1;
    [column, row] = breaks > 0 ? [0, row + breaks] : [column + length, row];
    return length === 0 ? [] : [piece(shown, length, place, value / largest, underlined === true)];
  });
  return {
    width: columns * characterWidth,
    height: scaleHeight + rows * lineHeight,
    content: [colourScale(largest, format), ...drawn].join(''),
  };
}

function piece(
  text: string,
  length: number,
  [x, y]: readonly [number, number],
  position: number,
  underlined: boolean,
): string {
  const width = length * characterWidth;
  return [
    element('rect', { x, y, width, height: lineHeight - 5, fill: divergingColour(position) }),
    label(x, y + (lineHeight - 5) / 2, text, {
      'font-family': 'ui-monospace, Menlo, Consolas, monospace',
      textLength: width,
      lengthAdjust: 'spacingAndGlyphs',
      'xml:space': 'preserve',
      fill: Math.abs(position) > 0.6 ? paper : ink,
    }),
    ...(underlined ? [element('rect', { x, y: y + lineHeight - 5, width, height: 2, fill: ink })] : []),
  ].join('');
}

function colourScale(largest: number, format: (value: number) => string): string {
  const steps = 41;
  const width = 200 / steps;
  const cells = Array.from({ length: steps }, (_, i) =>
    element('rect', {
      x: 70 + i * width,
      width: width + 0.5,
      height: 12,
      fill: divergingColour((2 * i) / (steps - 1) - 1),
    }),
  );
  return translated(
    0,
    4,
    label(62, 6, format(-largest), { 'text-anchor': 'end', fill: muted }),
    ...cells,
    label(278, 6, format(largest), { fill: muted }),
  );
}
