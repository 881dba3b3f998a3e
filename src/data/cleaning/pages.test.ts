import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { Cleaner } from './cleaner';
import { PAPER_CLEANING } from '../../recipe/cleaning';

const file = new URL('../../../../shared/data/web-raw/html_with_snippets.jsonl', import.meta.url);

interface Page {
  html: string;
  with: string[];
  without: string[];
}

function textOf(html: string): string {
  let out = '';
  const sink = { begin: () => undefined, text: (piece: string) => void (out += piece), end: () => undefined };
  const cleaner = new Cleaner({ ...PAPER_CLEANING, minWords: 0, maxSymbols: 1, duplicates: 'off' }, sink);
  cleaner.begin('page');
  cleaner.write(html);
  cleaner.end();
  return out;
}

const plain = (text: string) => text.toLowerCase().replace(/\s+/g, '');

// The figures themselves are in docs/cleaning.md: 96.9 % and 55.8 %.
test.skipIf(!existsSync(file))(
  'of real pages the HTML step keeps 95 % of what must stay and drops half of what must go (needs the shared data)',
  () => {
    const rows = readFileSync(file, 'utf8').trim().split('\n');
    const found = { with: [] as boolean[], without: [] as boolean[] };
    for (const page of rows.map((row) => JSON.parse(row) as Page)) {
      const text = plain(textOf(page.html));
      found.with.push(...page.with.map((snippet) => text.includes(plain(snippet))));
      found.without.push(...page.without.map((snippet) => text.includes(plain(snippet))));
    }
    const share = (hits: readonly boolean[]) => hits.filter(Boolean).length / hits.length;
    expect(share(found.with)).toBeGreaterThan(0.95);
    expect(share(found.without)).toBeLessThan(0.5);
  },
);
