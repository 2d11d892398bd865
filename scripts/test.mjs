/**
 * @file `npm test`: installs what it needs and runs everything, from formatting to the packaged extension in a real
 * workbench. Stops at the first failure. The last line holds the totals over all stages.
 */
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';

import { ensureChromium, findChromium } from './lib/chromium.mjs';
import { ensureInstalled } from './lib/ensure-installed.mjs';
import { manifest, root, testResults } from './lib/paths.mjs';
import { runNode, runNpm } from './lib/run.mjs';
import { allOf, printSummary, stage, StageFailure, stagesInParallel } from './lib/stages.mjs';
import { countIntegration, countTap, countVitest } from './lib/test-counts.mjs';

const linux = process.platform === 'linux';

/** Runs a test runner and counts its tests, also when it fails. */
async function counting(args, count, file) {
  const result = path.join(testResults, file);
  rmSync(result, { force: true });
  try {
    await runNode(args);
  } catch (error) {
    throw new StageFailure(error.message, count(result));
  }
  const counts = count(result);
  if (!counts.passed && !counts.skipped) throw new Error(`no tests were counted in ${result}`);
  return counts;
}

async function build() {
  await runNode(['esbuild.mjs', '--tests']);
}

async function packageExtension() {
  await runNode(['scripts/package-vsix.mjs']);
}

/** Silent unless it fails. */
const npmScript = name => async () => {
  await runNpm(['run', '--silent', name], { capture: true });
};

/** A reason why no workbench can be driven here, or undefined. Installs workbench and browser where they are missing. */
async function prepareWorkbench() {
  if (!linux) return 'the workbench needs Linux';
  await runNode(['scripts/setup-workbench.mjs']);
  if (findChromium()) return undefined;
  try {
    await ensureChromium();
  } catch (error) {
    return error.message;
  }
  return undefined;
}

function unitTests() {
  const json = path.join(testResults, 'vitest.json');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${json}`];
  return counting(['node_modules/vitest/vitest.mjs', 'run', ...reporters], countVitest, 'vitest.json');
}

function integrationTests(obstacle) {
  if (!linux) return counting(['scripts/integration-electron.mjs'], countIntegration, 'integration.json');
  if (obstacle) return { skipped: 1, reasons: [`the whole suite: ${obstacle}`] };
  return counting(['scripts/integration-code-server.mjs'], countIntegration, 'integration.json');
}

function endToEndTests(obstacle) {
  if (obstacle) return { skipped: 1, reasons: [`the whole suite: ${obstacle}`] };
  const e2e = path.join(root, 'test/e2e');
  const tap = path.join(testResults, 'e2e.tap');
  return counting(
    [
      ...['--test', '--test-concurrency=1'],
      ...['--test-reporter=spec', '--test-reporter-destination=stdout'],
      ...['--test-reporter=tap', `--test-reporter-destination=${tap}`],
      ...readdirSync(e2e)
        .filter(file => file.endsWith('.e2e.mjs'))
        .map(file => path.join(e2e, file)),
    ],
    countTap,
    'e2e.tap',
  );
}

/** Installs the packages; then what only reads the sources, and the packaging, side by side. */
async function checkAndPackage() {
  await stage('install', ensureInstalled);
  await stagesInParallel({
    lint: npmScript('lint'),
    types: npmScript('typecheck'),
    formatting: npmScript('format:check'),
    boundaries: npmScript('boundaries'),
    package: packageExtension,
  });
}

async function main() {
  mkdirSync(testResults, { recursive: true });
  let obstacle;
  const workbench = async () => {
    obstacle = await prepareWorkbench(); // with Node's own modules only: the packages are installed beside it
  };
  await allOf([stage('workbench', workbench), checkAndPackage()]);
  await stage('build', build);
  await stage('unit and golden', unitTests);
  await stage('integration', () => integrationTests(obstacle));
  await stage('end to end', () => endToEndTests(obstacle));
}

console.log(`${manifest.displayName} ${manifest.version}, Node ${process.version}`);
try {
  await main();
} catch {
  process.exitCode = 1; // its stage has printed it
}
printSummary();
