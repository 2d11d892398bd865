/**
 * @file The start: the commands, which must be there as soon as the extension is active. They wait for all the rest,
 * which is loaded in a turn of its own, so that other extensions need not wait for it.
 */
import * as vscode from 'vscode';

import { type ActivationTime, now, since } from './activation-time';
import type { CommandArguments } from './command-group';
import type { RouterLens } from './extension';
import { LazyPart } from './lazy-part';
import { type CommandName, commands } from './manifest';

/** What `activate` returns, for tests and other extensions. */
export interface RouterLensApi {
  /** From the begin of loading the code to being active. */
  readonly activationTime: ActivationTime;
  /** The extension with all its parts. */
  complete(): Promise<RouterLens>;
}

/** @param begun when the code began to load */
export function start(context: vscode.ExtensionContext, begun: ActivationTime): RouterLensApi {
  const whole = new LazyPart(async () => {
    const restBegun = now();
    const { RouterLens } = await import('./extension');
    return new RouterLens(context, { activation: activationTime, restBegun });
  });
  const names = Object.keys(commands) as CommandName[];
  const registered = names.map(name =>
    vscode.commands.registerCommand(commands[name], async (...given: CommandArguments) =>
      (await whole.get()).run(name, given),
    ),
  );
  const soon = setImmediate(() => void whole.get());
  context.subscriptions.push(...registered, { dispose: () => clearImmediate(soon) });
  const activationTime = since(begun);
  return { activationTime, complete: () => whole.get() };
}
