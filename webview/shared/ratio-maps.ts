/** @file Heat maps of the context-dependence ratio, layers × experts: before, after and their difference, with one cross-hair. */
import './ratio-maps.css';

import { t } from '@vscode/l10n';

import { csv } from '../../src/figures/csv';
import { figure } from '../../src/figures/figure';
import { heatPanel } from '../../src/figures/heat-panel';
import type { ContextDependence } from '../../src/protocol/artifacts';
import { paintCells, type Scale } from './colour-scale';
import { element, section, table } from './dom';
import { integer, percent, percentagePoints } from './format';
import { HeatMap } from './heat-map';
import type { Cell } from './heat-map-geometry';
import { legend } from './legend';
import { type Picture, pictureMenu, type SaveFile } from './picture';
import { isFaithful, type Ratios, ratiosOf, type ShownRatios } from './ratios';
import type { Theme } from './theme';

interface Panel {
  of: 'base' | 'tuned' | 'difference';
  map: HeatMap;
  caption: HTMLElement;
  /** Menu of the picture, in the caption. */
  tools: HTMLElement;
}

interface RatioMapsOptions {
  /** Heading of the section, and what its elements are called in the page. */
  title?: string;
  name?: string;
  save?: SaveFile;
}

/** What the maps show of the statistics of a run. */
export function shownStatistics(content: ContextDependence): ShownRatios {
  return {
    ratios: ratiosOf(content),
    names: { base: t('Base'), tuned: t('Router-tuned') },
    meaning: t('share of a sample’s routing, mean over samples'),
    marked: { experts: content.ce, as: t('context-faithful') },
    count: content.count,
  };
}

export class RatioMaps {
  readonly root: HTMLElement;
  private readonly readout = element('span', { 'aria-live': 'polite' });
  private readonly panels: Panel[];
  private readonly numbers = element('details', {}, element('summary', {}, t('All numbers as a table')));
  private cell: Cell | undefined;

  constructor(
    private shown: ShownRatios,
    private theme: Theme,
    { title = t('Context-dependence ratio'), name = 'ratio-maps', save }: RatioMapsOptions = {},
  ) {
    const { root, note } = section(title, name);
    this.root = root;
    this.root.classList.add('ratio-maps');
    note.append(this.readout);
    this.panels = (['base', 'tuned', 'difference'] as const).map(of => ({
      of,
      map: new HeatMap(theme, { hover: cell => this.point(cell) }),
      caption: element('figcaption'),
      tools: element('span', { class: 'tools' }),
    }));
    const figures = this.panels.map(panel => {
      if (save) panel.tools.append(pictureMenu(this.pictureOf(panel), save).root);
      return element('figure', {}, panel.caption, panel.map.root);
    });
    // Many experts need the full width to keep their ★ readable.
    root.append(
      element('div', { class: this.experts > 16 ? 'maps stacked' : 'maps' }, ...figures),
      this.numbers,
    );
    // Made when it is opened, as it may have thousands of rows.
    this.numbers.addEventListener('toggle', () => this.showNumbers());
    this.draw(theme);
    this.point(undefined);
  }

  /** Other ratios of the same model. */
  update(shown: ShownRatios): void {
    this.shown = shown;
    this.draw(this.theme);
    this.point(this.cell);
    this.showNumbers();
  }

  /** Draws, or draws again in the colours of `theme`. */
  draw(theme: Theme): void {
    this.theme = theme;
    const { ratios, marked } = this.shown;
    const { layers } = ratios;
    const size = t('{0} layers × {1} experts', layers.length, this.experts);
    for (const { of, map, caption, tools } of this.panels) {
      const scale: Scale = of === 'difference' ? theme.data.diverging : theme.data.sequential;
      const [low, high] = ends(of, ratios);
      caption.replaceChildren(element('span', {}, this.nameOf(of)), legend(scale, low, high), tools);
      map.show(
        {
          rowLabels: layers.map(layer => `L${layer}`),
          columns: this.experts,
          pixels: paintCells(
            ratios[of].map(row => row.map(value => position(of, value, ratios))),
            scale,
          ),
          columnName: 'expert',
          description: t(
            '{0}: heat map of the context-dependence ratio, {1}. Arrow keys move the cross-hair. The same numbers stand in the table below.',
            this.nameOf(of),
            size,
          ),
          isMarked: ({ row, column }) => isFaithful({ ce: marked.experts }, layers[row], column),
        },
        theme,
      );
    }
  }

  /** Draws at once, for printing. */
  drawNow(): void {
    for (const { map } of this.panels) map.drawNow();
  }

  private get experts(): number {
    return this.shown.ratios.tuned.reduce((most, row) => Math.max(most, row.length), 0);
  }

  private nameOf(of: Panel['of']): string {
    return of === 'difference' ? t('Difference') : this.shown.names[of];
  }

  private point(cell: Cell | undefined): void {
    this.cell = cell;
    for (const { map } of this.panels) map.point(cell);
    const { meaning, marked } = this.shown;
    const hasMarks = Object.keys(marked.experts).length > 0;
    const unpointed = hasMarks ? `${meaning} · ★ ${marked.as}` : meaning;
    this.readout.textContent = cell ? this.words(cell) : unpointed;
  }

  private words({ row, column }: Cell): string {
    const { ratios, marked, count } = this.shown;
    const { base, tuned, difference, layers } = ratios;
    const layer = layers[row];
    const star = isFaithful({ ce: marked.experts }, layer, column) ? ' ★' : '';
    const change = percentagePoints(difference[row][column]);
    const words = [
      t('layer {0}', layer),
      t('expert {0}', column) + star,
      t('ratio {0} → {1} ({2})', percent(base[row][column] ?? 0), percent(tuned[row][column]), change),
      ...(count
        ? [t('count {0} → {1}', countOf(count.base, layer, column), countOf(count.tuned, layer, column))]
        : []),
    ];
    return words.join(' · ');
  }

  private showNumbers(): void {
    const [, old] = this.numbers.children;
    old?.remove();
    if (this.numbers.open) this.numbers.append(this.makeTable());
  }

  private makeTable(): HTMLElement {
    const { ratios, names, marked, count } = this.shown;
    const { layers, base, tuned, difference } = ratios;
    const rows = layers.flatMap((layer, row) =>
      tuned[row].map((ratio, expert) => [
        String(layer),
        `${expert}${isFaithful({ ce: marked.experts }, layer, expert) ? ' ★' : ''}`,
        percent(base[row][expert] ?? 0),
        percent(ratio),
        percentagePoints(difference[row][expert]),
        ...(count ? [countOf(count.base, layer, expert), countOf(count.tuned, layer, expert)] : []),
      ]),
    );
    const headings = [
      t('Layer'),
      t('Expert'),
      t('{0}: ratio', names.base),
      t('{0}: ratio', names.tuned),
      t('Difference'),
      ...(count ? [t('{0}: count', names.base), t('{0}: count', names.tuned)] : []),
    ];
    return table(t('Context-dependence ratio; ★ {0}', marked.as), headings, rows);
  }

  /** The map on paper, and its numbers, as they are when it is asked for. */
  private pictureOf({ of }: Panel): Picture {
    const name = (): string => t('Context-dependence ratio: {0}', this.nameOf(of));
    return {
      title: name,
      svg: () => {
        const { layers, [of]: values } = this.shown.ratios;
        const rows = layers.map(layer => `L${layer}`);
        return figure({ title: name(), panels: [heatPanel({ rows, columnName: 'expert', values })] });
      },
      csv: () => {
        const { layers, [of]: values } = this.shown.ratios;
        const experts = (values[0] ?? []).map((_, expert) => String(expert));
        return csv({ columns: ['layer', ...experts], rows: values.map((row, r) => [layers[r], ...row]) });
      },
    };
  }
}

/** Of a value on its scale, 0 to 1. */
function position(of: Panel['of'], value: number, { highest, largestChange }: Ratios): number {
  if (of === 'difference') return largestChange === 0 ? 0.5 : 0.5 + value / largestChange / 2;
  return highest === 0 ? 0 : value / highest;
}

/** Both ends of the scale in words. */
function ends(of: Panel['of'], { highest, largestChange }: Ratios): [string, string] {
  return of === 'difference'
    ? [percentagePoints(-largestChange), percentagePoints(largestChange)]
    : [percent(0), percent(highest)];
}

function countOf(counts: ContextDependence['count']['base'], layer: number, expert: number): string {
  return integer(counts[String(layer)]?.[expert] ?? 0);
}
