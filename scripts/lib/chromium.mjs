/** @file The Chromium that the workbench tests drive. */
import { existsSync } from 'node:fs';

import { run } from './run.mjs';

const usualPaths = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/usr/bin/google-chrome-stable',
  '/opt/google/chrome/chrome',
];

/** Path of a Chromium or Chrome, or undefined. `E2E_CHROMIUM` goes before the usual paths. */
export function findChromium() {
  const wanted = process.env.E2E_CHROMIUM;
  if (wanted) {
    if (!existsSync(wanted)) throw new Error(`E2E_CHROMIUM: no such file: ${wanted}`);
    return wanted;
  }
  return usualPaths.find(candidate => existsSync(candidate));
}

export const howToGetChromium =
  'no Chromium found: install the package chromium (Debian) or google-chrome-stable, or set E2E_CHROMIUM to its path';

/** Finds Chromium; on Debian and Ubuntu, where this runs as root, installs it first. Throws when there is none to get. */
export async function ensureChromium() {
  if (findChromium()) return findChromium();
  const mayInstall = process.getuid?.() === 0 && existsSync('/usr/bin/apt-get');
  if (!mayInstall) throw new Error(howToGetChromium);
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  await run('apt-get', ['update'], { env, capture: true });
  const packages = ['chromium', 'fonts-liberation', 'fonts-dejavu-core'];
  await run('apt-get', ['install', '-y', '--no-install-recommends', ...packages], { env, capture: true });
  const installed = findChromium();
  if (!installed) throw new Error(howToGetChromium);
  await run(installed, ['--version'], { capture: true }); // Ubuntu's package may be an empty shell around a snap
  return installed;
}
