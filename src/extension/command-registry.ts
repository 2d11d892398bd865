/** @file Registers commands so that their failures are shown, and checks the options that they are given. */
import { t } from '@vscode/l10n';
import * as v from 'valibot';
import * as vscode from 'vscode';

import { InputError } from '../common/errors';
import { showFailure } from './failure';
import { commands } from './manifest';

type CommandName = keyof typeof commands;
type CommandId = (typeof commands)[CommandName];

/** What menus and callers pass. A menu of a tree passes the row, and all selected rows where several can be. */
type CommandArguments = [argument?: unknown, selected?: unknown];

/** What each of some commands does. */
export type CommandGroup<Name extends CommandName> = Record<Name, (...given: CommandArguments) => unknown>;

export class CommandRegistry implements vscode.Disposable {
  private readonly registered: vscode.Disposable[] = [];

  constructor(private readonly log: vscode.LogOutputChannel) {}

  register(command: CommandId, run: (...given: CommandArguments) => unknown): void {
    this.registered.push(
      vscode.commands.registerCommand(command, async (...given: CommandArguments) => {
        try {
          return await run(...given);
        } catch (error) {
          showFailure(error, this.log);
          // A caller with options is a program: it must learn of the failure.
          if (isOptions(given[0])) throw error;
        }
      }),
    );
  }

  /** Registers commands whose code is loaded when the first of them is run. */
  registerGroup<Name extends CommandName>(
    names: readonly Name[],
    load: () => Promise<CommandGroup<Name>>,
  ): void {
    for (const name of names)
      this.register(commands[name], async (...given) => {
        const { [name]: run } = await load();
        return run(...given);
      });
  }

  dispose(): void {
    for (const registration of this.registered) registration.dispose();
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
