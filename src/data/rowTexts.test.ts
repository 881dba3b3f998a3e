import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { memoryFiles } from '../io/rangeFiles';
import { memorySource } from '../io/source';
import { PAPER_CLEANING } from '../recipe/cleaning';
import { parquetBytes } from '../testing/parquetFiles';
import { cleanedSource } from './cleaning/cleanedSource';
import { collectDocuments, documentsInMemory } from './documents';
import { gpt2Tokenizer } from './gpt2Vocabulary';
import { fileDocuments, readTextFiles } from './textFiles';
import { localEncoder } from './tokens/encoders';
import { wholeTokens } from './tokens/textTokens';

const bytesOf = (text: string) => new TextEncoder().encode(text);
const parquet = (name: string, rows: readonly (string | null)[], rowGroupSize = 1000) =>
  memorySource(
    name,
    parquetBytes([{ name: 'text', data: [...rows], type: 'STRING', nullable: true }], { rowGroupSize }),
  );
const jsonl = (name: string, rows: readonly (string | null)[]) =>
  memorySource(name, bytesOf(rows.map((text) => JSON.stringify({ text })).join('\n')));

/** Lines as WikiText has them: a title, blank rows, paragraphs that begin with a space and bring their line ends. */
const article = (i: number) => [
  '',
  ` = Title ${i} = \n`,
  '',
  ` The first paragraph of article ${i} says “a lot” , and costs 3 @,@ 000 . \n`,
  '',
  ' = = Part = = \n',
  '',
  ` A second one 😀 with <|endoftext|> in it .\r\n`,
];
const lines = Array.from({ length: 40 }, (_, i) => article(i)).flat();

describe('rows that are lines of one text', () => {
  const awkward = fc.oneof(
    fc.constant(null),
    fc.string({ unit: 'grapheme', maxLength: 12 }),
    fc.constantFrom('', ' ', '\n', '\r\n', ' = Title = \n', '<|endoftext|>', '😀', 'x'.repeat(70_000)),
  );

  test('are what Python’s join gives, whatever the row groups and the files', async () => {
    const property = fc.asyncProperty(
      fc.array(awkward, { minLength: 1, maxLength: 40 }),
      fc.constantFrom('', '\n', '\n\n', ' | '),
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 0, max: 40 }),
      async (rows, join, rowGroupSize, cut) => {
        const parts = [rows.slice(0, cut), rows.slice(cut)].filter((part) =>
          part.some((text) => text !== null && text.trim() !== ''),
        );
        if (parts.length === 0) return;
        const expected = [
          parts
            .flat()
            .map((text) => text ?? '')
            .join(join),
        ];
        const groups = parts.map((part, i) => parquet(`${i}.parquet`, part, rowGroupSize));
        expect((await readTextFiles('mine', groups, { join })).documents).toEqual(expected);
        const table = parts.map((part, i) => jsonl(`${i}.jsonl`, part));
        expect((await readTextFiles('mine', table, { join })).documents).toEqual(expected);
      },
    );
    await fc.assert(property, { numRuns: 60, seed: 4 });
  });

  test('have the ids of the joined text encoded at once, behind one end-of-text token', async () => {
    const tokenizer = await gpt2Tokenizer();
    for (const join of ['', '\n\n']) {
      const source = await fileDocuments('wiki', [parquet('a.parquet', lines, 7)], { join });
      const shard = await wholeTokens(source, tokenizer, {
        store: memoryFiles(),
        startEncoders: () => Promise.resolve([localEncoder(tokenizer)]),
        signal: new AbortController().signal,
        onProgress: () => undefined,
      });
      const text = lines.join(join);
      expect(Array.from(shard.ids.slice(0, shard.ids.length))).toEqual([
        tokenizer.endOfText,
        ...tokenizer.encode(text),
      ]);
      expect([shard.documents, shard.bytes]).toEqual([1, bytesOf(text).length]);
    }
  });

  test('a fraction joins neighbouring row groups only, over files too', async () => {
    const files = ['0.parquet', '1.parquet'].map((name, file) =>
      parquet(
        name,
        Array.from({ length: 20 }, (_, i) => `${20 * file + i}. `),
        2,
      ),
    );
    for (let seed = 0; seed < 12; seed++) {
      const { documents, share } = await readTextFiles('mine', files, { join: '', fraction: 0.6, seed });
      expect(share).toBeCloseTo(0.6, 6);
      const read = documents.map((text) => text.split(' ').filter(Boolean).map(Number));
      expect(read.flat()).toHaveLength(24);
      for (const [i, numbers] of read.entries()) {
        for (let j = 1; j < numbers.length; j++) expect(numbers[j]).toBe(numbers[j - 1]! + 1);
        if (i > 0) expect(numbers[0]).toBeGreaterThan(read[i - 1]!.at(-1)! + 1);
      }
    }
  });

  test('beside a plain text they are a document of their own, before and behind it', async () => {
    const files = [jsonl('a.jsonl', ['one', 'two']), memorySource('b.txt', bytesOf('plain'))];
    const { documents } = await readTextFiles('mine', [...files, jsonl('c.jsonl', ['three'])], {
      join: '\n',
    });
    expect(documents).toEqual(['one\ntwo', 'plain', 'three']);
  });

  test('have another key than documents, and than with another text in between', async () => {
    const file = { ...jsonl('a.jsonl', ['one', 'two']), version: '1' };
    const keys = await Promise.all(
      [undefined, '', '\n'].map(async (join) => (await fileDocuments('a', [file], { join })).key),
    );
    expect(new Set(keys).size).toBe(3);
    const plain = { ...memorySource('a.txt', bytesOf('one')), version: '1' };
    expect((await fileDocuments('a', [plain], { join: '' })).key).toBe(
      (await fileDocuments('a', [plain])).key,
    );
  });

  test('are cleaned as the joined text is', async () => {
    const source = await fileDocuments('wiki', [parquet('a.parquet', lines, 7)], { join: '' });
    const whole = documentsInMemory('wiki', 'whole', [lines.join('')]);
    const [ours, theirs] = [source, whole].map((each) => cleanedSource(each, PAPER_CLEANING));
    expect(await collectDocuments(ours!)).toEqual(await collectDocuments(theirs!));
    expect(ours!.report).toEqual(theirs!.report);
    expect(ours!.report!.documentsOut).toBe(1);
  });

  test('of white space alone are no text', async () => {
    await expect(readTextFiles('a', [jsonl('a.jsonl', ['', ' \n'])], { join: '' })).rejects.toThrow(
      'a.jsonl has no text in it',
    );
  });
});
