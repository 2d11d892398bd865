/** @file Opens a sample where it stands in its file. */
import * as v from 'valibot';
import * as vscode from 'vscode';

import { placeOfSample } from '../workspace/sample-file';

export const OpenSampleOptionsSchema = v.object({
  sample: v.object({ file: v.string(), index: v.pipe(v.number(), v.integer(), v.minValue(0)) }),
});

export async function openSample({ sample }: v.InferOutput<typeof OpenSampleOptionsSchema>): Promise<void> {
  const document = await vscode.workspace.openTextDocument(sample.file);
  const place = await placeOfSample(sample.file, sample.index);
  const selection =
    place && new vscode.Range(place.start.line, place.start.character, place.end.line, place.end.character);
  await vscode.window.showTextDocument(document, { selection, preview: true, preserveFocus: true });
}
