/** @file Router Lens for agents in the editor: tools of `vscode.lm`, where this editor has them. */
import * as vscode from 'vscode';

import { LazyPart } from '../lazy-part';
import { languageModelTools } from '../manifest';
import type { ToolParts, Tools } from './language-model-tools';

export function registerTools(parts: ToolParts): vscode.Disposable {
  // Editors built on an older VS Code have no such tools.
  if (typeof (vscode.lm as Partial<typeof vscode.lm> | undefined)?.registerTool !== 'function')
    return vscode.Disposable.from();
  const tools = new LazyPart<Tools>(async () => (await import('./language-model-tools')).makeTools(parts));
  const registrations = Object.values(languageModelTools).map(name =>
    vscode.lm.registerTool<unknown>(name, {
      prepareInvocation: async (options, token) => (await tools.get())[name].prepareInvocation(options, token),
      invoke: async (options, token) => (await tools.get())[name].invoke(options, token),
    }),
  );
  return vscode.Disposable.from(...registrations);
}
