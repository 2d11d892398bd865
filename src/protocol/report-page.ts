/** @file The data of `report.html`, written into the page as JSON and read back by the page's script. */
import * as v from 'valibot';

import { ContextDependenceSchema, MetricLineSchema, RunRecordSchema } from './artifacts';

/** `id` of the page's `<script type="application/json">`. */
export const reportDataId = 'report-data';

export const ReportDataSchema = v.object({
  run: RunRecordSchema,
  metrics: v.array(MetricLineSchema),
  /** Absent when the run ended before the experts were identified. */
  context_dependence: v.optional(ContextDependenceSchema),
});
export type ReportData = v.InferOutput<typeof ReportDataSchema>;
