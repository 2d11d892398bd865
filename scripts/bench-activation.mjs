/**
 * @file `npm run bench:activation`: how long the extension takes to become active in a real workbench, by its own
 * clocks. Prints one JSON object; `--write` keeps it in bench/. `--against FOLDER` takes turns with another built
 * checkout; `--repeats` (5) sets how many windows are opened for each.
 */
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';

import { makeFixtureWorkspace } from './lib/fixture-workspace.mjs';
import { root } from './lib/paths.mjs';
import { routerLens } from './lib/router-lens-window.mjs';
import { fail } from './lib/run.mjs';
import { startServer } from './lib/workbench.mjs';
import { launchBrowser, openWorkbench } from './lib/workbench-window.mjs';

const file = path.join(root, 'bench/activation.json');
const timeLimit = 120_000;

const rounded = value => Math.round(10 * value) / 10;
const median = values => values.toSorted((a, b) => a - b)[values.length >> 1];

const parts = ['cpu', 'wall', 'complete_cpu', 'complete_wall'];

function summary(times) {
  const part = name => ({
    [`${name}_median_ms`]: rounded(median(times.map(time => time[name]))),
    [`${name}_worst_ms`]: rounded(Math.max(...times.map(time => time[name]))),
  });
  return Object.assign({ windows: times.length }, ...parts.map(part));
}

/** Checkouts whose log says nothing of a rest have loaded everything by then. */
const said =
  /Active after (?<wall>[\d.]+) ms, (?<cpu>[\d.]+) ms of them computing(; the rest took (?<restWall>[\d.]+) ms, (?<restCpu>[\d.]+) ms)?/;

/** What the windows of a server said of their activation so far, in the order of time, with which each line begins. */
function activations(server) {
  const lines = server.extensionLogs().split('\n').sort();
  return lines.flatMap(line => {
    const { wall, cpu, restWall = 0, restCpu = 0 } = said.exec(line)?.groups ?? {};
    if (wall === undefined) return [];
    const [active, rest] = [
      { wall: Number(wall), cpu: Number(cpu) },
      { wall: Number(restWall), cpu: Number(restCpu) },
    ];
    return [{ ...active, complete_wall: active.wall + rest.wall, complete_cpu: active.cpu + rest.cpu }];
  });
}

async function nextActivation(server, before) {
  for (const end = Date.now() + timeLimit; Date.now() < end;) {
    const [first, ...more] = activations(server).slice(before);
    if (more.length > 0) throw new Error('The extension was activated twice');
    if (first) return first;
    await new Promise(resolve => setTimeout(resolve, 100));
  }
  throw new Error(`The extension was not activated.\n${server.extensionHostErrors()}`);
}

/** The situations: what is opened, and what activates the extension in it. */
const situations = {
  /** While the window starts, which keeps the extension host and the machine busy. */
  starting: { folder: demo => demo.folder, activate: () => undefined },
  /** By a command in a window that has come to rest; its folder activates nothing. */
  at_rest: { folder: (_, empty) => empty, activate: page => routerLens(page, 'Show Log') },
};

async function measure(browser, server, development, { folder, activate }) {
  const before = activations(server).length;
  const { page } = await openWorkbench(browser, server, { folder, development });
  try {
    await activate(page);
    return await nextActivation(server, before);
  } finally {
    await page.context().close();
  }
}

/** All windows, the checkouts in turns. @returns times by situation, in the order of the checkouts */
async function measureAll(checkouts, repeats, folders) {
  const times = Object.fromEntries(Object.keys(situations).map(name => [name, checkouts.map(() => [])]));
  const browser = await launchBrowser();
  const server = await startServer({ development: true });
  try {
    // The first windows fill the caches of the workbench and are not counted.
    for (let repeat = -1; repeat < repeats; repeat++)
      for (const [name, { folder, activate }] of Object.entries(situations))
        for (const [i, checkout] of checkouts.entries()) {
          const time = await measure(browser, server, checkout, { folder: folder(...folders), activate });
          if (repeat >= 0) times[name][i].push(time);
        }
    return times;
  } finally {
    await browser.close();
    await server.stop();
  }
}

async function main() {
  const { values } = parseArgs({
    options: { write: { type: 'boolean' }, repeats: { type: 'string' }, against: { type: 'string' } },
  });
  const load_average = rounded(loadavg()[0]);
  const checkouts = [root, ...(values.against === undefined ? [] : [path.resolve(values.against)])];
  const demo = makeFixtureWorkspace();
  const empty = mkdtempSync(path.join(realpathSync(tmpdir()), 'rl-empty-'));
  try {
    const times = await measureAll(checkouts, Number(values.repeats ?? 5), [demo, empty]);
    const result = { machine: { cpu: cpus()[0]?.model ?? 'unknown', cores: cpus().length, load_average } };
    for (const [name, [own, other]] of Object.entries(times)) {
      result[name] = summary(own);
      if (!other) continue;
      result[name].against = summary(other);
      const ratio = part =>
        Math.round(1000 * median(own.map((time, i) => time[part] / other[i][part]))) / 1000;
      result[name].ratio = Object.fromEntries(parts.map(part => [part, ratio(part)]));
    }
    console.log(JSON.stringify(result, null, 2));
    if (values.write) writeFileSync(file, `${JSON.stringify(result, null, 2)}\n`);
  } finally {
    demo.remove();
    rmSync(empty, { recursive: true, force: true });
  }
}

main().catch(fail);
