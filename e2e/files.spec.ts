/** An engineer with own files: a checkpoint dropped on the page becomes the teacher; a broken one changes nothing. */
import { expect, test } from '@playwright/test';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { drop, expectReady, expectTeacher, fixtures, folderOf, openPage } from './studio';

const tiny = join(fixtures, 'gpt2-tiny');
const config = readFileSync(join(tiny, 'config.json'));
const weights = readFileSync(join(tiny, 'model.safetensors'));

test('a checkpoint dropped on the page becomes the teacher', async ({ page }) => {
  const failures = await openPage(page);
  await expectReady(page);
  await expectTeacher(page, '12 × 96');
  await drop(page, [tiny]);
  await expectTeacher(page, '12 × 32');
  expect(failures).toEqual([]);
});

const HOSTILE: { what: string; change: (bytes: Buffer) => Buffer; says: RegExp }[] = [
  { what: 'an empty file', change: () => Buffer.alloc(0), says: /empty|0 bytes|too short|header/i },
  {
    what: 'a file cut off in the middle',
    change: (bytes) => bytes.subarray(0, bytes.length >> 1),
    says: /ends at byte [\d,]+ of the data, but model\.safetensors holds only/,
  },
  {
    what: 'a header longer than the file',
    change: (bytes) => {
      const damaged = Buffer.from(bytes);
      damaged.writeBigUInt64LE(2n ** 40n);
      return damaged;
    },
    says: /1,?099,?511,?627,?776/,
  },
  {
    what: 'a Git LFS pointer',
    change: () => Buffer.from('version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 10\n'),
    says: /LFS/,
  },
];

for (const { what, change, says } of HOSTILE) {
  test(`${what} gets a sentence and the old teacher stays`, async ({ page }, info) => {
    const failures = await openPage(page);
    await expectReady(page);
    await drop(page, [folderOf(info, { 'config.json': config, 'model.safetensors': change(weights) })]);
    await expect(page.getByRole('alert').filter({ hasText: says })).toBeVisible();
    await expectTeacher(page, '12 × 96');
    await expectReady(page);
    expect(failures).toEqual([]);
  });
}
