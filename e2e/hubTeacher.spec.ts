/** A checkpoint from a Hub: fetched with progress, kept in the browser, cancelled without harm. */
import { expect, test, type Page } from '@playwright/test';
import { join } from 'node:path';
import { startHubServer, type HubServer } from './hubServer.mjs';
import { expectReady, expectTeacher, fixtures, openPage, SMALL_RECIPE } from './studio';

const DEMO = '12 × 96';
const TINY = '12 × 32';

let hub: HubServer;
test.beforeAll(async () => {
  hub = await startHubServer({ repos: { 'tiny/gpt2': join(fixtures, 'gpt2-tiny') }, redirects: true });
});
test.afterAll(() => hub.close());

async function load(page: Page, repo: string): Promise<void> {
  await page.getByRole('button', { name: 'Change the teacher' }).click();
  await page.getByRole('menuitem', { name: /Hugging Face Hub/ }).click();
  await page.getByLabel('Repository').fill(repo);
  await page.getByRole('dialog').getByRole('button', { name: 'Load' }).click();
}

test('a repository becomes the teacher, and is not fetched a second time', async ({ page }) => {
  await openPage(page, { recipe: SMALL_RECIPE, hubUrl: hub.url });
  await expectReady(page);
  await expectTeacher(page, DEMO);
  await load(page, 'tiny/gpt2');
  await expectTeacher(page, TINY);
  const weights = (path: string) => path.endsWith('model.safetensors');
  const fetched = hub.state.bytesSent;
  expect(fetched).toBeGreaterThan(10_000);
  expect(hub.state.requests.some(({ path }) => weights(path))).toBe(true);

  // The recipe remembers its teacher; the weights come out of the browser's own storage.
  await page.reload();
  await expectTeacher(page, TINY);
  // The listing is asked for again; the weights are not.
  expect(hub.state.bytesSent - fetched).toBeLessThan(5_000);
});

test('a repository that is not there gets a sentence, and the old teacher stays', async ({ page }) => {
  await openPage(page, { recipe: SMALL_RECIPE, hubUrl: hub.url });
  await expectReady(page);
  await load(page, 'nobody/nothing');
  await expect(page.getByRole('alert').filter({ hasText: 'nobody/nothing' })).toBeVisible();
  await expectTeacher(page, DEMO);
});

test('a slow download is cancelled, and the old teacher stays', async ({ page }) => {
  await openPage(page, { recipe: SMALL_RECIPE, hubUrl: hub.url });
  await expectReady(page);
  hub.setRepo('slow/gpt2', join(fixtures, 'gpt2-tiny'));
  hub.state.faults.push({ path: /slow.*safetensors/, times: 5, bytesPerSecond: 2000 });
  await load(page, 'slow/gpt2');
  await page.getByRole('region', { name: 'Layer board' }).getByRole('button', { name: 'Cancel' }).click();
  await expectReady(page);
  await expectTeacher(page, DEMO);
  await expect(page.getByRole('alert')).toHaveCount(0);
});
