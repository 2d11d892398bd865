/** @file How often each expert is chosen on the dev set, evaluation by evaluation. */
import type { Batch } from '../data/batches';
import type { Model } from '../model/model';
import type { RatioLine } from '../protocol/artifacts';
import type { ChosenExperts, RoutingWatch } from '../train/fine-tuning';
import { emptyStatistics, routingBySample } from './activation-statistics';
import type { ActivationStatistics } from './context-dependence';

/** Significant digits that are kept: what the eye can tell apart on a heat map, and more. */
const digits = 5;

export class DevRatios implements RoutingWatch {
  private statistics: ActivationStatistics;

  /** @param write is given a line for each evaluation */
  constructor(
    private readonly model: Model,
    private readonly write: (line: RatioLine) => void,
  ) {
    this.statistics = emptyStatistics(model);
  }

  add(batch: Batch, chosen: ChosenExperts): void {
    for (const sample of routingBySample(this.model, batch, chosen)) this.statistics.add(sample);
  }

  end(step: number): void {
    const ratios = Object.entries(this.statistics.ratios());
    this.statistics = emptyStatistics(this.model);
    const rounded = ratios.map(([layer, values]) => [layer, values.map(round)] as const);
    this.write({ step, ratio: Object.fromEntries(rounded) });
  }
}

function round(value: number): number {
  return Number(value.toPrecision(digits));
}
