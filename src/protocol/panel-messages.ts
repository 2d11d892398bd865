/** @file Messages between the extension and the Routing panel. Both ends validate what they receive. */
import * as v from 'valibot';

import { AttentionHeadsResultSchema } from './attention-heads';
import { ExpertExamplesResultSchema } from './expert-examples';
import { RoutingViewSchema } from './routing-view';
import { SaveFileMessageSchema } from './save-file';

const index = v.pipe(v.number(), v.integer(), v.minValue(0));
/** Position of a token in `RoutingView.tokens`, or null for none. */
const token = v.nullable(index);
/** The panel's number for a question, which answers refer to. */
const id = index;

/** Experts that an ablation switches off in every layer; `set`: the named set that is active in the window. */
export const ablationMasks = ['none', 'faithful', 'original', 'random', 'set'] as const;
export type AblationMask = (typeof ablationMasks)[number];

/** What the panel asks the engine for, about the prompt that it shows. */
export const PanelQuestionSchema = v.variant('kind', [
  v.object({
    kind: v.literal('ablation'),
    masks: v.array(v.picklist(ablationMasks)),
    /** Other words in the place of the context (of the whole prompt, where it has none): asked besides the present ones. */
    edited: v.optional(v.string()),
  }),
  v.object({ kind: v.literal('attention-heads'), token: index }),
  v.object({ kind: v.literal('expert-examples'), layer: index, expert: index }),
]);
export type PanelQuestion = v.InferOutput<typeof PanelQuestionSchema>;

const probability = v.pipe(v.number(), v.minValue(0), v.maxValue(1));

export const AblationOutcomeSchema = v.object({
  /** What the probabilities `reference` are of. */
  reference: v.string(),
  outcomes: v.array(
    v.object({
      mask: v.picklist(ablationMasks),
      edited: v.boolean(),
      answer: v.string(),
      answer_probability: probability,
      reference_probability: probability,
    }),
  ),
});
export type AblationOutcome = v.InferOutput<typeof AblationOutcomeSchema>;

export const PanelAnswerSchema = v.variant('kind', [
  v.object({ kind: v.literal('ablation'), result: AblationOutcomeSchema }),
  v.object({ kind: v.literal('attention-heads'), result: AttentionHeadsResultSchema }),
  v.object({
    kind: v.literal('expert-examples'),
    /** Name of the dataset's file. */
    file: v.string(),
    result: ExpertExamplesResultSchema,
  }),
]);
export type PanelAnswer = v.InferOutput<typeof PanelAnswerSchema>;

/** Extension → panel. Nothing is sent before the panel said `ready`. */
export const ToRoutingPanelSchema = v.variant('type', [
  /** Replaces whatever is shown. `stale`: the traced document was edited since. */
  v.object({
    type: v.literal('show'),
    view: RoutingViewSchema,
    stale: v.optional(v.boolean()),
    /** What the page asked to keep last, perhaps before it was closed. */
    kept: v.optional(v.unknown()),
  }),
  /** The traced document was edited since, or is again what was traced. */
  v.object({ type: v.literal('stale'), stale: v.boolean() }),
  /** A trace is running; `text` says what is being done. */
  v.object({ type: v.literal('busy'), text: v.string() }),
  /** Nothing can be shown; `text` is one line that says why and what to do. */
  v.object({ type: v.literal('error'), text: v.string() }),
  /** The editor's cursor is on this token. */
  v.object({ type: v.literal('select-token'), token }),
  /** A token was clicked in the editor: it is pinned, or freed where it was pinned already. */
  v.object({ type: v.literal('toggle-pin'), token: index }),
  /** The user asked to compare base and tuned. */
  v.object({ type: v.literal('compare') }),
  /** The named set of masked experts that is active in the window, or null. */
  v.object({ type: v.literal('masked-set'), name: v.nullable(v.string()) }),
  v.object({ type: v.literal('answer'), id, answer: PanelAnswerSchema }),
  /** One line that says why there is no answer; empty after the user cancelled. */
  v.object({ type: v.literal('failed'), id, text: v.string() }),
  v.object({ type: v.literal('progress'), id, text: v.string() }),
]);
export type ToRoutingPanel = v.InferOutput<typeof ToRoutingPanelSchema>;

/** Panel → extension. */
export const FromRoutingPanelSchema = v.variant('type', [
  /** The page's script runs and listens. */
  v.object({ type: v.literal('ready') }),
  /** What the page wants back when it is opened again: the user's choices. */
  v.object({ type: v.literal('keep'), state: v.unknown() }),
  /** The pointer is on this token: the editor marks it. */
  v.object({ type: v.literal('hover-token'), token }),
  /** This token is pinned: the editor marks it until another one is. */
  v.object({ type: v.literal('pin-token'), token }),
  /** The user asks for this token's place in the editor. */
  v.object({ type: v.literal('reveal-token'), token: index }),
  v.object({ type: v.literal('ask'), id, question: PanelQuestionSchema }),
  /** The answer is no longer wanted. */
  v.object({ type: v.literal('cancel'), id }),
  /** The user asks for the routing of a sample that an example of an expert comes from. */
  v.object({ type: v.literal('trace-example'), sample: index }),
  SaveFileMessageSchema,
]);
export type FromRoutingPanel = v.InferOutput<typeof FromRoutingPanelSchema>;
