/**
 * @file `npm run bench:panels`: how fast the Routing panel paints, scrolls and zooms, by the browser's own clocks. The
 * built page runs in Chromium outside VS Code, on seeded views. Prints one JSON object; `--write` keeps it in bench/.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';

import { openPanelPage } from './lib/panel-page.mjs';
import { root } from './lib/paths.mjs';
import { fail } from './lib/run.mjs';
import { launchBrowser } from './lib/workbench-window.mjs';

const generator = readFileSync(path.join(root, 'scripts/lib/synthetic-view.mjs'), 'utf8').replace(
  'export ',
  '',
);
const file = path.join(root, 'bench/panels.json');
/** Milliseconds that a frame may take at 60 a second. */
const frameBudget = 1000 / 60;
const framesMeasured = 180;

/** What is measured on. `cells`: of the heat map. */
const views = {
  usual: { tokens: 300, layers: 16, experts: 64, topK: 8 },
  large: { tokens: 2100, layers: 48, experts: 64, topK: 8 },
};

const rounded = value => Math.round(100 * value) / 100;
const quantile = (values, q) => values.toSorted((a, b) => a - b)[Math.ceil(q * values.length) - 1];

function summary(times) {
  return {
    frames: times.length,
    median_ms: rounded(quantile(times, 0.5)),
    p95_ms: rounded(quantile(times, 0.95)),
    max_ms: rounded(Math.max(...times)),
  };
}

/** In the page: time from the arrival of the data to the frame after the one that shows them. */
function firstPaint() {
  const { view } = window;
  return new Promise(resolve => {
    const observer = new MutationObserver(() => {
      if (!document.querySelector('[data-token="0"]')) return;
      observer.disconnect();
      const script = performance.now() - window.arrivedAt;
      // The callback of the next frame runs before that is painted, the one after it behind that.
      requestAnimationFrame(() =>
        requestAnimationFrame(() => resolve({ script, painted: performance.now() - window.arrivedAt })),
      );
    });
    observer.observe(document.body, { childList: true, subtree: true });
    window.postMessage({ type: 'show', view }, '*');
  });
}

/**
 * In the page: does one thing in each frame.
 * @returns for each frame the time since the one before it, and how long our own scripts took in it
 */
async function frames({ gesture, count }) {
  const canvas = document.querySelector('.layer-map canvas');
  const box = canvas.getBoundingClientRect();
  const wheel = options =>
    canvas.dispatchEvent(
      new WheelEvent('wheel', {
        ...{ bubbles: true, cancelable: true, clientX: box.x + box.width / 2, clientY: box.y + 50 },
        ...options,
      }),
    );
  const gestures = {
    zoom: i => wheel({ deltaY: Math.sin(i / 12) < 0 ? 60 : -60, ctrlKey: true }),
    pan: i => wheel({ deltaX: Math.sin(i / 40) < 0 ? -30 : 30 }),
    page: i => window.scrollTo(0, (i * 24) % Math.max(1, document.body.scrollHeight - innerHeight)),
    pointer: i =>
      canvas.dispatchEvent(
        new PointerEvent('pointermove', {
          ...{
            bubbles: true,
            clientX: box.x + 60 + ((i * 7) % (box.width - 80)),
            clientY: box.y + 20 + (i % 80),
          },
        }),
      ),
  };
  const native = window.requestAnimationFrame;
  let own = 0;
  // What the page itself does in a frame: it draws in callbacks of animation frames.
  window.requestAnimationFrame = callback =>
    native.call(window, time => {
      const start = performance.now();
      callback(time);
      own += performance.now() - start;
    });
  const [times, scripts] = [[], []];
  let before = await new Promise(resolve => native.call(window, resolve));
  for (let i = 0; i < count; i++) {
    const start = performance.now();
    gestures[gesture](i);
    own = performance.now() - start;
    const now = await new Promise(resolve => native.call(window, resolve));
    // Callbacks asked for by the gesture ran before this one, in the same frame.
    times.push(now - before);
    scripts.push(own);
    before = now;
  }
  window.requestAnimationFrame = native;
  return { times, scripts };
}

/** CPU time of the page's main thread while `work` runs: what other processes of the machine do is not in it. */
async function mainThread(cdp, work) {
  const read = async () => {
    const { metrics } = await cdp.send('Performance.getMetrics');
    return Object.fromEntries(metrics.map(({ name, value }) => [name, 1000 * value]));
  };
  const before = await read();
  const result = await work();
  const after = await read();
  const spent = name => after[name] - before[name];
  return {
    result,
    cpu: {
      all_ms: spent('TaskDuration'),
      script_ms: spent('ScriptDuration'),
      style_and_layout_ms: spent('RecalcStyleDuration') + spent('LayoutDuration'),
    },
  };
}

const each = (cpu, frames) =>
  Object.fromEntries(Object.entries(cpu).map(([name, time]) => [name, rounded(time / frames)]));

async function measure(browser, size) {
  const page = await openPanelPage(browser, 'routing', { width: 1280, height: 900 });
  const cdp = await page.context().newCDPSession(page);
  await cdp.send('Performance.enable', { timeDomain: 'threadTicks' });
  // The view is made in the page: tens of megabytes would take long to get there.
  await page.evaluate(`(() => { ${generator}; window.syntheticView = syntheticView; })()`);
  await page.evaluate(size => {
    window.view = window.syntheticView(size);
  }, size);
  const first = await mainThread(cdp, () => page.evaluate(firstPaint));
  const result = {
    ...size,
    cells: size.tokens * size.layers,
    first_paint_ms: rounded(first.result.painted),
    first_paint_until_laid_out_ms: rounded(first.result.script),
    first_paint_cpu: each(first.cpu, 1),
    gestures: {},
  };
  for (const gesture of ['zoom', 'pan', 'pointer', 'page']) {
    const { result: measured, cpu } = await mainThread(cdp, () =>
      page.evaluate(frames, { gesture, count: framesMeasured }),
    );
    result.gestures[gesture] = {
      frame: summary(measured.times),
      own_script: summary(measured.scripts),
      cpu_of_a_frame: each(cpu, framesMeasured),
      share_of_frames_within_budget: rounded(
        measured.times.filter(time => time <= 1.5 * frameBudget).length / framesMeasured,
      ),
    };
  }
  await page.context().close();
  return result;
}

async function main() {
  const { values } = parseArgs({ options: { write: { type: 'boolean' }, repeats: { type: 'string' } } });
  const browser = await launchBrowser();
  try {
    const result = {
      machine: {
        cpu: cpus()[0]?.model ?? 'unknown',
        browser: browser.version(),
        rendering: 'software, headless',
        load_average: loadavg()[0],
      },
      frame_budget_ms: rounded(frameBudget),
      views: {},
    };
    for (const [name, size] of Object.entries(views)) {
      const repeats = [];
      for (let i = 0; i < Number(values.repeats ?? 3); i++) repeats.push(await measure(browser, size));
      // The run whose first paint is the median of all.
      result.views[name] = repeats.sort((a, b) => a.first_paint_ms - b.first_paint_ms)[repeats.length >> 1];
    }
    console.log(JSON.stringify(result, null, 2));
    if (values.write) writeFileSync(file, `${JSON.stringify(result, null, 2)}\n`);
  } finally {
    await browser.close();
  }
}

main().catch(fail);
