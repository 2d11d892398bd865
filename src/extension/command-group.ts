/** @file Commands as groups of functions: what they are given, how their options are checked and failures shown. */
import { t } from '@vscode/l10n';
import * as v from 'valibot';
import type * as vscode from 'vscode';

import { InputError } from '../common/errors';
import { showFailure } from './failure';
import type { CommandName } from './manifest';

/** What menus and callers pass. A menu of a tree passes the row, and all selected rows where several can be. */
export type CommandArguments = [argument?: unknown, selected?: unknown];

/** What each of some commands does. */
export type CommandGroup<Name extends CommandName> = Record<Name, (...given: CommandArguments) => unknown>;

/** Commands whose code is loaded when the first of them is run. */
export function loadedWhenRun<Name extends CommandName>(
  names: readonly Name[],
  load: () => Promise<CommandGroup<Name>>,
): CommandGroup<Name> {
  const entries = names.map(name => [
    name,
    async (...given: CommandArguments) => {
      const { [name]: run } = await load();
      return run(...given);
    },
  ]);
  return Object.fromEntries(entries) as CommandGroup<Name>;
}

/** Shows why a command failed. @throws that again, if the caller gave options */
export async function runCommand(
  run: (...given: CommandArguments) => unknown,
  given: CommandArguments,
  log: vscode.LogOutputChannel,
): Promise<unknown> {
  try {
    return await run(...given);
  } catch (error) {
    showFailure(error, log);
    // A caller with options is a program: it must learn of the failure.
    if (isOptions(given[0])) throw error;
    return undefined;
  }
}

/** Menus pass what was clicked on, e.g. a `Uri` or a row of a tree; options are plain objects. */
export function isOptions(argument: unknown): argument is object {
  return (
    typeof argument === 'object' && argument !== null && Object.getPrototypeOf(argument) === Object.prototype
  );
}

/** A row of a tree says what a command needs to know of it. */
function optionsOf(argument: unknown): object {
  if (isOptions(argument)) return argument;
  const { options } = (argument ?? {}) as { options?: unknown };
  return isOptions(options) ? options : {};
}

/**
 * @param argument options, or a row of a tree that has some
 * @throws InputError that names the option which is wrong
 */
export function parseOptions<S extends v.GenericSchema>(schema: S, argument: unknown): v.InferOutput<S> {
  const parsed = v.safeParse(schema, optionsOf(argument));
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  throw new InputError(
    t('Options of the command: {0}: {1}.', v.getDotPath(issue) ?? t('all'), issue.message),
  );
}
