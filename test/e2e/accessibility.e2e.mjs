/** @file The panels' pages hold to the rules of axe-core that are serious or critical, in every kind of theme, wide and narrow. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { after, before, describe, test } from 'node:test';

import { showCeft } from '../../scripts/lib/ceft-page.mjs';
import { openPanelPage, switchPageTheme, themes } from '../../scripts/lib/panel-page.mjs';
import { showEverything } from '../../scripts/lib/routing-page.mjs';
import { showAnalysis, showComparison, showTraining } from '../../scripts/lib/run-pages.mjs';
import { launchBrowser } from '../../scripts/lib/workbench-window.mjs';

/** Every page, and how to make it show all that it can; in a panel unless it says otherwise. */
const pages = {
  routing: { page: 'routing', show: showEverything },
  training: { page: 'training', show: showTraining },
  'ceft: form': { page: 'ceft', show: page => showCeft(page, 'done'), place: 'sideBar' },
  'ceft: training': { page: 'ceft', show: page => showCeft(page, 'running'), place: 'sideBar' },
  comparison: { page: 'comparison', show: showComparison },
  ...Object.fromEntries(
    ['attention', 'masking', 'transfer', 'patterns'].map(kind => [
      `analysis: ${kind}`,
      { page: 'analysis', show: page => showAnalysis(page, kind) },
    ]),
  ),
};

/** Pixels. */
const widths = { editor: [1280, 400], sideBar: [400, 220] };

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
let browser;

before(async () => {
  browser = await launchBrowser();
});
after(() => browser?.close());

/** One line for each finding, with the first elements that it is about. */
async function findings(page) {
  const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }));
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, help, nodes }) => {
      const places = nodes
        .slice(0, 3)
        .map(({ target, failureSummary }) => `${target.join(' ')}: ${failureSummary}`);
      return `${id} (${help})\n  ${places.join('\n  ')}`;
    });
}

/** What follows theme or size of the page has drawn itself anew. */
const drawn = page =>
  page.evaluate(() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done))));

// Each page has a renderer of its own: two at a time keep two cores busy.
describe('accessibility', { concurrency: 2 }, () => {
  for (const [name, { page: bundle, show, place = 'editor' }] of Object.entries(pages)) {
    describe(name, { concurrency: 1 }, () => {
      let page;
      before(async () => {
        page = await openPanelPage(browser, bundle, { place, width: widths[place][0] });
        await show(page);
        await page.evaluate(axe);
      });
      after(() => page?.context().close());

      for (const theme of Object.keys(themes))
        for (const width of widths[place])
          test(`${theme}, ${width} pixels wide`, { timeout: 120_000 }, async () => {
            await switchPageTheme(page, theme);
            await page.setViewportSize({ width, height: 900 });
            await drawn(page);
            assert.deepEqual(await findings(page), []);
          });
    });
  }
});
