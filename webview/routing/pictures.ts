/** @file Figures and tables of what the panel draws itself: the prompt, the heat map, the load of experts. On white paper. */
import { t } from '@vscode/l10n';

import { csv } from '../../src/figures/csv';
import { figure, type Panel } from '../../src/figures/figure';
import { ink, muted } from '../../src/figures/style';
import { element, label } from '../../src/figures/svg';
import type { RoutingView } from '../../src/protocol/routing-view';
import { cssColour, dataColours, readableOn, type Rgb } from '../shared/colour-scale';
import { gridPanel } from '../shared/grid-panel';
import type { Picture } from '../shared/picture';
import { expertLoad } from './expert-use';
import { type Grid, position } from './grid';
import { type Groups, groupText } from './groups';
import { type Quantity, quantityName } from './quantities';

/** What prompt and heat map show. */
export interface Coloured {
  view: RoutingView;
  groups: Groups;
  grid: Grid;
  quantity: Quantity;
}

const paper: Rgb = [255, 255, 255];
const black: Rgb = [0, 0, 0];
const colours = dataColours(paper);

export function mapPicture(shown: () => Coloured): Picture {
  return {
    title: () => t('Layers × tokens'),
    svg: () => {
      const { view, groups, grid, quantity } = shown();
      const panel = gridPanel({
        rowLabels: grid.layers.map(layer => `L${layer}`),
        columns: groups.count,
        columnName: groups.count === view.tokens.length ? t('token') : t('group'),
        colourAt: (row, column) => colours[grid.scale](position(grid, grid.rows[row][column])),
      });
      return figure({
        title: t('{0} by layer and token', quantityName(quantity)),
        note: scaleNote(shown()),
        panels: [panel],
      });
    },
    csv: () => {
      const { view, groups, grid } = shown();
      const rows = grid.layers.flatMap((layer, row) =>
        groups.list.map((group, column) => [
          ...[layer, group.from, group.to - 1],
          groupText(view, group),
          grid.rows[row][column],
        ]),
      );
      return csv({ columns: ['layer', 'first token', 'last token', 'text', 'value'], rows });
    },
  };
}

export function promptPicture(shown: () => Coloured): Picture {
  return {
    title: () => t('Prompt'),
    svg: () => {
      const { grid, quantity } = shown();
      const note = `${scaleNote(shown())} · ${grid.valuesAre}`;
      return figure({
        title: t('Prompt by {0}', quantityName(quantity)),
        note,
        panels: [promptPanel(shown())],
      });
    },
    csv: () => {
      const { view, groups, grid } = shown();
      const rows = groups.list.map((group, i) => [
        ...[group.from, group.to - 1],
        groupText(view, group),
        view.tokens[group.from].span,
        grid.values[i],
      ]);
      return csv({ columns: ['first token', 'last token', 'text', 'span', 'value'], rows });
    },
  };
}

export function loadPicture(shown: () => RoutingView): Picture {
  const loads = (): { base: number[][]; tuned: number[][] | undefined } => {
    const view = shown();
    return { base: expertLoad(view, view.base), tuned: view.tuned && expertLoad(view, view.tuned) };
  };
  return {
    title: () => t('Expert load by layer'),
    svg: () => {
      const { base, tuned } = loads();
      const note = tuned
        ? t('share of the prompt’s top-k places · bars: tuned · lines: base · orange and ★: context-faithful')
        : t('share of the prompt’s top-k places');
      return figure({ title: t('Expert load by layer'), note, panels: [loadPanel(shown(), base, tuned)] });
    },
    csv: () => {
      const view = shown();
      const { base, tuned } = loads();
      const rows = view.moe_layers.flatMap((layer, row) =>
        base[row].map((share, expert) => [
          ...[layer, expert, view.ce[String(layer)]?.includes(expert) ?? false],
          ...[share, tuned?.[row][expert]],
        ]),
      );
      return csv({ columns: ['layer', 'expert', 'context-faithful', 'base', 'tuned'], rows });
    },
  };
}

function scaleNote({ grid }: Coloured): string {
  const ends = t('from {0} (light) to {1} (dark)', grid.lowText, grid.highText);
  return [grid.caption, ends, grid.groupedAs].filter(Boolean).join(' · ');
}

const [characterWidth, lineHeight, columns] = [7.3, 24, 110];

/** The text in lines, as the page wraps it, in a font of fixed width. */
function promptPanel({ view, groups, grid }: Coloured): Panel {
  let [column, row] = [0, 0];
  const drawn = groups.list.flatMap((group, i) => {
    const background = colours[grid.scale](position(grid, grid.values[i]));
    const { span } = view.tokens[group.from];
    return groupText(view, group)
      .split('\n')
      .flatMap((line, part) => {
        if (part > 0) [column, row] = [0, row + 1];
        return wrapped(line).map(text => {
          const length = [...text].length;
          if (column > 0 && column + length > columns) [column, row] = [0, row + 1];
          const at = [column * characterWidth, row * lineHeight] as const;
          column += length;
          return piece(text, at, background, span === 'context');
        });
      });
  });
  return { width: columns * characterWidth, height: (row + 1) * lineHeight, content: drawn.join('') };
}

/** Parts that fit into a line. */
function wrapped(line: string): string[] {
  const characters = [...line];
  const parts = Math.ceil(characters.length / columns);
  return Array.from({ length: parts }, (_, i) => characters.slice(i * columns, (i + 1) * columns).join(''));
}

function piece(
  text: string,
  [x, y]: readonly [number, number],
  background: Rgb,
  underlined: boolean,
): string {
  const width = [...text].length * characterWidth;
  const height = lineHeight - 5;
  return [
    element('rect', { x, y, width, height, fill: cssColour(background) }),
    label(x, y + height / 2, text, {
      'font-family': 'ui-monospace, Menlo, Consolas, monospace',
      textLength: width,
      lengthAdjust: 'spacingAndGlyphs',
      'xml:space': 'preserve',
      fill: cssColour(readableOn(background, black)),
    }),
    ...(underlined ? [element('rect', { x, y: y + height, width, height: 2, fill: ink })] : []),
  ].join('');
}

const [stripWidth, stripHeight, stripGap, stripLeft] = [760, 44, 14, 44];

function loadPanel(
  view: RoutingView,
  base: readonly number[][],
  tuned: readonly number[][] | undefined,
): Panel {
  const most = Math.max(...[...base, ...(tuned ?? [])].map(row => Math.max(...row)), 1e-9);
  const slot = stripWidth / view.num_experts;
  const height = (share: number): number => (share / most) * stripHeight;
  const strips = view.moe_layers.map((layer, row) => {
    const floor = row * (stripHeight + stripGap) + stripHeight;
    const bars = base[row].flatMap((before, expert) => {
      const isFaithful = view.ce[String(layer)]?.includes(expert) ?? false;
      const x = stripLeft + expert * slot;
      const share = tuned ? tuned[row][expert] : before;
      const fill = isFaithful ? cssColour(colours.faithful) : '#8c959f';
      const [width, bar] = [slot * 0.85, height(share)];
      return [
        element('rect', { x, y: floor - bar, width, height: bar, fill }),
        ...(tuned
          ? [element('rect', { x, y: floor - height(before) - 0.75, width, height: 1.5, fill: ink })]
          : []),
        ...(isFaithful
          ? [label(x + width / 2, floor + 6, '★', { 'text-anchor': 'middle', 'font-size': 8, fill })]
          : []),
      ];
    });
    return [
      label(stripLeft - 8, floor - 8, `L${layer}`, { 'text-anchor': 'end', fill: muted }),
      ...bars,
    ].join('');
  });
  return {
    width: stripLeft + stripWidth,
    height: view.moe_layers.length * (stripHeight + stripGap),
    content: strips.join(''),
  };
}
