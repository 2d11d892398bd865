/** @file `router-lens report RUN_DIR` */
import type { Command } from 'commander';

import { writeReport } from '../../lens/report/write-report';

export function addReport(program: Command): void {
  program
    .command('report')
    .description("write a run's report.html anew")
    .argument('<run>', 'run folder')
    .option('--json', 'print one machine-readable result')
    .action((folder: string, options: { json?: true }) => {
      const report = writeReport(folder);
      console.log(options.json ? JSON.stringify({ report }) : report);
    });
}
