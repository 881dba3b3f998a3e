/**
 * Documents, bytes and tokens of awkward texts against plain counts: the text as it was written into the file, Node's own
 * count of bytes, and the tokenizer of the transformers library over the vocabulary's published files.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { Tokenizer as PlainTokenizer } from '@huggingface/tokenizers';
import { afterAll, describe, expect, test } from 'vitest';
import { startHubServer } from '../../../e2e/hubServer.mjs';
import { openHubDataset } from '../../io/hubDataset';
import { memoryFiles } from '../../io/rangeFiles';
import { fileSource, folderFileSet } from '../../io/source.node';
import { parquetBytes } from '../../testing/parquetFiles';
import type { DataFile } from '../dataFile';
import { loadDemoTokenizer } from '../demo';
import { byteLevelTokenizerJson, gpt2Tokenizer, gpt2VocabularyFiles } from '../gpt2Vocabulary';
import { fileDocuments, type WantedText } from '../textFiles';
import type { Tokenizer } from '../tokens';
import { localEncoder } from './encoders';
import { wholeTokens } from './textTokens';

const folder = mkdtempSync(join(tmpdir(), 'decant-counts-'));
afterAll(() => rmSync(folder, { recursive: true }));

const AWKWARD = [
  'Plain words, and 3.5 numbers.',
  ' begins with a space\r\nand has the line ends of Windows\r\n\r\n',
  'one<|endoftext|>two <|endoftext|>',
  'half of a pair: \ud83d and the other \ude00, then a whole 😀👩‍👩‍👧',
  'ÄÖÜ ß € 日本語のテキスト ภาษาไทย ‏עברית e\u0301',
  '\t\n  \n x \u00a0\u2028\u3000 y \n\n\n',
  `${'long '.repeat(3000)}${'x'.repeat(5000)}${' '.repeat(300)}end`,
  "it's they'll 'S 're''s \u0000 control \u001f",
  '{"text":"a \\"quoted\\" row, with\\ttabs"}',
];
/** As rows of a data set: among them empty ones and such of white space alone. */
const ROWS = ['', ...AWKWARD.flatMap((text) => [text, ' \n', '']), ...AWKWARD.map((text) => `${text} again`)];
const full = ROWS.filter((text) => text.trim() !== '');

/** What can stand in UTF-8 and in a plain text. */
const writable = (text: string) => Buffer.from(text).toString().replaceAll('\0', '');
const jsonl = ROWS.map((text) => JSON.stringify({ text })).join('\n');
const csv = ['text', ...ROWS.map((text) => `"${writable(text).replaceAll('"', '""')}"`)].join('\n');
const parquet = (rows: readonly string[]) =>
  parquetBytes([{ name: 'text', data: rows.map(writable), type: 'STRING' }], { rowGroupSize: 4 });

async function plainGpt2(): Promise<PlainTokenizer> {
  const { vocabJson, mergesTxt } = await gpt2VocabularyFiles();
  const vocab = JSON.parse(vocabJson) as Record<string, number>;
  return new PlainTokenizer(byteLevelTokenizerJson(vocab, mergesTxt), {});
}

async function plainDemo(): Promise<PlainTokenizer> {
  const files = await folderFileSet(teacher);
  const source = (await files.open('tokenizer.json'))!;
  const json = JSON.parse(new TextDecoder().decode(await source.read(0, source.size))) as object;
  // The text of a special token is text like any other.
  return new PlainTokenizer({ ...json, added_tokens: [] }, {});
}

const teacher = fileURLToPath(new URL('../../../public/demo/teacher', import.meta.url));
const VOCABULARIES = [
  { name: 'GPT-2', ours: gpt2Tokenizer, plain: plainGpt2 },
  { name: 'the demo', ours: async () => loadDemoTokenizer(await folderFileSet(teacher)), plain: plainDemo },
];

describe.each(VOCABULARIES)('the vocabulary of $name', ({ ours, plain }) => {
  let made: Promise<PlainTokenizer> | undefined;
  async function expectCounts(files: readonly DataFile[], wanted: WantedText, documents: readonly string[]) {
    const tokenizer: Tokenizer = await ours();
    const reference = await (made ??= plain());
    const shard = await wholeTokens(await fileDocuments('mine', files, wanted), tokenizer, {
      store: memoryFiles(),
      startEncoders: () => Promise.resolve([localEncoder(tokenizer)]),
      signal: new AbortController().signal,
      onProgress: () => undefined,
    });
    const ids = documents.map((text) => reference.encode(text, { add_special_tokens: false }).ids);
    expect(shard.documents).toBe(documents.length);
    expect(shard.bytes).toBe(documents.reduce((sum, text) => sum + Buffer.byteLength(text), 0));
    expect(Array.from(shard.characters)).toEqual(documents.map((text) => text.length));
    expect(Array.from(shard.lengths)).toEqual(ids.map(({ length }) => length + 1));
    expect(Array.from(shard.ids.slice(0, shard.ids.length))).toEqual(
      ids.flatMap((own) => [tokenizer.endOfText, ...own]),
    );
    // Only between documents, whatever stands in the text.
    expect(ids.flat()).not.toContain(tokenizer.endOfText);
  }

  test.each<[string, string | Uint8Array, readonly string[], WantedText]>([
    ['a.jsonl', jsonl, full, {}],
    ['a.jsonl.gz', gzipSync(jsonl), full, {}],
    ['a.csv', csv, full.map(writable), {}],
    ['a.parquet', parquet(ROWS), full.map(writable), {}],
    ['a.txt', AWKWARD.map(writable).join(''), AWKWARD.map(writable).join('').split('<|endoftext|>'), {}],
    ['lines.jsonl', jsonl, [ROWS.join('')], { join: '' }],
    ['lines.parquet', parquet(ROWS), [ROWS.map(writable).join('\n\n')], { join: '\n\n' }],
  ])('%s has the documents, bytes and tokens of a plain count', async (name, content, documents, wanted) => {
    const path = join(folder, name);
    writeFileSync(path, content);
    await expectCounts([await fileSource(path)], wanted, documents);
  });

  test('so have rows of a Hub, as documents and joined', async () => {
    const cut = 9;
    const repo = {
      'data/train-00000-of-00002.parquet': parquet(ROWS.slice(0, cut)),
      'data/train-00001-of-00002.parquet': parquet(ROWS.slice(cut)),
    };
    const server = await startHubServer({ repos: { 'datasets/awkward/rows': repo } });
    try {
      const files = await (
        await openHubDataset({ repo: 'awkward/rows', hubUrl: server.url })
      ).open(undefined, 'train');
      await expectCounts(files, {}, full.map(writable));
      await expectCounts(files, { join: '' }, [ROWS.map(writable).join('')]);
    } finally {
      await server.close();
    }
  });
});
