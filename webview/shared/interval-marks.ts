/** @file Intervals in charts: a band around a line, a whisker on a bar. Drawn from `low` and `high` of the points. */
import type { Chart, Plugin } from 'chart.js';

/** A point as chart.js gets it; NaN where nothing is known. */
export interface PlottedPoint {
  x: number;
  y: number;
  low?: number | null;
  high?: number | null;
}

export type PlottedChart = Chart<'line' | 'bar', PlottedPoint[]>;

const bandOpacity = 0.18;

/** @param whiskerColour of bars' whiskers */
export function intervalMarks(whiskerColour: string): Plugin<'line' | 'bar'> {
  return {
    id: 'intervals',
    beforeDatasetsDraw: chart => eachInterval(chart as PlottedChart, 'line', drawBand),
    afterDatasetsDraw: chart =>
      eachInterval(chart as PlottedChart, 'bar', (context, places) => {
        context.strokeStyle = whiskerColour;
        for (const { low, high, across } of places) drawWhisker(context, low, high, across);
      }),
  };
}

/** An interval in pixels: from `low` to `high` along the values' axis, at `across` on the other. */
interface Place {
  low: number;
  high: number;
  across: number;
}

function eachInterval(
  chart: PlottedChart,
  type: 'line' | 'bar',
  draw: (context: CanvasRenderingContext2D, places: Place[]) => void,
): void {
  const { ctx: context, chartArea, scales } = chart;
  const values = type === 'line' ? scales.y : scales.x;
  context.save();
  context.beginPath();
  context.rect(chartArea.left, chartArea.top, chartArea.width, chartArea.height);
  context.clip();
  chart.data.datasets.forEach(({ data, borderColor }, i) => {
    const meta = chart.getDatasetMeta(i);
    if (meta.type !== type || !chart.isDatasetVisible(i)) return;
    if (typeof borderColor === 'string') context.fillStyle = borderColor;
    const places = data.flatMap(({ low, high }, p): Place[] => {
      if (typeof low !== 'number' || typeof high !== 'number') return [];
      const across =
        type === 'line' ? scales.x.getPixelForValue(data[p].x) : (meta.data[p] as { y: number }).y;
      return [{ low: values.getPixelForValue(low), high: values.getPixelForValue(high), across }];
    });
    draw(context, places);
  });
  context.restore();
}

function drawBand(context: CanvasRenderingContext2D, places: Place[]): void {
  if (places.length === 0) return;
  context.globalAlpha = bandOpacity;
  context.beginPath();
  for (const { across, high } of places) context.lineTo(across, high);
  for (const { across, low } of [...places].reverse()) context.lineTo(across, low);
  context.closePath();
  context.fill();
  context.globalAlpha = 1;
}

function drawWhisker(context: CanvasRenderingContext2D, low: number, high: number, y: number): void {
  context.lineWidth = 1.2;
  context.beginPath();
  context.moveTo(low, y);
  context.lineTo(high, y);
  for (const x of [low, high]) {
    context.moveTo(x, y - 3);
    context.lineTo(x, y + 3);
  }
  context.stroke();
}
