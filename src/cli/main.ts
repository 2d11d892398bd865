/** @file The command line, `router-lens`: a thin face of src/lens. Exit codes: 0 done, 1 failed, 2 bad input, 130 cancelled. */
import { Command, CommanderError } from 'commander';

import { CancelledError, InputError, messageOf } from '../common/errors';
import { version } from '../lens/version';
import { addAnalyze } from './commands/analyze';
import { addEvaluate } from './commands/evaluate';
import { addExport } from './commands/export';
import { addFinetune } from './commands/finetune';
import { addIdentify } from './commands/identify';
import { addInspect } from './commands/inspect';
import { addReport } from './commands/report';
import { addTrace } from './commands/trace';

async function main(): Promise<number> {
  const program = new Command('router-lens')
    .description(
      'Find, see and fine-tune the context-faithful experts of Mixture-of-Experts language models.',
    )
    .version(version)
    .option('--verbose', 'print stack traces of failures')
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(usageError(text)) });
  const commands = [
    ...[addInspect, addTrace, addIdentify, addFinetune],
    ...[addEvaluate, addAnalyze, addExport, addReport],
  ];
  for (const add of commands) add(program);
  try {
    await program.parseAsync();
    return 0;
  } catch (error) {
    return exitCodeFor(error, program.opts<{ verbose?: boolean }>().verbose === true);
  }
}

/** Commander's message in the form of all others: one line that says what to do. */
function usageError(text: string): string {
  return `router-lens: ${oneLine(text.replace(/^error: /, '')).replace(/[^.)]$/, '$&.')} See router-lens --help.\n`;
}

function oneLine(text: string): string {
  return text.trim().replace(/\s*\n\s*/g, ' ');
}

function exitCodeFor(error: unknown, verbose: boolean): number {
  // Commander has printed its own message.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  console.error(
    verbose && error instanceof Error ? error.stack : `router-lens: ${oneLine(messageOf(error))}`,
  );
  if (error instanceof CancelledError) return 130;
  return error instanceof InputError ? 2 : 1;
}

void main().then(code => {
  // The runtime's threads may outlive the last job: end for sure, after what was printed is out.
  process.exitCode = code;
  process.stdout.write('', () => process.exit(code));
});
