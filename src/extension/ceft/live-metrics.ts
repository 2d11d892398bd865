/** @file The curves of a training in the side bar: gathered line by line, thinned out to what a small picture shows. */
import type { MetricLine } from '../../protocol/artifacts';
import type { CeftTraining } from '../../protocol/ceft-messages';
import type { NewLines } from '../runs/run-lines';

interface Point {
  step: number;
  value: number;
}

/** Points that a curve is thinned out to. */
const shown = 200;

export class LiveMetrics {
  private loss: Point[] = [];
  private devLoss: Point[] = [];
  private devEm: Point[] = [];

  add({ lines, fromStart }: NewLines<MetricLine>): void {
    if (fromStart) [this.loss, this.devLoss, this.devEm] = [[], [], []];
    for (const line of lines) this.addLine(line);
  }

  curves(): Pick<CeftTraining, 'loss' | 'dev' | 'dev_is_em'> {
    const isEm = this.devEm.length > 0;
    return { loss: thinned(this.loss), dev: thinned(isEm ? this.devEm : this.devLoss), dev_is_em: isEm };
  }

  private addLine(line: MetricLine): void {
    if (!('split' in line)) this.loss.push({ step: line.step, value: line.loss });
    else if (line.split === 'dev') {
      this.devLoss.push({ step: line.step, value: line.loss });
      if (line.em !== undefined) this.devEm.push({ step: line.step, value: line.em });
    }
  }
}

/** Evenly chosen points, the first and the last among them. */
export function thinned(points: readonly Point[], limit = shown): Point[] {
  if (points.length <= limit) return [...points];
  const last = points.length - 1;
  return Array.from({ length: limit }, (_, i) => points[Math.round((i * last) / (limit - 1))]);
}
