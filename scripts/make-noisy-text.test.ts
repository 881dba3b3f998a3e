import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { collectDocuments, splitOf } from './build-demo-data';
import { noisyPages } from './make-noisy-text';

const modules = fileURLToPath(new URL('../node_modules', import.meta.url));

it('makes the same pages every time, of the training documents alone', () => {
  const pages = noisyPages(modules);
  expect(noisyPages(modules)).toEqual(pages);
  const text = pages.join('\n').replaceAll('&amp;', '&').replaceAll('&lt;', '<');
  const passages = (train: boolean) =>
    collectDocuments(modules)
      .filter(({ name }) => !name.startsWith('factbook/') && (splitOf(name) === 'train') === train)
      .map(({ passages: [first] }) => first!);
  expect(passages(true).every((passage) => text.includes(passage))).toBe(true);
  expect(passages(false).filter((passage) => text.includes(passage))).toEqual([]);
});

it('has pages twice, as a crawl has', () => {
  const titles = noisyPages(modules).filter((page) => page.startsWith('<html>'));
  const bodies = titles.map((page) =>
    [...page.matchAll(/<p class="\w+">(.*?)<\/p>/g)].map((match) => match[1]).join(),
  );
  const share = 1 - new Set(bodies).size / bodies.length;
  expect(share).toBeGreaterThan(0.1);
  expect(share).toBeLessThan(0.2);
});
