/** Someone trying it: one click on Run shows a falling curve; the student goes home and comes back as a teacher. */
import { expect, test } from '@playwright/test';
import { readFileSync } from 'node:fs';
import { drop, expectFinished, expectReady, folderOf, openPage, runButton, SMALL_RECIPE } from './studio';

test('the demo teacher is distilled, watched, exported, and its student is a teacher in turn', async ({
  page,
}, info) => {
  const failures = await openPage(page);
  await expectReady(page);

  // The length of the run, by hand.
  await page.getByRole('button', { name: /Training$/ }).click();
  await page.getByLabel('Steps', { exact: true }).fill('6');
  await page.getByLabel('Steps', { exact: true }).press('Enter');
  await expect(page.getByRole('region', { name: 'Summary and start' })).toContainText('6 steps');
  await runButton(page).click();
  await page.goto('/#run');

  await expectFinished(page);
  const loss = page.getByRole('img', { name: /^Loss, by term\. total / });
  await expect(loss).toBeVisible();
  await expect(
    page.getByRole('img', { name: /^Validation perplexity\. student .* by step 6/ }),
  ).toBeVisible();

  // Reported steps have a row (not each of them where steps are fast), and the terms of a row add up to its total.
  await page.getByRole('group', { name: /^Loss, by term, chart/ }).press('d');
  const rows = page
    .getByRole('region', { name: 'Loss, by term, data table' })
    .locator('tbody tr:not([aria-hidden])');
  await expect(rows).not.toHaveCount(0);
  expect(await rows.count()).toBeLessThanOrEqual(6);
  await expect(rows.last()).toContainText('6');
  for (const row of await rows.all()) {
    const [total, ...terms] = (await row.locator('td.num').allInnerTexts()).map(Number);
    expect(terms).toHaveLength(2);
    // Three printed numbers, each rounded to a hundredth.
    expect(Math.abs(total! - terms.reduce((sum, term) => sum + term, 0))).toBeLessThanOrEqual(0.016);
  }

  // What it writes, before and after.
  const samples = page.getByRole('region', { name: 'What it writes' }).getByRole('listitem');
  await expect(samples.filter({ hasText: 'before training' })).toHaveCount(1);
  await expect(samples.filter({ hasText: 'Step 6' })).toHaveCount(1);

  // Continue a prompt with the student.
  const prompting = page.getByRole('region', { name: 'Continue a prompt' });
  await prompting.getByRole('button', { name: 'Continue' }).click();
  await expect(prompting.getByRole('button', { name: 'Continue' })).toBeVisible();
  await expect(prompting.locator('.run-written')).toHaveText(/^The people of.+/);

  // Take the student home.
  const names = ['config.json', 'model.safetensors', 'tokenizer.json'];
  const saved = new Map<string, Buffer>();
  page.on('download', (download) => {
    void download.path().then((path) => saved.set(download.suggestedFilename(), readFileSync(path)));
  });
  const exporting = page.getByRole('region', { name: 'Export the student' });
  await exporting.getByRole('button', { name: 'Download' }).click();
  await expect.poll(() => names.filter((name) => saved.has(name))).toEqual(names);
  const config = JSON.parse(saved.get('config.json')!.toString()) as { n_layer: number; model_type: string };
  expect(config).toMatchObject({ model_type: 'gpt2', n_layer: 2 });

  // Dropped on the page, it is a teacher of two layers.
  await page.goto('/#compose');
  await expectReady(page);
  await drop(page, [folderOf(info, Object.fromEntries(saved))]);
  await expect(page.getByRole('region', { name: 'Layer board' }).getByRole('option')).toHaveCount(2);
  expect(failures).toEqual([]);
});

test('a run pauses, takes one step, is measured, goes on and is stopped by keys', async ({ page }) => {
  const stages = [{ method: 'fine-tune', steps: 4000, batchSize: 1 }];
  await openPage(page, { recipe: { ...SMALL_RECIPE, stages } });
  await expectReady(page);
  await page.keyboard.press('Control+Enter');
  await page.goto('/#run');
  const progress = page.getByRole('region', { name: 'Progress' });
  await expect(progress).toContainText(/Training .* step [1-9]/);
  await page.keyboard.press('p');
  await expect(progress).toContainText('Paused');
  const stepOf = async () =>
    Number(/step ([\d,]+) of/.exec(await progress.innerText())![1]!.replace(',', ''));
  // The last batch of reports is under way when the state arrives.
  await page.waitForTimeout(500);
  const paused = await stepOf();
  await page.waitForTimeout(1000);
  expect(await stepOf()).toBe(paused);
  await page.keyboard.press('.');
  await expect.poll(stepOf).toBe(paused + 1);
  await page.keyboard.press('e');
  const measured = new RegExp(`^Validation perplexity\\..* by step ${paused + 1}`);
  await expect(page.getByRole('img', { name: measured })).toBeVisible();
  await expect(progress).toContainText('Paused');
  await page.keyboard.press('p');
  await expect.poll(stepOf).toBeGreaterThan(paused + 1);
  await page.keyboard.press('Shift+S');
  const asks = page.getByRole('dialog');
  await expect(asks.getByRole('button', { name: 'Let it run' })).toBeFocused();
  await asks.getByRole('button', { name: 'Stop the run' }).click();
  await expect(progress).toContainText('Stopped');
  await expect(page.getByRole('region', { name: 'Export the student' })).toBeVisible();
});
