/** @file Messages between the extension and the Analysis panel. Both ends validate what they receive. */
import * as v from 'valibot';

import { AnalysisResultSchema } from './analysis-results';
import { RunRecordSchema } from './artifacts';
import { SaveFileMessageSchema } from './save-file';

/** Extension → panel. Nothing is sent before the panel said `ready`. */
export const ToAnalysisPanelSchema = v.variant('type', [
  /** `folder`: absolute path, what the page keeps for a reload. */
  v.object({
    type: v.literal('show'),
    folder: v.string(),
    record: RunRecordSchema,
    result: AnalysisResultSchema,
  }),
  /** Nothing can be shown; `text` is one line that says why and what to do. */
  v.object({ type: v.literal('error'), text: v.string() }),
]);
export type ToAnalysisPanel = v.InferOutput<typeof ToAnalysisPanelSchema>;

/** Panel → extension. */
export const FromAnalysisPanelSchema = v.variant('type', [
  v.object({ type: v.literal('ready') }),
  SaveFileMessageSchema,
]);
export type FromAnalysisPanel = v.InferOutput<typeof FromAnalysisPanelSchema>;

/** What the page keeps over a reload. */
export const AnalysisPanelStateSchema = v.object({ run: v.string() });
export type AnalysisPanelState = v.InferOutput<typeof AnalysisPanelStateSchema>;
