/** A researcher comparing layer sets: one click measures every rule, two runs are compared, tables go to CSV. */
import { expect, test, type Page } from '@playwright/test';
import { readFileSync } from 'node:fs';
import Papa from 'papaparse';
import { expectFinished, expectReady, openPage, runButton, SMALL_RECIPE } from './studio';

/** What a click on a button downloads, as lines of cells. */
async function csvOf(page: Page, press: () => Promise<void>): Promise<string[][]> {
  const [download] = await Promise.all([page.waitForEvent('download'), press()]);
  const text = readFileSync(await download.path()).toString();
  return Papa.parse<string[]>(text.trimEnd()).data;
}

test('one click measures the layer set of every rule; the table sorts and is exported', async ({ page }) => {
  const selection = { strategy: 'pseudo-uniform', keep: 6 };
  const failures = await openPage(page, { recipe: { ...SMALL_RECIPE, selection } });
  await expectReady(page);
  await page.getByRole('button', { name: 'Sweep sets' }).click();

  const sweep = page.getByRole('region', { name: 'Zero-shot sweep', exact: true });
  const rows = sweep.locator('tbody tr');
  await expect(rows).toHaveCount(7);
  await expect(sweep.getByRole('button', { name: 'Sweep layer sets' })).toBeVisible({ timeout: 120_000 });
  const perplexities = async () =>
    (await rows.locator('td:nth-child(5)').allInnerTexts()).map((text) => Number(text.replaceAll(',', '')));
  const ascending = await perplexities();
  expect(ascending.every((value) => value > 1)).toBe(true);
  expect(ascending).toEqual([...ascending].sort((a, b) => a - b));
  // The whole teacher is better than any six of its layers.
  await expect(rows.first()).toContainText('Teacher');

  await sweep.getByRole('button', { name: /zero-shot/ }).click();
  await expect(sweep.getByRole('columnheader', { name: /zero-shot/ })).toHaveAttribute(
    'aria-sort',
    'descending',
  );
  expect(await perplexities()).toEqual([...ascending].reverse());

  const bars = page.getByRole('img', { name: /^Zero-shot perplexity by layer set/ });
  await expect(bars).toHaveAttribute('aria-label', /Pseudo-uniform [\d,.]+/);
  const csv = await csvOf(page, () => sweep.getByRole('button', { name: 'CSV' }).click());
  expect(csv[0]).toEqual(['layer set', 'k', 'layers', 'parameters', 'perplexity', 'tokens']);
  expect(csv).toHaveLength(8);
  expect(csv.find(([name]) => name === 'Pseudo-uniform')![2]).toBe('0 2 4 7 9 11');

  await sweep.getByRole('button', { name: 'Keep the layers of Top half' }).click();
  await expect(page.getByRole('region', { name: 'Summary and start' })).toContainText('6 7 8 9 10 11');
  expect(failures).toEqual([]);
});

test('two runs of different layer sets stand side by side', async ({ page }) => {
  await openPage(page);
  await expectReady(page);
  await runButton(page).click();
  await page.goto('/#run');
  await expectFinished(page);
  await page.goto('/#compose');
  await page.getByRole('radio', { name: /Top half/ }).click();
  await runButton(page).click();
  await page.goto('/#run');
  await expectFinished(page);
  await page.getByRole('region', { name: 'Progress' }).getByRole('button', { name: 'Compare' }).click();

  const runs = page.getByRole('region', { name: 'Runs', exact: true });
  const first = runs.getByRole('row', { name: /Uniform 2/ });
  const second = runs.getByRole('row', { name: /Top half 2/ });
  await expect(second).toContainText('the run in focus');
  await expect(first).toContainText('layers');
  const curves = page.getByRole('img', { name: /^Validation perplexity\./ });
  await expect(curves).toHaveAttribute('aria-label', /Top half 2.*Uniform 2/);
  await first.getByRole('checkbox').press('Space');
  await expect(curves).not.toHaveAttribute('aria-label', /Uniform 2/);
  await expect(page.getByRole('img', { name: /^Parameters against perplexity/ })).toBeVisible();

  const csv = await csvOf(page, () => runs.getByRole('button', { name: 'CSV' }).click());
  expect(csv).toHaveLength(3);
  const [measure, after] = ['measure', 'after'].map((name) => csv[0]!.indexOf(name));
  for (const row of csv.slice(1)) {
    expect(row[measure!]).toBe('Perplexity');
    expect(Number(row[after!])).toBeGreaterThan(1);
  }
});
