/** @file Reads how many tests passed, failed and were skipped from what each test runner writes. */
import { existsSync, readFileSync } from 'node:fs';

/** Vitest's JSON report, with the names of the skipped tests. */
export function countVitest(file) {
  if (!existsSync(file)) return {};
  const report = JSON.parse(readFileSync(file, 'utf8'));
  const tests = report.testResults.flatMap(({ assertionResults }) => assertionResults);
  const skipped = tests.filter(({ status }) => !['passed', 'failed'].includes(status));
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests,
    skipped: skipped.length,
    reasons: skipped.map(({ fullName }) => fullName),
  };
}

/** The result file of the integration suite. */
export function countIntegration(file) {
  if (!existsSync(file)) return {};
  const { tests } = JSON.parse(readFileSync(file, 'utf8'));
  const inState = state => tests.filter(test => test.state === state);
  return {
    passed: inState('passed').length,
    failed: inState('failed').length,
    skipped: inState('skipped').length,
    reasons: inState('skipped').map(({ title }) => title),
  };
}

/** The TAP output of Node's test runner: the totals at its end. */
export function countTap(file) {
  if (!existsSync(file)) return {};
  const tap = readFileSync(file, 'utf8');
  const total = name => Number(new RegExp(`^# ${name} (\\d+)$`, 'm').exec(tap)?.[1] ?? 0);
  return {
    passed: total('pass'),
    failed: total('fail') + total('cancelled'),
    skipped: total('skipped') + total('todo'),
    reasons: [...tap.matchAll(/^ *ok \d+ - (.*?) # SKIP ?(.*)$/gm)].map(([, name, why]) => `${name}: ${why}`),
  };
}
