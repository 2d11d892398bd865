/** @file `router-lens export MODEL --run DIR --format safetensors|peft --out DIR` */
import { type Command, Option } from 'commander';

import { exportRun } from '../../lens/export-run';
import {
  exportFormats,
  exportLayouts,
  type ExportRequest,
  ExportRequestSchema,
  type ExportResult,
  exportTypes,
} from '../../protocol/export';
import { checked } from '../options';
import { withProgress } from '../progress-line';

interface ExportOptions extends Omit<ExportRequest, 'model'> {
  json?: true;
}

export function addExport(program: Command): void {
  program
    .command('export')
    .description('write what a run made of the model for other programs: a checkpoint, or a PEFT adapter')
    .argument('<model>', 'checkpoint folder')
    .requiredOption('--run <folder>', 'run with tuned weights')
    .addOption(
      new Option('--format <name>', 'a complete checkpoint, or the low-rank additions alone')
        .choices(exportFormats)
        .makeOptionMandatory(),
    )
    .requiredOption('--out <folder>', 'folder to write; must not exist yet or be empty')
    .addOption(
      new Option(
        '--dtype <type>',
        'of safetensors: type of all weights (default: each as the checkpoint stores it)',
      ).choices(exportTypes),
    )
    .addOption(
      new Option(
        '--layout <version>',
        'of peft: what is to load the adapter (default: transformers4)',
      ).choices(exportLayouts),
    )
    .option('--json', 'print one machine-readable result')
    .action(async (model: string, { json, ...options }: ExportOptions) => {
      const request = checked(ExportRequestSchema, { model, ...options });
      const result = await withProgress(hooks => exportRun(request, hooks));
      console.log(json ? JSON.stringify(result) : describe(result));
    });
}

function describe({ out, format, files, bytes, tensors }: ExportResult): string {
  const what = format === 'peft' ? 'with additions' : 'with tuned weights';
  return [
    `tensors        ${tensors} ${what}`,
    `size           ${(bytes / 1e6).toFixed(1)} MB in ${files.length} files`,
    `folder         ${out}`,
  ].join('\n');
}
