/** Every screen, light and dark, by axe's whole list. */
import AxeBuilder from '@axe-core/playwright';
import { expect, test, type Page } from '@playwright/test';
import { expectFinished, expectReady, openPage, runButton, SMALL_RECIPE } from './studio';

async function expectClean(page: Page, what: string): Promise<void> {
  // A dialog that fades in has no contrast yet.
  await page.waitForTimeout(400);
  const { violations } = await new AxeBuilder({ page }).analyze();
  const found = violations.map(({ id, nodes }) => ({
    id,
    where: nodes.map((node) => node.html.slice(0, 160)),
  }));
  expect(found, what).toEqual([]);
}

for (const colorScheme of ['light', 'dark'] as const) {
  test(`axe finds nothing on any screen, ${colorScheme}`, async ({ browser, baseURL }) => {
    const context = await browser.newContext({
      colorScheme,
      baseURL,
      viewport: { width: 1440, height: 900 },
    });
    const page = await context.newPage();
    await openPage(page, {
      recipe: { ...SMALL_RECIPE, stages: [{ method: 'annealing-kd', steps: 4, batchSize: 2 }] },
    });
    await expectReady(page);
    await expectClean(page, 'Compose');
    await page.getByRole('button', { name: /Training$/ }).click();
    await expectClean(page, 'Compose, training open');
    await page.keyboard.press('Escape');
    await page.goto('/#run');
    await expectClean(page, 'Run, empty');
    await page.goto('/#compare');
    await expectClean(page, 'Compare, empty');

    await page.goto('/#compose');
    await runButton(page).click();
    await page.goto('/#run');
    await expectFinished(page);
    await page.getByRole('group', { name: /^Loss, by term, chart/ }).press('d');
    await expectClean(page, 'Run, finished, with a data table');
    await page.getByRole('button', { name: 'Loss, by term: options' }).click();
    await expectClean(page, 'Run, menu of a chart');
    await page.keyboard.press('Escape');

    await page.goto('/#compare');
    await page.getByRole('button', { name: 'Sweep layer sets' }).click();
    await expect(page.getByRole('button', { name: 'Sweep layer sets' })).toBeVisible({ timeout: 120_000 });
    await expectClean(page, 'Compare, one run and a sweep');
    await page.keyboard.press('?');
    await expect(page.getByRole('dialog', { name: 'Keys' })).toBeVisible();
    await expectClean(page, 'Keys');
    await page.keyboard.press('Escape');
    await expect(page.getByRole('dialog')).toHaveCount(0);
    await page.keyboard.press('Control+k');
    await expect(page.getByRole('dialog', { name: 'Commands' })).toBeVisible();
    await expectClean(page, 'Commands');
    await context.close();
  });
}
