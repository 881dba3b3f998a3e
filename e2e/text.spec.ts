/** Own text: encoded by workers below the session's, kept in the browser, found there on the next visit, and cleared. */
import AxeBuilder from '@axe-core/playwright';
import { expect, test, type Page } from '@playwright/test';
import { drop, expectFinished, expectReady, folderOf, openPage, runButton } from './studio';

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
        // Written at every use.
        if (file.name !== 'used.mark') found[file.name] = `${size} ${lastModified}`;
      }
    return found;
  });

/** What another tab would hear that removes them. */
const removal = (page: Page) =>
  page.evaluate(async () => {
    const root = await (await navigator.storage.getDirectory()).getDirectoryHandle('tokens');
    const heard: string[] = [];
    for await (const { name } of root.values())
      await root.removeEntry(name, { recursive: true }).then(
        () => heard.push('removed'),
        (error: Error) => heard.push(error.name),
      );
    return heard;
  });

test('a text dropped on the page is encoded once, and its tokens can be cleared', async ({ page }, info) => {
  const bytes = Buffer.from(documents.join('<|endoftext|>'));
  const path = `${folderOf(info, { 'marks.txt': bytes })}/marks.txt`;
  const text = page.getByRole('region', { name: 'Text', exact: true });
  const visit = async () => {
    await drop(page, [path]);
    await expect(text).toContainText('marks.txt');
    await expect(text).toContainText('Documents38');
    return text.textContent();
  };
  const failures = await openPage(page);
  await expectReady(page);
  const first = await visit();
  const files = await kept(page);
  expect(Object.keys(files).sort()).toEqual(['documents', 'ids', 'meta']);
  await page.reload();
  // A page cannot keep a file, so it is asked for.
  await expect(text.getByRole('alert')).toContainText('marks.txt');
  expect(await visit()).toBe(first);
  expect(await kept(page)).toEqual(files);

  await page.getByRole('button', { name: 'Saved in this browser' }).click();
  const dialog = page.getByRole('dialog', { name: 'Kept in this browser' });
  const clear = dialog.getByRole('button', { name: 'Clear tokens' });
  await expect(dialog.getByRole('button', { name: 'Clear downloads' })).toBeDisabled();
  await clear.click();
  const question = dialog.getByRole('group', { name: 'Clear tokens?' });
  const { violations } = await new AxeBuilder({ page }).analyze();
  expect(violations.map(({ id, nodes }) => ({ id, where: nodes[0]?.html }))).toEqual([]);
  await question.getByRole('button', { name: 'Keep' }).click();
  // What a session has open stays as a whole.
  expect(await removal(page)).toEqual(['NoModificationAllowedError']);
  expect(await kept(page)).toEqual(files);
  await clear.click();
  // The file with the ids is open in the session, which must close it first.
  await question.getByRole('button', { name: /^Clear [\d.]+ [kM]B$/ }).click();
  await expect(clear).toBeDisabled();
  expect(await kept(page)).toEqual({});
  await page.keyboard.press('Escape');
  await runButton(page).click();
  await expectFinished(page);
  expect(Object.keys(await kept(page)).sort()).toEqual(['documents', 'ids', 'meta']);
  expect(failures).toEqual([]);
});
