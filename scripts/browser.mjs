/** Finds a Chromium for the tests. */
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { root } from './common.mjs';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome', 'microsoft-edge'];
// macOS and Windows do not put browsers on PATH.
const PLACES = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge',
  ...['PROGRAMFILES', 'PROGRAMFILES(X86)', 'LOCALAPPDATA'].flatMap((name) =>
    ['Google/Chrome/Application/chrome.exe', 'Microsoft/Edge/Application/msedge.exe'].map((path) =>
      join(process.env[name] ?? '', path),
    ),
  ),
];

function runs(/** @type {string} */ path) {
  try {
    accessSync(path, constants.X_OK);
  } catch {
    return false;
  }
  // Windows' browsers open a window instead of printing a version.
  return process.platform === 'win32' || spawnSync(path, ['--version'], { timeout: 20_000 }).status === 0;
}

/** @returns {string | undefined} */
function onPath(/** @type {string} */ name) {
  return (process.env.PATH ?? '')
    .split(delimiter)
    .map((folder) => join(folder, name))
    .find((path) => existsSync(path));
}

/** @returns {string | undefined} */
function systemBrowser() {
  const found = NAMES.map(onPath).filter((path) => path !== undefined);
  return [...found, ...PLACES].find(runs);
}

/** @returns {Promise<string | undefined>} */
async function playwrightBrowser() {
  const { chromium } = await import('playwright-core');
  const path = chromium.executablePath();
  return existsSync(path) && runs(path) ? path : undefined;
}

function installByApt() {
  if (process.platform !== 'linux' || process.getuid?.() !== 0 || !onPath('apt-get')) return;
  console.log('Installing chromium with apt-get ...');
  const options = /** @type {const} */ ({
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  });
  spawnSync('apt-get', ['update', '-qq'], options);
  const packages = ['chromium', 'fonts-liberation'];
  spawnSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages], options);
}

/**
 * The browser for the tests: `CHROME_PATH`, a system Chrome or Chromium, Playwright's own, `apt-get`. Ends the
 * process with a sentence when there is none.
 * @returns {Promise<string>}
 */
export async function findBrowser() {
  const asked = process.env.CHROME_PATH;
  if (asked) {
    if (runs(asked)) return asked;
    console.error(`CHROME_PATH is ${asked}, which does not run.`);
    process.exit(1);
  }
  const there = systemBrowser() ?? (await playwrightBrowser());
  if (there) return there;
  console.log("No browser found, trying Playwright's own ...");
  const playwright = join(root, 'node_modules', 'playwright-core', 'cli.js');
  // Without --with-deps: as root that would install system packages before the download fails.
  spawnSync(process.execPath, [playwright, 'install', '--no-shell', 'chromium'], {
    stdio: ['ignore', 'inherit', 'inherit'],
    timeout: 300_000,
  });
  const downloaded = await playwrightBrowser();
  if (downloaded) return downloaded;
  installByApt();
  const installed = systemBrowser();
  if (installed) return installed;
  console.error('There is no browser for the tests. Install Chrome or Chromium, or set CHROME_PATH.');
  process.exit(1);
}
