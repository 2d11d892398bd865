/** @file What an agent in the editor may ask for; a test compares this with `languageModelTools` of package.json. */
import * as v from 'valibot';

import { InputError } from '../../common/errors';

const path = v.pipe(v.string(), v.minLength(1));
const count = v.pipe(v.number(), v.integer(), v.minValue(1));

/** Which experts does this prompt use? */
export const TraceInputSchema = v.object({
  prompt: v.pipe(v.string(), v.regex(/\S/, 'must not be empty')),
  /** Checkpoint folder; default: the one chosen in this window. */
  model: v.optional(path),
});
export type TraceInput = v.InferOutput<typeof TraceInputSchema>;

/** Run Router Lens on this dataset. */
export const IdentifyInputSchema = v.object({
  /** A file of the dataset; training, development and test files belong together by their names. */
  dataset: path,
  model: v.optional(path),
  /** Context-faithful experts listed for each layer. */
  k: v.optional(count),
  /** Training samples used at most. */
  limit_train: v.optional(count),
});
export type IdentifyInput = v.InferOutput<typeof IdentifyInputSchema>;

/** @throws InputError that names the field, for the agent to correct */
export function parseToolInput<S extends v.GenericSchema>(schema: S, input: unknown): v.InferOutput<S> {
  const parsed = v.safeParse(schema, input);
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  throw new InputError(`Input of the tool: ${v.getDotPath(issue) ?? 'all'}: ${issue.message}.`);
}
