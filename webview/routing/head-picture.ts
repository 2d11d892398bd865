/** @file Figure and table of the attention of one token, head by head. On white paper. */
import { t } from '@vscode/l10n';

import { csv } from '../../src/figures/csv';
import { figure } from '../../src/figures/figure';
import type { AttentionHeadsResult } from '../../src/protocol/attention-heads';
import type { RoutingView } from '../../src/protocol/routing-view';
import { dataColours, type Rgb } from '../shared/colour-scale';
import { percent, percentagePoints, quotedToken } from '../shared/format';
import { gridPanel } from '../shared/grid-panel';
import type { Picture } from '../shared/picture';
import { position } from './grid';
import { headRange, headsOf, isHeadDifference, pooled } from './head-strips';
import type { Mode } from './quantities';

export interface ShownHeads {
  view: RoutingView;
  /** The one that attends. */
  token: number;
  result: AttentionHeadsResult;
  mode: Mode;
}

const paper: Rgb = [255, 255, 255];
const colours = dataColours(paper);
/** Columns of a strip at most, all strips of a layer together: what a figure can be wide. */
const widest = 900;

export function headPicture(shown: () => ShownHeads): Picture {
  return {
    title: () => t('Attention by head'),
    svg: () => headFigure(shown()),
    csv: () => {
      const { view, result } = shown();
      const { layers, base, tuned } = result;
      const rows = base.flatMap((heads, row) =>
        heads.flatMap((values, head) =>
          values.map((value, token) => [
            ...[layers[row], head, token, view.tokens[token].text],
            ...[value, tuned?.[row][head][token]],
          ]),
        ),
      );
      return csv({ columns: ['layer', 'head', 'token', 'text', 'base', 'tuned'], rows });
    },
  };
}

function headFigure({ view, token, result, mode }: ShownHeads): string {
  const values = headsOf(result, mode);
  const isDifference = isHeadDifference(result, mode);
  const range = headRange(values, isDifference);
  const scale = colours[isDifference ? 'diverging' : 'sequential'];
  // A gap of one column after each head.
  const buckets = Math.max(1, Math.min(token + 1, Math.floor(widest / result.heads) - 1));
  const strips = values.map(heads => heads.map(head => pooled(head, buckets)));
  const format = isDifference ? percentagePoints : percent;
  return figure({
    title: t('Attention by head from token {0} {1}', token, quotedToken(view.tokens[token].text)),
    note: [
      result.tuned === undefined ? sideName('base') : sideName(mode),
      t('a strip for each head, from the first token to this one'),
      t('from {0} (light) to {1} (dark)', format(range.low), format(range.high)),
    ].join(' · '),
    panels: [
      gridPanel({
        rowLabels: result.layers.map(layer => `L${layer}`),
        columns: result.heads * (buckets + 1),
        columnName: '',
        columnLabels: Array.from({ length: result.heads }, (_, head) => ({
          column: head * (buckets + 1) + (buckets - 1) / 2,
          text: `H${head}`,
        })),
        colourAt: (row, column) => {
          const [head, bucket] = [Math.floor(column / (buckets + 1)), column % (buckets + 1)];
          return bucket === buckets ? paper : scale(position(range, strips[row][head][bucket]));
        },
      }),
    ],
  });
}

function sideName(mode: Mode): string {
  switch (mode) {
    case 'base':
      return t('base');
    case 'tuned':
      return t('tuned');
    case 'difference':
      return t('tuned minus base');
  }
}
