import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { DataError } from '../errors';
import { blobSource, memorySource } from '../io/source';
import { parquetBytes } from '../testing/parquetFiles';
import { fileDocuments, readTextFile, readTextFiles, type WantedText } from './textFiles';

const file = (name: string, content: string | Uint8Array) =>
  memorySource(name, typeof content === 'string' ? new TextEncoder().encode(content) : content);

describe('text files', () => {
  test('a .txt file is one document, white space and all', async () => {
    const corpus = await readTextFile(file('a.txt', ' one\r\n\n\ttwo \n'));
    expect(corpus).toEqual({ name: 'a.txt', documents: [' one\r\n\n\ttwo \n'], warnings: [], share: 1 });
  });

  test('the end-of-text token separates documents of a .txt file', async () => {
    const corpus = await readTextFile(file('a.txt', '<|endoftext|>one<|endoftext|>\ntwo<|endoftext|>\n'));
    expect(corpus.documents).toEqual(['one', '\ntwo']);
  });

  test('a .jsonl file has one document a row, and says how many are empty', async () => {
    const rows = ['{"text":"one\\ntwo","id":1}', '', '{"text":""}', '{"text":"three<|endoftext|>"}'].join(
      '\n',
    );
    const corpus = await readTextFile(file('b.JSONL', rows));
    expect(corpus.documents).toEqual(['one\ntwo', 'three<|endoftext|>']);
    expect(corpus.warnings).toEqual(['1 rows of b.JSONL are empty and left out.']);
  });

  test('a byte order mark at the start is not text', async () => {
    expect((await readTextFile(file('a.txt', '\ufeffone'))).documents).toEqual(['one']);
  });

  test('several files are read in their order', async () => {
    const corpus = await readTextFiles('mine', [file('b.txt', 'two'), file('a.jsonl', '{"text":"one"}')]);
    expect(corpus).toEqual({ name: 'mine', documents: ['two', 'one'], warnings: [], share: 1 });
    await expect(readTextFiles('mine', [])).rejects.toThrow('mine has no text files');
  });

  test.each<[string, ReturnType<typeof file>, RegExp]>([
    ['a broken line', file('a.jsonl', '{"text":"a"}\n\n{"text":'), /^a\.jsonl, line 3 is not JSON: /],
    ['a list', file('a.jsonl', '[1]'), /^a\.jsonl, line 1 is not a JSON object/],
    [
      'another column',
      file('a.jsonl', '{"body":"a","id":1}'),
      /line 1 has no text in the column "text": it has "body", "id"/,
    ],
    ['a number', file('a.jsonl', '{"text":1}'), /it is number there/],
    ['an empty file', file('a.txt', ''), /^a\.txt has no text in it$/],
    ['only white space', file('a.txt', ' \n'), /^a\.txt has no text in it$/],
    ['another kind', file('a.pdf', '%PDF'), /^a\.pdf is neither \.txt, \.jsonl, \.csv, \.tsv nor \.parquet$/],
    ['zero bytes', file('a.txt', 'a\0b'), /^a\.txt is not a text: it holds zero bytes$/],
    ['Latin-1', file('a.txt', Uint8Array.of(0x61, 0xe9, 0x61)), /^a\.txt is not UTF-8$/],
    ['UTF-16', file('a.txt', Uint8Array.of(0xff, 0xfe, 0x61, 0)), /^a\.txt is UTF-16, expected UTF-8$/],
  ])('%s gets one sentence', async (_, given, message) => {
    const reading = readTextFile(given);
    await expect(reading).rejects.toThrow(message);
    await expect(reading).rejects.toBeInstanceOf(DataError);
  });

  test('a document larger than memory comes in pieces; put together it is refused', async () => {
    const megabyte = new Uint8Array(1048576).fill(0x61);
    const huge = {
      name: 'a.txt',
      size: 300 * megabyte.length,
      read: (start: number, end: number) => Promise.resolve(megabyte.slice(0, end - start)),
    };
    let length = 0;
    let ends = 0;
    for await (const pieces of (await fileDocuments('a', [huge])).documents()) {
      for (const { text, continues } of pieces) {
        length += text.length;
        if (!continues) ends++;
      }
    }
    expect([length, ends]).toEqual([huge.size, 1]);
    await expect(readTextFile(huge)).rejects.toThrow('a.txt has more than 256 MB of text');
  });

  test('the key of files changes with name, size, version, column and part; without versions it never repeats', async () => {
    const key = async (change: object, wanted?: WantedText) =>
      (await fileDocuments('a', [{ ...file('a.jsonl', '{"text":"one"}'), version: '1', ...change }], wanted))
        .key;
    const same = await key({});
    expect(await key({})).toBe(same);
    const others = [
      await key({ name: 'b.jsonl' }),
      await key({ size: 5 }),
      await key({ version: '2' }),
      await key({ version: undefined }),
      await key({ version: undefined }),
      await key({}, { column: 'body' }),
    ];
    expect(new Set([same, ...others]).size).toBe(7);
  });
});

describe('every kind of file, whole, in pieces and packed', () => {
  // More than one piece of a megabyte, with characters of several bytes across every border.
  const documents = Array.from(
    { length: 9000 },
    (_, i) => `Document ${i}: ${'ä€𝄞, "quoted"\n'.repeat(i % 17)}end`,
  );
  const csvField = (text: string) => `"${text.replaceAll('"', '""')}"`;
  const flat = documents.map((document) => document.replaceAll('\n', ' '));
  const bytesOf = (text: string) => new TextEncoder().encode(text);
  const content: [string, Uint8Array, string[]][] = [
    ['a.txt', bytesOf(documents.join('<|endoftext|>')), documents],
    ['a.jsonl', bytesOf(documents.map((text) => JSON.stringify({ id: 1, text })).join('\r\n')), documents],
    ['a.csv', bytesOf(['id,text', ...documents.map((text) => `1,${csvField(text)}`)].join('\n')), documents],
    ['a.tsv', bytesOf(['text\tid', ...flat.map((text) => `${text}\t1`), ''].join('\n')), flat],
  ];

  test.each(content)('%s', async (name, bytes, expected) => {
    expect(bytes.length).toBeGreaterThan(1.5 * 1048576);
    const read = await readTextFile(memorySource(name, bytes));
    expect(read.documents).toHaveLength(expected.length);
    expect(read.documents).toEqual(expected);
    const dropped = blobSource(`${name}.gz`, new Blob([gzipSync(bytes)]));
    expect((await readTextFile(dropped)).documents).toEqual(expected);
  });

  const parquet = () =>
    parquetBytes(
      [
        { name: 'text', data: documents, type: 'STRING' },
        { name: 'title', data: documents.map((_, i) => (i % 2 ? `Title ${i}` : null)), type: 'STRING' },
      ],
      { rowGroupSize: 300 },
    );

  test('a.parquet: the column that is named, null rows left out', async () => {
    expect((await readTextFile(memorySource('a.parquet', parquet()))).documents).toEqual(documents);
    const titles = await readTextFile(memorySource('a.parquet', parquet()), { column: 'title' });
    expect(titles.documents.slice(0, 2)).toEqual(['Title 1', 'Title 3']);
    expect(titles.warnings).toEqual(['4,500 rows of a.parquet are empty and left out.']);
  });

  test('a fraction of Parquet reads row groups over all files, and says how much that is', async () => {
    const files = ['b/0.parquet', 'b/1.parquet'].map((name) => memorySource(name, parquet()));
    const part = await readTextFiles('b', files, { fraction: 0.1, seed: 5 });
    expect(part.share).toBeCloseTo(0.1, 6);
    expect(part.documents).toHaveLength(1800);
    const again = await readTextFiles('b', files, { fraction: 0.1, seed: 5 });
    expect(again.documents).toEqual(part.documents);
    const mixed = await readTextFiles('b', [files[0]!, file('c.txt', 'one')], { fraction: 0.1 });
    expect(mixed.share).toBe(1);
  });

  test('a separator across two pieces is one', async () => {
    for (let cut = 1; cut < 13; cut++) {
      const start = 'x'.repeat(1048576 - cut);
      const read = await readTextFile(file('a.txt', `${start}<|endoftext|>two`));
      expect(read.documents.map((document) => document.length)).toEqual([start.length, 3]);
    }
  });

  test('a damaged package and a packed Parquet file get one sentence', async () => {
    const packed = gzipSync(bytesOf('some text that is packed'));
    const broken = readTextFile(memorySource('a.txt.gz', packed.subarray(0, packed.length - 9)));
    await expect(broken).rejects.toThrow(/^a\.txt\.gz cannot be unpacked: /);
    await expect(readTextFile(file('a.parquet.gz', 'x'))).rejects.toThrow(/^a\.parquet\.gz is neither/);
  });
});
