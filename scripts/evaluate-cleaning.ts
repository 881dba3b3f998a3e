/**
 * How well the cleaner keeps what belongs to an article and drops what does not, on the pages in `../shared/data/web-raw`,
 * and the curve of its thresholds: the figures of docs/cleaning.md.
 *
 *   node scripts/run.mjs scripts/evaluate-cleaning.ts
 *
 * Words: precision and recall of the words kept, as multisets, against the labelled article; macro averages over pages.
 * Snippets: the share of must-keep snippets found in what is left, and of must-drop snippets that are gone; white space
 * and case do not count. Every page is cleaned by itself, so that duplicates are those within a page.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Cleaner, type DocumentKind } from '../src/data/cleaning/cleaner';
import { PAPER_CLEANING, type CleaningSettings } from '../src/recipe/cleaning';

interface Page {
  html?: string;
  raw_text?: string;
  article?: string;
  with?: string[];
  without?: string[];
}

function pages(folder: string, name: string): Page[] {
  const text = readFileSync(join(folder, `${name}.jsonl`), 'utf8');
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Page);
}

function cleaned(text: string, kind: DocumentKind, change: Partial<CleaningSettings>): string {
  let out = '';
  const sink = { begin: () => undefined, text: (piece: string) => void (out += piece), end: () => undefined };
  const cleaner = new Cleaner({ ...PAPER_CLEANING, ...change }, sink);
  cleaner.begin(kind);
  cleaner.write(text);
  cleaner.end();
  return out;
}

function wordCounts(text: string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const [word] of text.toLowerCase().matchAll(/[\p{L}\p{N}\p{M}]+/gu)) {
    counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  return counts;
}

const total = (counts: Map<string, number>) =>
  Array.from(counts.values()).reduce((sum, count) => sum + count, 0);
const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Precision, recall and F1 of kept words, macro averages in percent. */
function wordScores(kept: readonly string[], articles: readonly string[]): string {
  const precision: number[] = [];
  const recall: number[] = [];
  for (const [i, text] of kept.entries()) {
    const found = wordCounts(text);
    const wanted = wordCounts(articles[i]!);
    let both = 0;
    for (const [word, count] of found) both += Math.min(count, wanted.get(word) ?? 0);
    precision.push(both / Math.max(1, total(found)));
    recall.push(both / Math.max(1, total(wanted)));
  }
  const f1 = precision.map((p, i) => (2 * p * recall[i]!) / Math.max(1e-9, p + recall[i]!));
  return [precision, recall, f1].map((each) => (100 * mean(each)).toFixed(1)).join(' | ');
}

const plain = (text: string) => text.toLowerCase().replace(/\s+/g, '');

function snippetScores(kept: readonly string[], rows: readonly Page[]): string {
  const found = (list: (row: Page) => string[]) => {
    const hits = rows.flatMap((row, i) =>
      list(row).map((snippet) => plain(kept[i]!).includes(plain(snippet))),
    );
    return hits.filter(Boolean).length / hits.length;
  };
  const keeps = found((row) => row.with ?? []);
  const drops = 1 - found((row) => row.without ?? []);
  return [keeps, drops].map((each) => (100 * each).toFixed(1)).join(' | ');
}

const OFF = { minWords: 0, maxSymbols: 1, duplicates: 'off' } as const;
const ROWS: [string, Partial<CleaningSettings>][] = [
  ['HTML only', OFF],
  ["the paper's settings", {}],
  ...[3, 4, 6, 8, 10, 15].map((minWords): [string, Partial<CleaningSettings>] => [
    `fewer than ${minWords} words`,
    { minWords },
  ]),
  ...[0.03, 0.05, 0.07, 0.15, 0.2, 1].map((maxSymbols): [string, Partial<CleaningSettings>] => [
    maxSymbols === 1 ? 'any share of symbols' : `more than ${Math.round(100 * maxSymbols)} % symbols`,
    { maxSymbols },
  ]),
  ['duplicates stay', { duplicates: 'off' }],
  ['near duplicates go too', { duplicates: 'near' }],
  ['lines instead of sentences', { sentences: false }],
];

/** Prints the table. */
export function main(root: string): void {
  const folder = join(root, '../shared/data/web-raw');
  if (!existsSync(folder)) {
    console.log('skipped: ../shared/data/web-raw is not there');
    return;
  }
  const texts = pages(folder, 'text_with_article');
  const articles = pages(folder, 'html_with_article');
  const snippets = pages(folder, 'html_with_snippets');
  console.log(
    '| settings | text: precision | recall | F1 | HTML: precision | recall | F1 | must keep | must drop |',
  );
  console.log('| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |');
  for (const [name, change] of ROWS) {
    const ofText = wordScores(
      texts.map((row) => cleaned(row.raw_text!, 'text', change)),
      texts.map((row) => row.article!),
    );
    const ofHtml = wordScores(
      articles.map((row) => cleaned(row.html!, 'page', change)),
      articles.map((row) => row.article!),
    );
    const ofSnippets = snippetScores(
      snippets.map((row) => cleaned(row.html!, 'page', change)),
      snippets,
    );
    console.log(`| ${name} | ${ofText} | ${ofHtml} | ${ofSnippets} |`);
  }
}
