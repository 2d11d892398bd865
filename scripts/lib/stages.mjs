/** @file Stages of a test run: timed, counted, summed up in a table. */

/**
 * What a stage counted. Stages that are no test suites count nothing; a stage that fails without a failed test counts
 * as one failure. `skipped` comes with the reasons, one line each.
 * @typedef {{ passed?: number, failed?: number, skipped?: number, reasons?: string[] }} Counts
 */

/** Thrown by a stage that failed after it had counted its tests. */
export class StageFailure extends Error {
  constructor(message, counts) {
    super(message);
    this.counts = counts;
  }
}

const results = [];

/** Runs one stage; an error is printed, recorded and thrown on. */
export async function stage(name, action) {
  console.log(`\n── ${name}`);
  const start = performance.now();
  const record = (result, counts) => {
    const seconds = (performance.now() - start) / 1000;
    results.push({ name, result, seconds, passed: 0, failed: 0, skipped: 0, reasons: [], ...counts });
  };
  try {
    const counts = (await action()) ?? {};
    record(counts.skipped && !counts.passed ? 'skipped' : 'ok', counts);
  } catch (error) {
    const counts = error instanceof StageFailure ? error.counts : {};
    record('FAILED', { ...counts, failed: counts.failed || 1 });
    console.error(`${name} failed: ${error.message}`);
    throw error;
  }
}

/** Waits for all that runs side by side, then throws when any of it failed. */
export async function allOf(running) {
  const settled = await Promise.allSettled(running);
  const failure = settled.find(({ status }) => status === 'rejected');
  if (failure) throw failure.reason;
}

/** Runs stages side by side. */
export const stagesInParallel = actions => allOf(Object.entries(actions).map(entry => stage(...entry)));

const sum = key => results.reduce((total, result) => total + result[key], 0);

function counted({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped ? `, ${skipped} skipped` : ''}`;
}

/** Prints the table, what was skipped and why, and as the last line the totals alone. */
export function printSummary() {
  console.log(`\n${'Stage'.padEnd(18)}${'Result'.padEnd(9)}${'Seconds'.padStart(7)}  Tests`);
  for (const result of results) {
    const tests = result.passed + result.failed + result.skipped > 0 ? counted(result) : '';
    console.log(
      `${result.name.padEnd(18)}${result.result.padEnd(9)}${result.seconds.toFixed(1).padStart(7)}  ${tests}`.trimEnd(),
    );
  }
  for (const { name, reasons } of results)
    for (const reason of reasons) console.log(`Skipped in ${name}: ${reason}`);
  console.log(`\n${counted({ passed: sum('passed'), failed: sum('failed'), skipped: sum('skipped') })}`);
}
