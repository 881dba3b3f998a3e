import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { buildDemoText, EXPECTED, passagesOf, splitOf } from './build-demo-data';

const root = fileURLToPath(new URL('..', import.meta.url));
const demo = join(root, 'public/demo');

test('the packages give the bundled texts again, byte for byte', async () => {
  const { files, counts } = await buildDemoText(join(root, 'node_modules'), join(demo, 'teacher'));
  expect(counts).toEqual(EXPECTED);
  expect([...files.keys()].sort()).toEqual(readdirSync(join(demo, 'text')).sort());
  for (const [name, bytes] of files) {
    const bundled = readFileSync(join(demo, 'text', name));
    expect(bundled.equals(bytes), name).toBe(true);
  }
});

test('tokenizer, weights and texts together take at most 12 MB', () => {
  const files = readdirSync(demo, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const bytes = files.reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
  expect(files.length).toBeGreaterThanOrEqual(9);
  expect(bytes).toBeLessThan(12e6);
});

test('no document is in two splits, and the hash alone decides', () => {
  const names = JSON.parse(readFileSync(join(demo, 'text/documents.json'), 'utf8')) as Record<
    string,
    string[]
  >;
  const all = Object.values(names).flat();
  expect(new Set(all).size).toBe(all.length);
  for (const [split, documents] of Object.entries(names)) {
    for (const name of documents) expect(splitOf(name)).toBe(split);
  }
});

test('a passage ends with the first sentence that brings it to 1,200 characters', () => {
  const sentence = `${'word '.repeat(59)}end. `; // 300 characters with the space behind it
  expect(passagesOf(sentence.repeat(6)).map((passage) => passage.length)).toEqual([1199, 599]);
  expect(passagesOf('A sentence that is too short to be kept.')).toEqual([]);
});
