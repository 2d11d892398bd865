/** @file An entry of a chart's key: how a series is drawn, its name; a press hides or shows it. */
import { t } from '@vscode/l10n';

import { colourOf, shapeOf } from './chart-configuration';
import { type ChartData, dashOf, type KeyItem } from './chart-data';
import { cssColour } from './colour-scale';
import { element } from './dom';
import type { Theme } from './theme';

export function keyButton(
  { name, tone }: KeyItem,
  kind: ChartData['kind'],
  theme: Theme,
  { shown, toggle }: { shown: boolean; toggle: (shown: boolean) => void },
): HTMLElement {
  const swatch = element('canvas', { width: 36, height: 20, 'aria-hidden': 'true' });
  const button = element('button', { type: 'button', 'aria-pressed': String(shown) }, swatch, name);
  button.title = t('Show or hide {0}', name);
  button.addEventListener('click', () => {
    const now = button.getAttribute('aria-pressed') !== 'true';
    button.setAttribute('aria-pressed', String(now));
    toggle(now);
  });
  const context = swatch.getContext('2d');
  if (context) draw(context, { name, tone }, kind, theme);
  return button;
}

/** At twice the size that it is shown in. */
function draw(
  context: CanvasRenderingContext2D,
  { tone }: KeyItem,
  kind: ChartData['kind'],
  theme: Theme,
): void {
  context.fillStyle = context.strokeStyle = cssColour(colourOf(tone, theme));
  if (kind === 'bars') context.fillRect(8, 0, 20, 20);
  else if (kind === 'lines') {
    context.lineWidth = 4;
    context.setLineDash(dashOf(tone).map(length => 2 * length));
    context.beginPath();
    context.moveTo(0, 10);
    context.lineTo(36, 10);
    context.stroke();
  } else context.fill(outlines[shapeOf(tone)]);
}

/** The shapes of points by the names that chart.js has for them. */
const outlines = {
  circle: new Path2D('M10 10a8 8 0 1 0 16 0a8 8 0 1 0 -16 0Z'),
  rect: new Path2D('M11 3H25V17H11Z'),
  triangle: new Path2D('M18 2L27 18H9Z'),
  rectRot: new Path2D('M18 1L27 10L18 19L9 10Z'),
  star: new Path2D('M16 1H20V19H16ZM9 8H27V12H9Z'),
};
