/** @file `report.html` of a run: one file that needs no network and no other file. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

import { writeFileAtomically } from '../../common/atomic-file';
import { runFiles } from '../../protocol/artifacts';
import { type ReportData, reportDataId } from '../../protocol/report-page';
import { RunFolder } from '../run-folder';

/**
 * Writes the report of a run from its `run.json`, `metrics.jsonl` and `context-dependence.json` (if there is one).
 * @param assets the folder with the page's script and style sheet; default: beside the running bundle
 * @returns the path of the report
 * @throws InputError if the folder holds no run, or a file of it does not follow its schema
 */
export function writeReport(runFolder: string, assets: string = path.join(__dirname, 'webview')): string {
  const folder = RunFolder.open(runFolder);
  const data: ReportData = {
    run: folder.record(),
    metrics: folder.metrics(),
    context_dependence: folder.statistics(),
  };
  const file = folder.file(runFiles.report);
  writeFileAtomically(
    file,
    reportPage(data, readAsset(assets, 'report.js'), readAsset(assets, 'report.css')),
  );
  return file;
}

/**
 * The page: its data, its style and its script, and a policy that allows these two and nothing else.
 * @param script must not depend on anything outside the page
 */
export function reportPage(data: ReportData, script: string, style: string): string {
  const inlineScript = withoutEndTag(script, 'script');
  const inlineStyle = withoutEndTag(style, 'style');
  const policy = [
    "default-src 'none'",
    "base-uri 'none'",
    "form-action 'none'",
    'img-src data:',
    'font-src data:',
    `style-src ${hash(inlineStyle)}`,
    `script-src ${hash(inlineScript)}`,
  ].join('; ');
  // "<" cannot end the element early when it is written as an escape of JSON.
  const json = JSON.stringify(data).replaceAll('<', '\\u003c');
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Router Lens report</title>
<style>${inlineStyle}</style>
</head>
<body>
<noscript>This report draws itself with its own script, which is switched off here. Trust the workspace, or open report.html in a browser.</noscript>
<script type="application/json" id="${reportDataId}">${json}</script>
<script>${inlineScript}</script>
</body>
</html>
`;
}

function readAsset(folder: string, name: string): string {
  const file = path.join(folder, name);
  if (!existsSync(file)) {
    throw new Error(`${file} is missing, so the report cannot be written: install Router Lens again.`);
  }
  return readFileSync(file, 'utf8');
}

/** A string that holds the element's end tag would end the element; the escape means the same to JavaScript and CSS. */
function withoutEndTag(text: string, element: 'script' | 'style'): string {
  return text.replace(new RegExp(`</(?=${element})`, 'gi'), '<\\/');
}

function hash(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}
