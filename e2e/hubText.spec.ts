/** A text from a Hub: looked up, priced before it is fetched, read by parts, kept in the browser. */
import { expect, test } from '@playwright/test';
import { hubDataRepos } from '../src/testing/hubData';
import { startHubServer, type HubServer } from './hubServer.mjs';
import { expectReady, openPage, SMALL_RECIPE } from './studio';

const TOKEN = 'hf_testOnlySecret';

let hub: HubServer;
test.beforeAll(async () => {
  hub = await startHubServer({ repos: hubDataRepos() });
  hub.state.tokens['datasets/some/texts'] = TOKEN;
});
test.afterAll(() => hub.close());

test('a gated data set becomes the text with a token, and comes back on a reload from what is kept', async ({
  page,
}) => {
  await openPage(page, { recipe: SMALL_RECIPE, hubUrl: hub.url });
  await expectReady(page);
  await page.getByRole('button', { name: 'Change the text' }).click();
  await page.getByRole('menuitem', { name: 'From the Hub …' }).click();
  const dialog = page.getByRole('dialog', { name: 'A text from the Hub' });
  await dialog.getByLabel('Data set').fill('some/texts');
  await dialog.getByRole('button', { name: 'Look' }).click();
  await expect(dialog.getByRole('alert')).toContainText('it is private or gated');

  await dialog.getByText('Mirror and access token').click();
  await dialog.getByLabel('Access token', { exact: true }).fill(TOKEN);
  await dialog.getByRole('button', { name: 'Look' }).click();
  await expect(dialog.getByRole('status')).toContainText(/To fetch: .* of .*Training: 60 of 60 rows/);
  // There is no column "text": the first one with texts is taken.
  await expect(dialog.getByLabel('Column with the text')).toHaveValue('body (text)');
  await dialog.getByRole('button', { name: 'Load' }).click();

  const card = page.getByRole('region', { name: 'Text' });
  await expect(card.getByText('some/texts', { exact: true })).toBeVisible();
  await expectReady(page);
  const authorized = hub.state.requests.filter(({ authorization }) => authorization !== null);
  expect(authorized.some(({ path }) => path.startsWith('/cdn/'))).toBe(false);
  expect(authorized.length).toBeGreaterThan(0);
  expect(await page.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage }))).not.toContain(
    TOKEN,
  );

  // The token is gone with the page; what is open by now is read from the browser's storage.
  hub.state.tokens = {};
  hub.state.requests.length = 0;
  await page.reload();
  await expect(card.getByText('some/texts', { exact: true })).toBeVisible();
  const asked = new Set(hub.state.requests.map(({ path }) => path));
  expect([...asked]).toEqual(['/api/datasets/some/texts/revision/main']);
});
