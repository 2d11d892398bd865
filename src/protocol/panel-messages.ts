/** @file Messages between the extension and the Routing panel. Both ends validate what they receive. */
import * as v from 'valibot';

import { RoutingViewSchema } from './routing-view';

/** Position of a token in `RoutingView.tokens`, or null for none. */
const token = v.nullable(v.pipe(v.number(), v.integer(), v.minValue(0)));

/** Extension → panel. Nothing is sent before the panel said `ready`. */
export const ToRoutingPanelSchema = v.variant('type', [
  /** Replaces whatever is shown. `stale`: the traced document was edited since. */
  v.object({ type: v.literal('show'), view: RoutingViewSchema, stale: v.optional(v.boolean()) }),
  /** A trace is running; `text` says what is being done. */
  v.object({ type: v.literal('busy'), text: v.string() }),
  /** Nothing can be shown; `text` is one line that says why and what to do. */
  v.object({ type: v.literal('error'), text: v.string() }),
  /** The editor's cursor is on this token. */
  v.object({ type: v.literal('select-token'), token }),
]);
export type ToRoutingPanel = v.InferOutput<typeof ToRoutingPanelSchema>;

/** Panel → extension. */
export const FromRoutingPanelSchema = v.variant('type', [
  /** The page's script runs and listens. */
  v.object({ type: v.literal('ready') }),
  /** The pointer is on this token: the editor marks it. */
  v.object({ type: v.literal('hover-token'), token }),
  /** The user asks for this token's place in the editor. */
  v.object({ type: v.literal('reveal-token'), token: v.pipe(v.number(), v.integer(), v.minValue(0)) }),
]);
export type FromRoutingPanel = v.InferOutput<typeof FromRoutingPanelSchema>;
