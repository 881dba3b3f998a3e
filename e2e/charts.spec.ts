/** Charts by keyboard: one cursor for all, the best value, the table, the scale, the zoom, the exports. */
import { expect, test } from '@playwright/test';
import { readFileSync } from 'node:fs';
import { expectFinished, expectReady, openPage, runButton, SMALL_RECIPE } from './studio';
import { scriptSession } from './scriptedSession';

test('a chart is read, scaled, zoomed and exported without a mouse', async ({ page }) => {
  await scriptSession(page);
  await openPage(page, { recipe: { ...SMALL_RECIPE, stages: [{ method: 'vanilla-kd', steps: 1000 }] } });
  await expectReady(page);
  await runButton(page).click();
  await page.goto('/#run');
  await expectFinished(page);

  const perplexity = page.getByRole('group', { name: /^Validation perplexity, chart/ });
  await perplexity.focus();
  await page.keyboard.press('b');
  await expect(page.getByRole('region', { name: 'Validation perplexity', exact: true })).toContainText(
    'last measured at step 1,000',
  );
  // The other charts stand at the same step.
  const loss = page.getByRole('region', { name: 'Loss, by term', exact: true });
  await expect(loss.locator('svg .cursor')).toContainText('step 1,000');
  await page.keyboard.press('ArrowLeft');
  await expect(loss.locator('svg .cursor')).toContainText('step 750');

  // Both parts of the method are marked, and what it drew for the epoch is shown.
  await expect(loss.locator('svg').getByText('first half', { exact: true })).toBeVisible();
  await expect(loss.locator('svg').getByText('second half', { exact: true })).toBeVisible();
  await expect(page.getByRole('region', { name: 'Progress' })).toContainText('Vanilla KD, second half');
  await expect(page.getByRole('img', { name: /^Epoch 1: .* 0 from 0, 1 from 3,/ })).toBeVisible();

  // Log to linear: a linear axis begins at zero.
  const axis = page.getByRole('img', { name: /^Validation perplexity\./ }).locator('text');
  await expect(axis.filter({ hasText: /^0$/ })).toHaveCount(1);
  await page.keyboard.press('l');
  await expect(axis.filter({ hasText: /^0$/ })).toHaveCount(2);

  await page.keyboard.press('d');
  const table = page.getByRole('region', { name: 'Validation perplexity, data table' });
  await expect(table.getByRole('row')).toHaveCount(6);
  await expect(table.getByText('best')).toHaveCount(1);

  const menu = page.getByRole('button', { name: 'Loss, by term: options' });
  const exported = async (name: string) => {
    await menu.click();
    const item = page.getByRole('menuitem', { name, exact: true });
    const [download] = await Promise.all([page.waitForEvent('download'), item.click()]);
    return readFileSync(await download.path());
  };
  const svg = (await exported('SVG')).toString();
  expect(svg).toContain('Loss, by term');
  expect(svg).toContain('soft, KL');
  expect(svg).not.toContain('var(--');
  expect((await exported('PNG')).subarray(1, 4).toString()).toBe('PNG');
  const csv = (await exported('CSV')).toString().trimEnd().split('\r\n');
  expect(csv[0]).toBe('Step,total,"hard, CE","soft, KL"');
  expect(csv).toHaveLength(1001);
});
