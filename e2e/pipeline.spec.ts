/** Several stages on several data in one run: opened from the menu, seen stage by stage, read in a table at the end. */
import AxeBuilder from '@axe-core/playwright';
import { expect, test, type Page } from '@playwright/test';
import { readFileSync } from 'node:fs';
import { expectFinished, expectReady, openPage, runButton } from './studio';

const demo = JSON.parse(
  readFileSync(new URL('../recipes/pipeline-demo.json', import.meta.url), 'utf8'),
) as Record<'stages' | 'name' | 'evaluation' | 'selection', unknown> & { stages: object[] };

/** The demo pipeline in a few steps, for software WebGPU. */
const SHORT = {
  ...demo,
  selection: { strategy: 'uniform', keep: 2 },
  stages: demo.stages.map((stage) => ({ ...stage, steps: 3, batchSize: 2 })),
  evaluation: { every: 0, window: 32, stride: 32, maxTokens: 256, maxRows: 16 },
};

async function expectClean(page: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  expect(violations.map(({ id, nodes }) => [id, nodes.map((node) => node.html.slice(0, 120))])).toEqual([]);
}

test('a pipeline is opened, changed, run, and read stage by stage', async ({ page }) => {
  const failures = await openPage(page);
  await expectReady(page);

  // The bundled one is in the menu; its stages name what they learn from.
  await page.getByRole('button', { name: 'Recipes' }).click();
  await page.getByRole('menuitem', { name: /^Demo pipeline, bundled/ }).click();
  const stages = page.getByRole('group', { name: 'Stages' });
  await expect(stages.getByRole('button', { name: /Pre-train 40 steps 20 % of Demo text/ })).toBeVisible();
  await stages.getByRole('button', { name: /Fine-tune 60 steps Category/ }).click();
  const source = page.getByRole('region', { name: 'What stage 3 learns from' });
  await expect(source).toContainText('5,600 rows');
  await expect(stages.getByRole('button', { name: 'Move up stage 3, Fine-tune' })).toBeDisabled();
  await expectClean(page);

  // A short one from a file; its first stage learns from another share of the text.
  await page.setInputFiles('[data-picker="recipe"]', {
    name: 'short.json',
    mimeType: 'application/json',
    buffer: Buffer.from(JSON.stringify(SHORT)),
  });
  await stages.getByRole('button', { name: /Pre-train 3 steps/ }).click();
  await page.getByRole('textbox', { name: 'Share, %' }).fill('10');
  await page.getByRole('textbox', { name: 'Share, %' }).press('Enter');
  await expect(stages.getByRole('button', { name: /10 % of Demo text/ })).toBeVisible();
  await expect(page.getByRole('region', { name: 'What stage 1 learns from' })).toContainText('tokens');
  await expectReady(page);
  await runButton(page).click();
  await expectFinished(page);

  const marked = /Marked: 1 Pre-train.* from the start; 2 Distil, Demo text from step 4; 3 Fine-tune/;
  for (const name of ['Loss, by term', 'Validation perplexity', 'Accuracy, %'])
    await expect(page.getByRole('region', { name, exact: true }).locator('.decant-picture')).toHaveAttribute(
      'aria-label',
      marked,
    );
  const results = page.getByRole('region', { name: 'Results by stage' });
  await expect(results.getByRole('row', { name: /^Truncated \d+.*zero-shot/ })).toBeVisible();
  await expect(results.getByRole('row', { name: /^2 Distil Demo text \d[\d,.]* \d+\.\d$/ })).toBeVisible();
  await expect(results.getByRole('row', { name: /^3 Fine-tune Category – \d+\.\d$/ })).toBeVisible();
  await results.getByRole('button', { name: 'Demo text' }).click();
  await expect(page.getByRole('dialog')).toContainText(/windows of 32 tokens.*as it came.*per token/);
  await page.keyboard.press('Escape');
  await expectClean(page);
  expect(failures).toEqual([]);
});
