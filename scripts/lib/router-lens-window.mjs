/** @file What a user does with Router Lens in a workbench window, and reads there. */
import { extensionId } from './paths.mjs';
import {
  openContainer,
  openViewAlone,
  runCommand,
  toggleRow,
  treeRows,
  webview,
} from './workbench-window.mjs';

/** The document of the visible panel of Router Lens. */
export const panel = page => webview(page, extensionId);

/** Runs a command of Router Lens through the palette, by its title. */
export const routerLens = (page, title) => runCommand(page, `Router Lens: ${title}`);

/** A view of Router Lens, in sight and alone: all of the side bar is for its rows. */
export async function sideBarView(page, title) {
  await openContainer(page, 'Router Lens');
  return openViewAlone(page, title);
}

export const expertsView = page => sideBarView(page, 'Experts');

/** The row of a layer in the Experts view. */
export const layerRow = (view, layer) =>
  treeRows(view)
    .and(view.page().locator('[aria-level="1"]'))
    .filter({ hasText: `Layer ${layer}` });

/** Opens a layer of the Experts view, reads its experts from the top, closes it again. @returns `['★ 11', '39.3 %  …']` for each */
export async function readLayer(view, layer) {
  const row = layerRow(view, layer);
  await toggleRow(row);
  const experts = treeRows(view).and(view.page().locator('[aria-level="2"]'));
  await experts.first().waitFor();
  const texts = await experts.evaluateAll(rows =>
    rows.map(element =>
      ['.label-name', '.label-description'].map(part => element.querySelector(part)?.textContent ?? ''),
    ),
  );
  await toggleRow(row);
  await experts.first().waitFor({ state: 'detached' });
  return texts;
}

/** Traces the prompt in the active editor; resolves once the panel shows it. */
export async function tracePrompt(page) {
  await routerLens(page, 'Trace Routing of This Prompt');
  await panelShows(page, '[data-token="0"]');
}

/** Waits for something in the panel, and until nothing is under way there. */
export async function panelShows(page, selector) {
  await panel(page).locator(selector).first().waitFor({ timeout: 30_000 });
  await panel(page).locator('.notice.busy').waitFor({ state: 'hidden', timeout: 30_000 });
}

/** Chooses Base, Tuned or Difference in the panel. */
export const chooseRouters = (page, name) =>
  panel(page).locator('.segments').getByText(name, { exact: true }).click();

/** The tokens of the panel's prompt in order, in sight or not. */
export const promptTokens = page => panel(page).locator('.tokens [data-token]').allTextContents();

/** Points at a token of the panel's prompt; resolves once the card shows it. */
export async function pointAtToken(page, position) {
  const document = panel(page);
  await document.locator(`.tokens [data-token="${position}"]`).hover();
  await document.getByRole('heading', { name: `Token ${position}`, exact: true }).waitFor();
}

/**
 * What the card of the panel says: for each layer its experts as `{ expert, weight, faithful, change }`, `change` being
 * `+` (new), `−` (dropped) or empty.
 */
export const readCard = page =>
  panel(page)
    .locator('.card .experts tr')
    .evaluateAll(rows =>
      rows.map(row => ({
        layer: Number(row.querySelector('th').textContent.slice(1)),
        experts: [...row.querySelectorAll('.expert')].map(chip => ({
          expert: Number(chip.dataset.expert),
          weight: Number(chip.querySelector('small').textContent),
          faithful: chip.querySelector('.faithful') !== null,
          change: chip.dataset.change,
        })),
      })),
    );

/** Chooses an option of one of the panel's lists, by the list's name. */
export async function chooseInPanel(page, list, option) {
  const select = panel(page).locator(`vscode-single-select[label="${list}"]`);
  await select.click();
  await select.locator('.option', { hasText: option }).first().click();
}
