/** @file Tools for agents, called as an agent calls them. */
import * as assert from 'node:assert/strict';
import * as path from 'node:path';

import * as vscode from 'vscode';

import { extensionId, languageModelTools } from '../../../src/extension/manifest';

suite('tools for agents', () => {
  let model: string;

  suiteSetup(async function () {
    const extension = vscode.extensions.getExtension(extensionId);
    assert.ok(extension);
    await extension.activate();
    const [folder] = vscode.workspace.workspaceFolders ?? [];
    model = path.join(folder.uri.fsPath, 'facts-moe');
    // Editors without the interface have no tools; the extension starts all the same.
    const lm = vscode.lm as Partial<typeof vscode.lm> | undefined;
    if (typeof lm?.invokeTool !== 'function') this.skip();
  });

  test('both are there, described for users and models', () => {
    const tools = vscode.lm.tools.filter(({ name }) =>
      Object.values<string>(languageModelTools).includes(name),
    );
    assert.equal(tools.length, 2);
    for (const { description, inputSchema } of tools) {
      assert.ok(description.length > 100);
      assert.ok(inputSchema);
    }
  });

  test('which experts does this prompt use?', async () => {
    const [text, json] = await call(languageModelTools.traceRouting, {
      prompt: 'Where was Olga born?',
      model,
    });
    assert.match(text, /^The prompt has \d+ tokens in facts-moe/);
    const result = JSON.parse(json) as {
      top_k: number;
      layers: { layer: number; used: { share: number }[] }[];
    };
    assert.deepEqual(
      result.layers.map(({ layer }) => layer),
      [0, 1, 2, 3, 4, 5],
    );
    for (const { used } of result.layers) {
      assert.ok(used.length > 0 && used.length <= 5);
      assert.ok(used.every(({ share }, i) => share > 0 && (i === 0 || share <= used[i - 1].share)));
    }
  });

  test('wrong input is refused with the field’s name', async () => {
    await assert.rejects(call(languageModelTools.traceRouting, { prompt: ' ', model }), /prompt/);
  });

  async function call(name: string, input: object): Promise<string[]> {
    const { content } = await vscode.lm.invokeTool(name, { input, toolInvocationToken: undefined });
    return content.map(part => (part instanceof vscode.LanguageModelTextPart ? part.value : ''));
  }
});
