/** Own text: encoded by workers below the session's, kept in the browser, found there on the next visit. */
import { expect, test, type Page } from '@playwright/test';
import { drop, expectReady, folderOf, openPage } from './studio';

/** Large enough for workers: 1.3 MB in 40 documents. */
const documents = Array.from({ length: 40 }, (_, i) =>
  Array.from(
    { length: 330 },
    (_, j) =>
      `Sentence ${j} of document ${i} is about ${'abcdefghij'[(i * j) % 10]} and costs ${i * j} marks; that is all.\n`,
  )
    .join('')
    .repeat(1 + (i % 2)),
);

/** Names, sizes and times of the files with tokens in the browser's private file system. */
const kept = (page: Page) =>
  page.evaluate(async () => {
    const root = await (await navigator.storage.getDirectory()).getDirectoryHandle('tokens');
    const found: Record<string, string> = {};
    for await (const folder of root.values() as AsyncIterable<FileSystemDirectoryHandle>)
      for await (const file of folder.values() as AsyncIterable<FileSystemFileHandle>) {
        const { size, lastModified } = await file.getFile();
        found[file.name] = `${size} ${lastModified}`;
      }
    return found;
  });

test('a text dropped on the page is encoded once', async ({ page }, info) => {
  const bytes = Buffer.from(documents.join('<|endoftext|>'));
  const path = `${folderOf(info, { 'marks.txt': bytes })}/marks.txt`;
  const text = page.getByRole('region', { name: 'Text', exact: true });
  const visit = async () => {
    await expectReady(page);
    await drop(page, [path]);
    await expect(text).toContainText('marks.txt');
    await expect(text).toContainText('Documents38');
    return text.textContent();
  };
  const failures = await openPage(page);
  const first = await visit();
  const files = await kept(page);
  expect(Object.keys(files).sort()).toEqual(['documents', 'ids', 'meta']);
  await page.reload();
  expect(await visit()).toBe(first);
  expect(await kept(page)).toEqual(files);
  expect(failures).toEqual([]);
});
