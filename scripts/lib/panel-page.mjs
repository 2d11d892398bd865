/** @file The page of a panel in a browser of its own, outside VS Code, with a stand-in for the extension's side. */
import { readFileSync } from 'node:fs';
import path from 'node:path';

import { build } from 'esbuild';

import { root } from './paths.mjs';

const origin = 'http://panel.test';
const built = path.join(root, 'dist/webview');
const types = { '.js': 'text/javascript', '.css': 'text/css', '.ttf': 'font/ttf', '.html': 'text/html' };

/** The page as the extension builds it, content security policy included. */
async function pageHtml(name) {
  const { outputFiles } = await build({
    entryPoints: [path.join(root, 'src/extension/webview-page.ts')],
    ...{ bundle: true, platform: 'node', format: 'esm', write: false },
  });
  const code = Buffer.from(outputFiles[0].contents).toString('base64');
  const { webviewPage } = await import(`data:text/javascript;base64,${code}`);
  return webviewPage({
    cspSource: origin,
    script: `${origin}/${name}.js`,
    styles: [`${origin}/${name}.css`],
    icons: `${origin}/codicon.css`,
    title: name,
    language: 'en',
  });
}

/** Runs in the page before its script: what VS Code gives to a webview. */
function standIn({ theme, state, place }) {
  window.posted = [];
  // Before the page's own listener.
  window.addEventListener('message', () => (window.arrivedAt = performance.now()));
  let kept = state;
  window.acquireVsCodeApi = () => ({
    postMessage: message => window.posted.push(message),
    getState: () => kept,
    setState: next => (kept = next),
  });
  window.keptState = () => kept;
  window.wear = ({ variables, kind }) => {
    const { style } = document.documentElement;
    style.cssText = ''; // themes do not have the same variables
    for (const [name, value] of Object.entries(variables)) style.setProperty(name, value);
    // A webview is transparent: what is behind it is drawn by VS Code.
    style.setProperty('background', `var(--vscode-${place}-background)`);
    document.body.className = `vscode-body ${kind}`;
    document.body.dataset.vscodeThemeKind = kind;
  };
  document.addEventListener('DOMContentLoaded', () => window.wear(theme));
}

/** Colour themes: their variables, read from VS Code's Dark Modern, Light Modern and Dark High Contrast. */
export const themes = {
  dark: 'vscode-dark',
  light: 'vscode-light',
  'high-contrast': 'vscode-high-contrast',
};

const fonts = {
  '--vscode-font-family': 'system-ui, "Ubuntu", "Droid Sans", sans-serif',
  '--vscode-font-size': '13px',
  '--vscode-editor-font-family': '"Droid Sans Mono", monospace',
  '--vscode-editor-font-size': '14px',
};

function readTheme(theme) {
  const variables = JSON.parse(readFileSync(path.join(root, `scripts/lib/themes/${theme}.json`), 'utf8'));
  return { variables: { ...fonts, ...variables }, kind: themes[theme] };
}

/** As when the user chooses another theme. */
export async function switchPageTheme(page, theme) {
  await page.evaluate(chosen => window.wear(chosen), readTheme(theme));
}

/**
 * Opens the built page of a panel (`npm run build` first). `window.posted` holds what the page sent, and
 * `window.postMessage` reaches it as the extension's messages do.
 * @param {import('playwright-core').Browser} browser
 * @param {string} name of the page in `dist/webview`
 * @param {{ theme?: keyof typeof themes, width?: number, height?: number, state?: unknown, deviceScaleFactor?: number, place?: 'editor' | 'sideBar' }} [options]
 *   `state`: what the page kept before a reload
 */
export async function openPanelPage(browser, name, options = {}) {
  const {
    theme = 'dark',
    width = 1280,
    height = 900,
    state,
    deviceScaleFactor = 1,
    place = 'editor',
  } = options;
  const html = await pageHtml(name);
  const context = await browser.newContext({ viewport: { width, height }, deviceScaleFactor });
  await context.route('**/*', route => {
    const { pathname, origin: from } = new URL(route.request().url());
    if (from !== origin) return route.abort();
    const file = path.basename(pathname);
    const body = file === '' ? html : readFileSync(path.join(built, file));
    return route.fulfill({ body, contentType: types[path.extname(file || '.html')] });
  });
  const page = await context.newPage();
  await page.addInitScript(standIn, {
    theme: readTheme(theme),
    place,
    ...(state === undefined ? {} : { state }),
  });
  await page.goto(`${origin}/`);
  return page;
}
