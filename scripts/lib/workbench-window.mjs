/** @file A browser on the workbench, and the gestures of a user in it. */
import { chromium } from 'playwright-core';

import { findChromium, howToGetChromium } from './chromium.mjs';
import { workbenchUrl } from './workbench.mjs';

/** No name is looked up, and no other address is asked, but this machine's. */
const nothingElse = '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1';

export async function launchBrowser() {
  const executablePath = findChromium();
  if (!executablePath) throw new Error(howToGetChromium);
  // No sandbox: it does not start for root; no /dev/shm: it is small in containers.
  return chromium.launch({
    executablePath,
    headless: true,
    args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu', nothingElse],
  });
}

/**
 * Opens a window and resolves once the workbench is up. `external` collects the addresses of requests that wanted to
 * leave the machine; the browser refuses them. `E2E_SLOW=6` makes the page six times slower, to bring out races.
 * @param {{ folder: string, development?: string, tests?: string }} what as for `workbenchUrl`
 * @param {import('playwright-core').BrowserContextOptions} [options] of the window, e.g. `deviceScaleFactor`
 */
export async function openWorkbench(browser, server, what, options = {}) {
  const viewport = { width: 1440, height: 900 };
  const context = await browser.newContext({ viewport, locale: 'en-US', ...options });
  const external = [];
  // Not by a route: that would take the browser's cache away, so that each page and reload compiles VS Code anew.
  context.on('requestfailed', request => {
    if (request.failure()?.errorText === 'net::ERR_NAME_NOT_RESOLVED') external.push(request.url());
  });
  const page = await context.newPage();
  if (process.env.E2E_SLOW) {
    const session = await context.newCDPSession(page);
    await session.send('Emulation.setCPUThrottlingRate', { rate: Number(process.env.E2E_SLOW) });
  }
  await page.goto(workbenchUrl(server, what), { waitUntil: 'domcontentloaded', timeout: 120_000 });
  await page.locator('.monaco-workbench').waitFor({ timeout: 60_000 });
  await page.locator('.activitybar .action-item').first().waitFor({ timeout: 60_000 });
  return { page, external };
}

/**
 * Repeats a whole gesture until it succeeds. Widgets of the workbench close by themselves when a webview or editor
 * takes the focus back late, so single steps cannot be waited for; the gesture itself changes nothing until it is done.
 */
async function repeatGesture(times, gesture, reset) {
  for (let left = times; ; left--) {
    try {
      return await gesture();
    } catch (error) {
      if (left <= 1) throw error;
      await reset();
    }
  }
}

/** A row whose accessible name is `label` or starts with it and one of `separators`. */
const quickRow = (page, label, ...separators) => {
  const names = separators.map(separator => `[aria-label^="${label}${separator}"]`);
  const row = page.locator('.quick-input-list .monaco-list-row');
  return row.and(page.locator([`[aria-label="${label}"]`, ...names].join())).first();
};

/** Chooses a row by its own name, never the first one: the list is filled and sorted late. */
async function quickOpen(page, key, text, row) {
  const input = page.locator('.quick-input-widget input[type="text"]').first();
  await repeatGesture(
    6,
    async () => {
      await page.keyboard.press(key);
      await input.waitFor({ state: 'visible', timeout: 3000 });
      await input.fill(text, { timeout: 2000 });
      await row.click({ timeout: 3000 });
    },
    () => page.keyboard.press('Escape'),
  );
}

/** Runs a command through the palette, by its full title (`Category: Title`). */
export const runCommand = (page, title) => quickOpen(page, 'F1', `>${title}`, quickRow(page, title, ', '));

/**
 * Reloads the window by VS Code's own command, which first writes down what is open. The browser's reload does not wait
 * for that.
 */
export async function reloadWindow(page) {
  await Promise.all([
    page.waitForEvent('domcontentloaded', { timeout: 120_000 }),
    runCommand(page, 'Developer: Reload Window'),
  ]);
  await page.locator('.activitybar .action-item').first().waitFor({ timeout: 60_000 });
}

/** Opens a file of the workspace by its name and waits for its editor. */
export async function openFile(page, name) {
  await quickOpen(page, 'Control+P', name, quickRow(page, name, ' ', ', ')); // the folder follows the name
  await page.locator(`.editor-instance .monaco-editor[data-uri$="/${name}"] .view-line`).first().waitFor();
}

/** Chooses a row of the open quick pick, by the start of its label (icons left out). */
export async function chooseQuickPick(page, label) {
  const rowsWith = text => {
    const name = page.locator('.label-name').filter({ hasText: text });
    return page.locator('.quick-input-list .monaco-list-row').filter({ has: name });
  };
  const row = rowsWith(new RegExp(`^\\s*${escaped(label)}`)).first();
  const name = await row.locator('.label-name').first().innerText({ timeout: 20_000 });
  await row.click({ timeout: 20_000 });
  // By its whole name: the next list may have rows that begin like it.
  await rowsWith(new RegExp(`^\\s*${escaped(name.trim())}\\s*$`))
    .first()
    .waitFor({ state: 'hidden' });
}

const escaped = text => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** Answers the input box that an extension shows. */
export async function answerInputBox(page, text) {
  const input = page.locator('.quick-input-widget input[type="text"]').first();
  await input.fill(text);
  await input.press('Enter');
}

/**
 * Takes the folder that a file dialog proposes. The dialog writes its path only once it has read it, into whatever was
 * typed by then, and takes no answer while it reads.
 */
export async function acceptProposedFolder(page, folder, button) {
  const widget = page.locator('.quick-input-widget');
  const input = await widget.locator('input[type="text"]').first().elementHandle();
  await page.waitForFunction(([{ value }, path]) => value === `${path}/`, [input, folder]);
  await widget.locator('.monaco-list-row').first().waitFor();
  await widget.locator('.monaco-progress-container.active').waitFor({ state: 'detached' });
  await widget.getByRole('button', { name: button }).click();
}

/** Closes all editors and panels. */
export async function closeEditors(page) {
  await runCommand(page, 'View: Close All Editors');
  await page.locator('.editor-group-container .tab').first().waitFor({ state: 'detached' });
}

/** Brings a container of the activity bar to the front. */
export async function openContainer(page, title) {
  const heading = page.locator('.sidebar .composite.title').getByText(title, { exact: false });
  if (await heading.isVisible()) return; // a click on the open one would close it
  await page.locator(`.activitybar .action-item .action-label[aria-label^="${title}"]`).click();
  await heading.waitFor();
}

/** A view of the side bar by its title, expanded. The header is hidden where the view is the only one of its container. */
export async function openView(page, title) {
  const pane = page
    .locator('.sidebar .pane')
    .filter({ has: page.locator(`.pane-header[aria-label^="${title}"]`) });
  const header = pane.locator('.pane-header').first();
  await header.waitFor({ state: 'attached' });
  if ((await header.getAttribute('aria-expanded')) === 'false') await toggleHeader(header);
  return pane;
}

/** {@link openView}, with the other views of its container closed: more of its rows are in sight. */
export async function openViewAlone(page, title) {
  const others = page.locator(`.sidebar .pane-header[aria-expanded="true"]:not([aria-label^="${title}"])`);
  while ((await others.count()) > 0) await toggleHeader(others.first());
  return openView(page, title);
}

/** Opens or closes a view by its arrow: in the middle of its header there may be a button of its own. */
const toggleHeader = header => header.click({ position: { x: 12, y: 11 } });

/** Chooses an entry of a row's context menu, with the keyboard: a menu takes no click in its first 100 ms. */
export async function chooseFromContextMenu(page, row, label) {
  await row.click({ button: 'right' });
  const entry = page.locator('.monaco-menu .action-item').filter({ hasText: label });
  await entry.hover();
  await entry.and(page.locator('.focused')).waitFor();
  await page.keyboard.press('Enter');
}

/** Rows of a tree view. Only those in sight exist. */
export const treeRows = pane => pane.locator('.monaco-list-row');

/** Expands or collapses a row of a tree by a click on its arrow. */
export const toggleRow = row => row.locator('.monaco-tl-twistie').click();

/** In the page: the middle of a word of the last editor. Monaco cuts lines into spans, so a DOM range measures it. */
function middleOfWord(word) {
  const editor = [...document.querySelectorAll('.editor-instance .monaco-editor .view-lines')].at(-1);
  for (const line of editor?.querySelectorAll('.view-line') ?? []) {
    const start = line.textContent.replaceAll('\u00a0', ' ').indexOf(word);
    if (start < 0) continue;
    const range = document.createRange();
    const walker = document.createTreeWalker(line, NodeFilter.SHOW_TEXT);
    let offset = 0;
    for (let node = walker.nextNode(); node; offset += node.length, node = walker.nextNode()) {
      const within = place => place >= offset && place <= offset + node.length;
      if (within(start)) range.setStart(node, start - offset);
      if (within(start + word.length)) range.setEnd(node, start + word.length - offset);
    }
    const box = range.getBoundingClientRect();
    const middle = { x: box.x + box.width / 2, y: box.y + box.height / 2 };
    return editor.contains(document.elementFromPoint(middle.x, middle.y)) ? middle : undefined;
  }
  return undefined;
}

/** Hovers a word of the visible editor; resolves with the text of the hover that contains `expected`. */
export async function hoverWord(page, word, expected) {
  const hover = page.locator('.hover-contents:visible').filter({ hasText: expected }).first();
  const pointAt = async () => {
    const middle = await page.waitForFunction(middleOfWord, word, { timeout: 5000 });
    const { x, y } = await middle.jsonValue();
    await page.mouse.move(x, y, { steps: 3 });
    await hover.waitFor({ timeout: 3000 });
  };
  const moveAway = () => page.mouse.move(5, 5);
  await moveAway();
  // The first hover may only activate the extension, or the text may still move: come back.
  await repeatGesture(6, pointAt, moveAway);
  await page.locator('.monaco-hover:visible').evaluateAll(hovers => {
    const animations = hovers.flatMap(element => element.getAnimations({ subtree: true }));
    return Promise.all(animations.map(animation => animation.finished)).then(() => undefined);
  });
  return (await hover.innerText()).trim();
}

/** Clicks a word of the visible editor. */
export async function clickWord(page, word) {
  const middle = await page.waitForFunction(middleOfWord, word, { timeout: 5000 });
  const { x, y } = await middle.jsonValue();
  await page.mouse.click(x, y);
}

/** In the page: whether a decoration with an outline is at a point. */
function hasOutline({ x, y }) {
  return [...document.querySelectorAll('.view-overlays .cdr')].some(element => {
    const box = element.getBoundingClientRect();
    const isThere = box.left <= x && x <= box.right && box.top <= y && y <= box.bottom;
    return isThere && getComputedStyle(element).outlineStyle === 'solid';
  });
}

/** Resolves once a word of the visible editor has an outline around it. */
export async function wordIsOutlined(page, word) {
  const middle = await page.waitForFunction(middleOfWord, word, { timeout: 5000 });
  await page.waitForFunction(hasOutline, await middle.jsonValue(), { timeout: 5000 });
}

/** The document inside the visible webview of an extension. */
export const webview = (page, extension) =>
  page
    .frameLocator(`iframe.webview.ready[src*="extensionId=${extension}"]:visible`)
    .last()
    .frameLocator('iframe#active-frame');

/** A notification that pops up by itself, e.g. of a job under way. */
export const toast = (page, text) =>
  page.locator('.notifications-toasts .notification-list-item', { hasText: text }).first();

/** The notification that contains `text`, read in the notification centre: toasts hide after seconds. */
export async function notification(page, text, { timeout = 5000 } = {}) {
  const centre = page.locator('.notifications-center.visible');
  const item = page.locator('.notifications-center .notification-list-item', { hasText: text }).first();
  if (!(await centre.isVisible())) await runCommand(page, 'Notifications: Show Notifications');
  await item.waitFor({ timeout });
  return item;
}

/** Empties and closes the notification centre. */
export const clearNotifications = page => runCommand(page, 'Notifications: Clear All Notifications');

const themes = {
  dark: { name: 'Dark Modern', className: 'vs-dark' },
  light: { name: 'Light Modern', className: 'vs' },
  'high contrast': { name: 'Dark High Contrast', className: 'hc-black' },
};

/** Switches the theme as a user does, unless it is on, and waits until it is. */
export async function switchTheme(page, theme) {
  const { name, className } = themes[theme];
  if (await page.locator(`.monaco-workbench.${className}`).isVisible()) return;
  await runCommand(page, 'Preferences: Color Theme');
  await page.getByPlaceholder(/^Select Color Theme/).fill(name); // the list is longer than what is in sight
  await chooseQuickPick(page, name);
  await page.locator(`.monaco-workbench.${className}`).waitFor();
}
