/**
 * Takes the pictures under docs/screenshots from the real page: loads the demo, trains three students of a few
 * hundred steps, sweeps the layer sets, runs the demo pipeline, and photographs each place in light and dark; then what
 * it shows of data.
 *
 *   node scripts/screenshots.mjs [steps]
 *   node scripts/screenshots.mjs data        the pictures of data alone, which need no run
 *
 * Without a GPU that the browser sees, the runs go through software WebGPU; 150 steps take some minutes then.
 */
/* global localStorage */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { findBrowser } from './browser.mjs';
import { ensureBuild, ensureDependencies, root } from './common.mjs';
import { photographData, startPictureHub } from './photographData.mjs';

const dataAlone = process.argv[2] === 'data';
const steps = dataAlone ? 150 : Number(process.argv[2] ?? 150);
if (!Number.isInteger(steps) || steps < 1)
  throw new Error(`steps is ${process.argv[2]}, expected a whole number`);
ensureDependencies();
if (ensureBuild() !== 0) process.exit(1);

const { preview } = await import('vite');
const { chromium } = await import('playwright-core');
const folder = join(root, 'docs', 'screenshots');
mkdirSync(folder, { recursive: true });

const server = await preview({ root, logLevel: 'warn', preview: { host: '127.0.0.1', port: 0 } });
const address = server.resolvedUrls?.local[0];
const hub = await startPictureHub();
const browser = await chromium.launch({
  executablePath: await findBrowser(),
  args: [
    '--no-sandbox',
    '--enable-unsafe-webgpu',
    ...(process.env.GPU ? [] : ['--use-webgpu-adapter=swiftshader']),
  ],
});
const page = await browser.newPage({ viewport: { width: 1440, height: 900 }, colorScheme: 'light' });
page.setDefaultTimeout(1_800_000);
page.on('pageerror', (error) => {
  throw error;
});

/** A recipe that shows something within minutes on two cores: short windows, a small held-out text. */
const recipe = {
  version: 1,
  seed: 1,
  teacher: { model: 'demo' },
  selection: { strategy: 'pseudo-uniform', keep: 6 },
  data: { train: 'demo', validation: 'demo', contextLength: 64 },
  stages: [{ method: 'vanilla-kd', steps, batchSize: 4 }],
  evaluation: {
    every: Math.ceil(steps / 8),
    window: 64,
    stride: 64,
    maxTokens: 4096,
    prompt: 'The people of this country',
  },
};
await page.addInitScript(
  (state) => {
    if (!localStorage.getItem('decant'))
      localStorage.setItem('decant', JSON.stringify({ state, version: 1 }));
  },
  { recipe, hubUrl: hub.url },
);

/** Both colour schemes of what is open. */
async function photograph(/** @type {string} */ name) {
  for (const colorScheme of /** @type {const} */ (['light', 'dark'])) {
    await page.emulateMedia({ colorScheme });
    await page.waitForTimeout(500);
    await page.screenshot({ path: join(folder, `${name}-${colorScheme}.png`) });
    console.log(`docs/screenshots/${name}-${colorScheme}.png`);
  }
}

const start = page.getByRole('region', { name: 'Summary and start' });
const progress = page.getByRole('region', { name: 'Progress' });
const go = (/** @type {string} */ place) => page.getByRole('link', { name: place }).click();

async function train(/** @type {string} */ preset) {
  await go('Compose');
  await page.getByRole('radio', { name: preset, exact: true }).click();
  await start.getByRole('button', { name: /^Run/ }).click();
  await go('Run');
}

/** Compose as a newcomer finds it, when everything on it is counted. */
async function openCompose() {
  await page.goto(address ?? '');
  await page.evaluate(() => localStorage.clear());
  await page.reload();
  await start.getByRole('button', { name: /^Run/ }).and(page.locator(':enabled')).waitFor();
  await page
    .getByText(/^measuring/)
    .first()
    .waitFor({ state: 'hidden' });
  await page.getByText('Asking both models').waitFor({ state: 'hidden' });
  // Which device it was still stands in the chip above.
  const banner = page.getByRole('button', { name: 'Close the note on the device' });
  if (await banner.isVisible()) await banner.click();
}

/** The places of a run, each with what the demo's runs put there. */
async function photographRuns() {
  await openCompose();
  await photograph('compose');

  await train('Pseudo-uniform');
  await progress
    .getByText(
      new RegExp(
        `step (${Math.ceil(steps * 0.6)}|${Math.ceil(steps * 0.6) + 1}|${Math.ceil(steps * 0.6) + 2}) of`,
      ),
    )
    .waitFor();
  await progress.getByRole('button', { name: /^Pause/ }).click();
  await photograph('run');
  await progress.getByRole('button', { name: /^Go on/ }).click();
  await progress.getByText('Finished').first().waitFor();
  for (const preset of ['Uniform', 'Top half']) {
    await train(preset);
    await progress.getByText('Finished').first().waitFor();
  }
  await go('Compare');
  const sweep = page.getByRole('button', { name: 'Sweep layer sets' });
  await sweep.click();
  await sweep.waitFor();
  await photograph('compare');

  await go('Compose');
  await page.getByRole('button', { name: 'Change the text' }).click();
  await page.getByRole('menuitem', { name: /^Category, .* bundled$/ }).click();
  await page.getByRole('region', { name: 'Task editor' }).getByRole('table').waitFor();
  await photograph('task');

  await page.getByRole('button', { name: 'Recipes' }).click();
  await page.getByRole('menuitem', { name: /^Demo pipeline, bundled/ }).click();
  await page.getByRole('region', { name: 'What stage 1 learns from' }).getByText('tokens').waitFor();
  await start.getByRole('button', { name: /^Run/ }).and(page.locator(':enabled')).click();
  await progress.getByText('Finished').first().waitFor();
  // What the session has said about the rows goes by itself, but not under the pointer.
  await page.mouse.move(720, 26);
  await page.locator('.mantine-Notification-root').first().waitFor({ state: 'detached' });
  await photograph('pipeline');
}

if (!dataAlone) await photographRuns();
await openCompose();
await photographData(page, photograph);

await browser.close();
await server.close();
await hub.close();
