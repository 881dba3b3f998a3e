/** The pictures of what the page shows of data: the dialog of the Hub, and a noisy text with its cleaning. */
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawnSync } from 'node:child_process';
import { startHubServer } from '../e2e/hubServer.mjs';
import { root } from './common.mjs';

/** Pages of the noisy text: enough for every step to have examples. */
const PAGES = 600;
const SET = 'datasets/decant/definitions';

/** A Hub of this machine with the demo's definitions as a data set. */
export function startPictureHub() {
  const rows = (/** @type {string} */ split) =>
    readFileSync(join(root, `public/demo/tasks/category.${split}.jsonl`));
  return startHubServer({
    repos: { [SET]: { 'train.jsonl': rows('train'), 'validation.jsonl': rows('validation') } },
  });
}

/** The first pages of `make-noisy-text`, as a file of their own. */
function noisyPages() {
  const folder = mkdtempSync(join(tmpdir(), 'decant-pages-'));
  const all = join(folder, 'all.jsonl');
  const script = [join(root, 'scripts/run.mjs'), join(root, 'scripts/make-noisy-text.ts'), all];
  const { status } = spawnSync(process.execPath, script, { cwd: root, stdio: 'inherit' });
  if (status !== 0) throw new Error('the noisy pages could not be made');
  const path = join(folder, 'pages.jsonl');
  writeFileSync(path, readFileSync(all, 'utf8').split('\n').slice(0, PAGES).join('\n'));
  return path;
}

/**
 * Compose is open with the demo's text.
 *
 * @param {import('playwright-core').Page} page
 * @param {(name: string) => Promise<void>} photograph
 */
export async function photographData(page, photograph) {
  await page.getByRole('button', { name: 'Change the text' }).click();
  await page.getByRole('menuitem', { name: 'From the Hub …' }).click();
  const dialog = page.getByRole('dialog', { name: 'A text from the Hub' });
  await dialog.getByLabel('Data set').fill(SET.slice('datasets/'.length));
  await dialog.getByRole('button', { name: 'Look' }).click();
  await dialog.getByRole('button', { name: /^Show the first rows/ }).click();
  await dialog.getByRole('table').waitFor();
  await photograph('hub');
  await page.keyboard.press('Escape');

  await page.setInputFiles('[data-picker="text"]', noisyPages());
  const card = page.getByRole('region', { name: 'Text', exact: true });
  await card.getByText('pages.jsonl').first().waitFor();
  await card.getByRole('button', { name: 'Look inside, clean' }).and(page.locator(':enabled')).click();
  await page.getByRole('switch', { name: 'Clean this text' }).click();
  await page.getByRole('region', { name: 'Before and after' }).waitFor();
  await photograph('clean');
  await page.getByRole('switch', { name: 'Clean this text' }).click();
  await page.getByRole('button', { name: 'Back to the layers' }).click();
}
