/** @file `router-lens evaluate MODEL --data F --out F.json` */
import type { Command } from 'commander';

import { evaluate } from '../../lens/evaluate-job';
import { EvaluateRequestSchema } from '../../protocol/analyses';
import {
  addEvaluationOptions,
  describeEstimate,
  describeScores,
  type EvaluationOptionValues,
  evaluationSettings,
} from '../evaluation-options';
import { checked } from '../options';
import { withProgress } from '../progress-line';

interface EvaluateOptions extends EvaluationOptionValues {
  data: string;
  run?: string;
  mask?: string;
  out: string;
}

export function addEvaluate(program: Command): void {
  const command = program
    .command('evaluate')
    .description('answer questions by greedy decoding, and score the answers with exact match and F1')
    .argument('<model>', 'checkpoint folder')
    .requiredOption('--data <file>', 'samples: {context, question, answer}, JSON or JSONL')
    .option('--run <folder>', 'use the tuned weights of this run')
    .option(
      '--mask <file>',
      'switch experts off: {"experts": {"<layer>": [expert, …]}} or a context-dependence.json',
    )
    .requiredOption('--out <file>', 'JSON file to write; a table (.csv) and a picture (.svg) beside it');
  addEvaluationOptions(command).action(async (model: string, options: EvaluateOptions) => {
    const { data, run, mask, out, json, ...others } = options;
    const request = checked(EvaluateRequestSchema, {
      ...evaluationSettings(others),
      model,
      data,
      run,
      mask,
      out,
    });
    const { evaluation, files } = await withProgress(hooks => evaluate(request, hooks));
    const { memory_answers: memory } = evaluation;
    const lines = [
      describeScores('answers', evaluation),
      ...(memory ? [`from memory  ${describeEstimate(memory, 1)} % of ${memory.samples} answers`] : []),
      ...files,
    ];
    console.log(json ? JSON.stringify(evaluation) : lines.join('\n'));
  });
}
