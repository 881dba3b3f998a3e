/** Texts and rows from a Hub: looked up, priced before they are fetched, read by parts, kept in the browser. */
import AxeBuilder from '@axe-core/playwright';
import { expect, test, type Page } from '@playwright/test';
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

/** The open dialog, in both colour schemes. */
async function expectNoViolations(page: Page) {
  for (const colorScheme of ['dark', 'light'] as const) {
    await page.emulateMedia({ colorScheme });
    // A dialog that fades in has no contrast yet.
    await page.waitForTimeout(400);
    const { violations } = await new AxeBuilder({ page }).include('[role="dialog"]').analyze();
    expect(violations.map(({ id, nodes }) => [id, nodes[0]!.html.slice(0, 160)])).toEqual([]);
  }
}

test('a gated data set becomes the text with a token, and comes back on a reload from what is kept', async ({
  page,
}) => {
  await openPage(page, { recipe: SMALL_RECIPE, hubUrl: hub.url });
  await expectReady(page);
  await page.getByRole('button', { name: 'Change the text' }).click();
  await page.getByRole('menuitem', { name: 'From the Hub …' }).click();
  const dialog = page.getByRole('dialog', { name: 'A text from the Hub' });
  // The lines of WikiText are one text, whoever picks it.
  await dialog.getByLabel('Known texts').click();
  await page.getByRole('option', { name: 'WikiText-2, raw' }).click();
  await expect(dialog.getByRole('combobox', { name: 'Rows are' })).toHaveValue('lines of one text');

  await dialog.getByLabel('Data set').fill('some/texts');
  await dialog.getByRole('button', { name: 'Look' }).click();
  await expect(dialog.getByRole('alert')).toContainText('it is private or gated');
  await expectNoViolations(page);

  // The field for the token stands open by itself.
  await dialog.getByLabel('Access token', { exact: true }).fill(TOKEN);
  await dialog.getByRole('button', { name: 'Look' }).click();
  await expect(dialog.getByRole('status')).toContainText(
    /To fetch: .* of .*Training: 60 rows\. Validation: 8 rows/,
  );
  await expect(dialog.getByRole('combobox', { name: 'Rows are' })).toHaveValue('documents of their own');
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

test('the rows of a task are looked at, taken, and asked for again when the Hub was away', async ({
  page,
}) => {
  await openPage(page, { recipe: SMALL_RECIPE, hubUrl: hub.url });
  await expectReady(page);
  await page.getByRole('button', { name: 'Change the text' }).click();
  await page.getByRole('menuitem', { name: 'A task of GLUE …' }).click();
  await page.getByRole('button', { name: 'From the Hub …' }).click();
  const dialog = page.getByRole('dialog', { name: 'Rows of SST-2 from the Hub' });
  await expect(dialog.getByRole('status')).toContainText('Training: 60 rows. Validation: 12 rows.');
  await dialog.getByRole('button', { name: /^Show the first rows, \d/ }).click();
  await expect(dialog.getByRole('row', { name: /row 1 up/ })).toContainText('1');
  await expectNoViolations(page);
  await dialog.getByRole('button', { name: 'Take these rows' }).click();
  const rows = page.getByRole('region', { name: 'Rows of SST-2' });
  await expect(rows).toContainText('Training rows: nyu-mll/glue/sst2, train, 60 rows');
  await expectReady(page);

  // Nothing is kept, and the Hub asks for a long pause.
  await page.evaluate(async () => {
    const folder = await navigator.storage.getDirectory();
    for await (const name of folder.keys()) await folder.removeEntry(name, { recursive: true });
  });
  hub.state.faults.push({ status: 429, retryAfter: 600, times: 99 });
  await page.reload();
  const card = page.getByRole('region', { name: 'Task', exact: true });
  await expect(card.getByRole('alert')).toContainText('It asks to wait 10 minutes');
  await expect(card).toContainText('GLUE SST-2, sentiment');
  hub.state.faults.length = 0;
  await card.getByRole('button', { name: 'Try again' }).click();
  await expect(card).toContainText('60 rows');
  await expectReady(page);
});
