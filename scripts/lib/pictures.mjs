/** @file Brings each view and panel of Router Lens to the screen and has its picture taken, wide and narrow. */
import {
  panel,
  panelShows,
  pointAtToken,
  promptTokens,
  routerLens,
  sideBarView,
  tracePrompt,
} from './router-lens-window.mjs';
import {
  chooseQuickPick,
  closeEditors,
  hoverWord,
  openContainer,
  openFile,
  runCommand,
  toggleRow,
  treeRows,
} from './workbench-window.mjs';

const wide = { width: 1440, height: 900 };
const narrow = { width: 620, height: 900 };

/** Nothing is pointed at: no row stands out. */
async function restPointer(page) {
  const { width, height } = page.viewportSize();
  await page.mouse.move(width - 300, height - 4);
}

/** Two frames after the last change of size, so that canvases are drawn anew. */
async function resize(page, size) {
  await page.setViewportSize(size);
  await page.evaluate(() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done))));
}

const sideBarViews = {
  models: async page => {
    const view = await sideBarView(page, 'Models');
    await openFirst(view);
  },
  datasets: async page => {
    const view = await sideBarView(page, 'Datasets');
    await openFirst(view, 'swap');
  },
  experts: async page => {
    const view = await sideBarView(page, 'Experts');
    await openFirst(view, 'Layer 5');
    await treeRows(view).filter({ hasText: '★' }).last().waitFor();
  },
  ceft: async page => {
    await sideBarView(page, 'CEFT');
    await panel(page).getByRole('button', { name: 'Start' }).waitFor();
  },
  runs: async page => {
    const view = await sideBarView(page, 'Runs');
    await treeRows(view).first().waitFor();
  },
};

/** Opens a row of a tree unless it is open, and waits for what is in it. */
async function openFirst(view, text = '') {
  const row = treeRows(view).and(view.page().locator('[aria-level="1"]')).filter({ hasText: text }).first();
  await row.waitFor();
  if ((await row.getAttribute('aria-expanded')) !== 'true') await toggleRow(row);
  await treeRows(view).and(view.page().locator('[aria-level="2"]')).first().waitFor();
}

/** Drags the border of the side bar. */
async function widenSideBar(page, width) {
  const sidebar = await page.locator('.part.sidebar').boundingBox();
  const x = sidebar.x + sidebar.width;
  await page.mouse.move(x, 400);
  await page.mouse.down();
  await page.mouse.move(sidebar.x + width, 400, { steps: 4 });
  await page.mouse.up();
}

export async function takeSideBar(page, picture, only) {
  for (const [name, open] of Object.entries(sideBarViews)) {
    if (only !== undefined && only !== name) continue;
    await openContainer(page, 'Router Lens');
    for (const [suffix, width] of [
      ['', 380],
      ['-narrow', 220],
    ]) {
      await widenSideBar(page, width);
      await open(page);
      await restPointer(page);
      const { x, y, height } = await page.locator('.part.sidebar').boundingBox();
      await picture(`${name}${suffix}`, {
        clip: { x: 0, y, width: x + width, height: Math.min(height, 700) },
      });
    }
    await widenSideBar(page, 300);
  }
}

/** Opens a run by the palette, by the start of its title. */
async function openRun(page, title) {
  await routerLens(page, 'Open Run…');
  await chooseQuickPick(page, title);
}

/** Traces a prompt with the router-tuned model beside the base. The side bar is closed before and after. */
async function traceBirthplace(page) {
  await routerLens(page, 'Show Experts of a Run…');
  await chooseQuickPick(page, 'Identify');
  await page.locator('.part.sidebar').waitFor(); // there the experts are shown
  await closeSideBar(page);
  await openFile(page, 'birthplace.txt');
  await tracePrompt(page);
}

const panels = {
  routing: async page => {
    await traceBirthplace(page);
    await pointAtToken(page, (await promptTokens(page)).lastIndexOf(' Nerminster'));
  },
  training: async page => {
    await openRun(page, 'CEFT');
    await panelShows(page, 'canvas');
  },
  comparison: async page => {
    await routerLens(page, 'Compare Runs…');
    const quickInput = page.locator('.quick-input-widget');
    await quickInput.locator('.monaco-list-row').first().waitFor();
    for (const row of await quickInput.locator('.monaco-list-row').all()) await row.click();
    await quickInput.getByRole('button', { name: 'OK' }).click();
    await panelShows(page, 'table');
  },
  'analysis-attention': page => openAnalysis(page, 'attention'),
  'analysis-logit-lens': page => openAnalysis(page, 'logit-lens'),
  'analysis-masking': page => openAnalysis(page, 'masking'),
  'analysis-transfer': page => openAnalysis(page, 'transfer'),
  'analysis-patterns': page => openAnalysis(page, 'patterns'),
  report: async page => {
    await routerLens(page, 'Open Report');
    await panelShows(page, 'h1');
  },
};

async function openAnalysis(page, kind) {
  await openRun(page, `Analysis: ${kind}`);
  await panelShows(page, 'main');
}

/** The command is there only while the side bar is. */
async function closeSideBar(page) {
  if (await page.locator('.part.sidebar').isVisible()) await runCommand(page, 'View: Close Primary Side Bar');
}

export async function takePanels(page, picture, only) {
  await closeSideBar(page);
  for (const [name, open] of Object.entries(panels)) {
    if (only !== undefined && only !== name) continue;
    await open(page);
    for (const [suffix, size] of [
      ['', wide],
      ['-narrow', narrow],
    ]) {
      await resize(page, size);
      await restPointer(page);
      await picture(`${name}${suffix}`);
    }
    await resize(page, wide);
    await closeEditors(page);
  }
  if (only === undefined || only === 'hover') await takeHover(page, picture);
}

async function takeHover(page, picture) {
  await traceBirthplace(page);
  await closeEditors(page);
  await openFile(page, 'birthplace.txt');
  for (const [suffix, clip] of [
    ['', { x: 50, y: 35, width: 800, height: 420 }],
    // The hover is as wide as the window there.
    ['-narrow', { x: 0, y: 35, width: 480, height: 540 }],
  ]) {
    await resize(page, { width: clip.x + clip.width + 10, height: 600 });
    await hoverWord(page, 'Nerminster', 'context-faithful');
    await picture(`hover${suffix}`, { clip });
  }
  await resize(page, wide);
  await closeEditors(page);
}
