/** A researcher asking which method is better: one click compares them over seeds, the paper's tables stand beside. */
import AxeBuilder from '@axe-core/playwright';
import { expect, test, type Page } from '@playwright/test';
import { readFileSync } from 'node:fs';
import { expectReady, openPage } from './studio';

const RECIPE = {
  version: 1,
  seed: 1,
  teacher: { model: 'demo' },
  selection: { strategy: 'pseudo-uniform', keep: 6 },
  data: { train: 'demo', validation: 'demo', contextLength: 16 },
  stages: [{ method: 'label-smoothing', steps: 2, batchSize: 1 }],
  evaluation: { every: 0, window: 16, stride: 16, maxTokens: 64 },
};

async function textOf(page: Page, press: () => Promise<void>): Promise<string> {
  const [download] = await Promise.all([page.waitForEvent('download'), press()]);
  return readFileSync(await download.path()).toString();
}

async function expectClean(page: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  expect(violations.map(({ id, nodes }) => [id, nodes.map((node) => node.html.slice(0, 120))])).toEqual([]);
}

test('two methods over two seeds, in words and in files; then beside the paper', async ({ page }) => {
  const failures = await openPage(page, { recipe: RECIPE });
  await expectReady(page);
  await page.getByRole('button', { name: 'Compare methods' }).click();
  const dialog = page.getByRole('dialog', { name: 'Compare methods' });
  await expect(dialog.getByRole('checkbox', { name: 'Fine-tuning' })).toBeDisabled();
  await expect(dialog.getByRole('checkbox', { name: 'Label smoothing' })).toBeChecked();
  await dialog.getByRole('textbox', { name: 'Seeds' }).fill('2');
  await dialog.getByRole('button', { name: 'Run 4 runs' }).click();

  const card = page.getByRole('region', { name: 'Comparison of methods' });
  await expect(card.getByText(/^Run \d of 4: /)).toBeVisible();
  await expect(card.getByText('4 of 4 runs.', { exact: false })).toBeVisible({ timeout: 120_000 });
  const smoothed = card.getByRole('row', { name: /Label smoothing/ });
  await expect(smoothed).toContainText(/± .*from .* to .*(not distinguishable|better|worse)/);
  await expect(card.getByRole('row', { name: /Fine-tuning/ })).toContainText('the baseline');
  await expect(page.getByRole('img', { name: /^Perplexity by method/ })).toBeVisible();
  await expect(page.getByRole('region', { name: 'Runs', exact: true })).toContainText('Fine-tuning, seed 2');

  const csv = await textOf(page, () => card.getByRole('button', { name: 'CSV' }).click());
  expect(csv.trimEnd().split('\r\n')).toHaveLength(3);
  expect(csv).toContain('seed 1,seed 2');
  const latex = await textOf(page, () => card.getByRole('button', { name: 'LaTeX' }).click());
  expect(latex).toMatch(/Label smoothing & .*\$\\pm\$/);
  await expectClean(page);

  await page.getByText('The paper’s tables', { exact: true }).click();
  const table = page.getByRole('region', { name: 'Table 7' });
  await expect(table.getByRole('row', { name: /GPT2-xl-pseudo/ })).toContainText('22.80');
  const own = table.getByRole('row', { name: /own run Fine-tuning/ });
  await expect(own).toContainText('2 seeds');
  // Another text in other tokens: the figure is shown, nothing is taken from it.
  await expect(own).toContainText(/± .*–/);
  await expect(page.getByRole('region', { name: 'Notes' })).toContainText('Made of demo');

  const glue = page.getByRole('region', { name: 'Tables 1 and 2' }).getByRole('row', { name: /LS/ });
  await expect(glue).toContainText(/86\.6.*80\.1/);
  await page.getByRole('button', { name: 'Show with the two columns swapped' }).click();
  await expect(glue).toContainText(/80\.1.*86\.6/);
  const tables = await textOf(page, () => page.getByRole('button', { name: 'CSV' }).click());
  expect(tables).toContain('Table 7,printed,GPT2-pseudo,PPL,26.14');
  expect(tables).toMatch(/Table 7,own,"?Fine-tuning, 2 seeds"?,PPL,/);
  const tex = await textOf(page, () => page.getByRole('button', { name: 'LaTeX' }).click());
  expect(tex).toMatch(/\\quad Fine-tuning, 2 seeds \(/);
  await expectClean(page);

  await page.getByRole('button', { name: 'Run Table 7, GPT2-medium-6bh' }).click();
  const recipe = page.getByRole('dialog', { name: 'A run of the paper' });
  await expect(recipe).toContainText('10 % of WikiText-103');
  await expect(recipe.getByRole('button', { name: 'Take it into Compose' })).toBeEnabled();
  expect(failures).toEqual([]);
});
