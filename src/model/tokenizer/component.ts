/** @file What the components of tokenizer.json have in common: a type, options, and errors that name both. */
import * as v from 'valibot';

import { InputError } from '../../common/errors';

const typed = v.looseObject({ type: v.string() });

/** The `type` of a component. @throws InputError */
export function typeOf(config: unknown, kind: string): string {
  const parsed = v.safeParse(typed, config);
  if (!parsed.success) throw new InputError(`a ${kind} has no "type"`);
  return parsed.output.type;
}

/** The options of a component. @throws InputError naming the option that is wrong */
export function optionsOf<TSchema extends v.GenericSchema>(
  config: unknown,
  schema: TSchema,
  kind: string,
): v.InferOutput<TSchema> {
  const parsed = v.safeParse(schema, config);
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  throw new InputError(`${kind}: "${v.getDotPath(issue) ?? ''}": ${issue.message}`);
}

/** @throws InputError always */
export function unsupported(kind: string, type: string): never {
  throw new InputError(`${kind} ${JSON.stringify(type)} is not supported`);
}
