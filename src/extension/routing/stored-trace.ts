/** @file A trace as it is kept for the next start of the window. */
import * as v from 'valibot';

import { TraceRequestSchema } from '../../protocol/jobs';
import { RoutingViewSchema } from '../../protocol/routing-view';

const StoredTraceSchema = v.object({
  view: RoutingViewSchema,
  request: TraceRequestSchema,
  traced: v.optional(
    v.object({ uri: v.string(), documentText: v.string(), start: v.number(), end: v.number() }),
  ),
});

/** @throws Error when the text is something else */
export function parseStoredTrace(text: string): v.InferOutput<typeof StoredTraceSchema> {
  return v.parse(StoredTraceSchema, JSON.parse(text));
}
