/** Somebody brings pages as they were crawled, sees what is in them, and has them cleaned before training. */
import AxeBuilder from '@axe-core/playwright';
import { expect, test } from '@playwright/test';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expectReady, openPage } from './studio';

const article = (i: number) => `The council met on day ${i} to decide about the old bridge over the river.`;
const pages = Array.from(
  { length: 40 },
  (_, i) =>
    `<html><body><div>Read more</div><p>${article(i % 30)}</p><p>+++ 12:40 +++ 12:38 +++</p></body></html>`,
);

test('pages are looked at, cleaned, and come back as fewer tokens', async ({ page }, info) => {
  const failures = await openPage(page);
  await expectReady(page);
  const folder = info.outputPath('pages');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'pages.jsonl'), pages.map((text) => JSON.stringify({ text })).join('\n'));
  await page.setInputFiles('[data-picker="text"]', join(folder, 'pages.jsonl'));
  const card = page.getByRole('region', { name: 'Text', exact: true });
  await expect(card).toContainText('pages.jsonl');
  const before = await card
    .getByText(/tokens$/)
    .first()
    .textContent();

  await card.getByRole('button', { name: 'Look inside, clean' }).click();
  await expect(page.getByRole('region', { name: 'What is in the text' })).toContainText('40');
  const cleaning = page.getByRole('switch', { name: 'Clean this text' });
  await cleaning.click();
  const short = page.getByRole('row', { name: /Drop short/ });
  await expect(short).toContainText('−40');
  await expect(page.getByRole('row', { name: /Drop duplicates/ })).toContainText('−10');
  await expect(page.getByRole('region', { name: 'Before and after' })).toContainText(article(0));
  const { violations } = await new AxeBuilder({ page }).analyze();
  expect(violations.map(({ id, nodes }) => ({ id, where: nodes[0]?.html }))).toEqual([]);

  await page.getByRole('switch', { name: 'Drop short' }).click();
  await expect(short).toContainText('off');
  await page.getByRole('button', { name: 'Back to the layers' }).click();
  await expect(card).toContainText('Cleaned before training');
  await expect(card.getByText(/tokens$/).first()).not.toHaveText(before!);
  expect(failures).toEqual([]);
});
