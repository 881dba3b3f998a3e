/** Texts that somebody drops on the page: which column is read, and what is said of files that cannot be. */
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parquetBytes } from '../testing/parquetFiles';
import { prose, tinyPlatform } from '../testing/tinyPlatform';
import { createClient, type Client } from './client';
import { portPair } from './port';
import { createSession } from './session';

let client: Client;
let close: () => void;

beforeAll(async () => {
  // Node clones a File into a Blob without a name; browsers do not.
  const ends = portPair((message) => message);
  createSession(ends[1], tinyPlatform());
  client = createClient(ends[0]);
  close = () => ends.forEach((end) => end.close());
  await client.request({ type: 'open', device: 'wasm', hubUrl: 'http://127.0.0.1:1' });
});
afterAll(() => close());

const load = (files: File[], column?: string) =>
  client.request({
    type: 'loadText',
    text: { kind: 'files', name: files[0]!.name, files, ...(column !== undefined && { column }) },
    contextLength: 16,
  });
const file = (name: string, ...parts: (string | Uint8Array<ArrayBuffer>)[]) => new File(parts, name);

const documents = Array.from({ length: 30 }, (_, i) => prose(40, i));
const csv = (name = 'a.csv') =>
  file(name, ['id,title,body', ...documents.map((text, i) => `${i},Title ${i % 5},"${text}"`)].join('\n'));

describe('columns', () => {
  test('a table without a column "text" is read by the one with the longest texts, and says so', async () => {
    const card = await load([csv()]);
    expect(card).toMatchObject({
      column: 'body',
      columns: [
        { name: 'id', type: 'number' },
        { name: 'title', type: 'text' },
        { name: 'body', type: 'text' },
      ],
    });
    const titles = await load([csv()], 'title');
    expect(titles.column).toBe('title');
    expect(titles.trainTokens).toBeLessThan(card.trainTokens / 5);
  });

  test('a column that is not there is named, and the text of before stays as it was', async () => {
    await load([csv()]);
    const look = () => client.request({ type: 'surveyText', text: 'text:a.csv', bytes: 1e6 });
    const before = await look();
    await expect(load([csv()], 'prose')).rejects.toThrow(
      'a.csv, line 2 has no text in the column "prose": it has "id", "title", "body"',
    );
    expect(await look()).toEqual(before);
  });

  test('plain texts, packed ones and folders have none', async () => {
    const text = prose(4000, 1);
    const packed = file('b.txt.gz', gzipSync(text));
    const card = await load([file('a.md', text), packed, file('notes.docx', 'PK')]);
    expect(card.columns).toBeUndefined();
    expect(card.trainDocuments).toBeGreaterThan(0);
  });
});

const numbers = parquetBytes([{ name: 'size', data: [1, 2], type: 'INT32' }]);
test.each([
  ['an empty file', file('a.txt'), 'a.txt has no text in it'],
  ['a binary file', file('a.txt', new Uint8Array([7, 0, 0, 1])), 'a.txt is not a text: it holds zero bytes'],
  ['another encoding', file('a.txt', new Uint8Array([0x67, 0xe4, 0x68])), 'a.txt is not UTF-8'],
  ['a file of another kind', file('a.docx', 'PK'), 'a.docx is neither .txt, .jsonl, .csv, .tsv nor .parquet'],
  ['what is no gzip', file('a.txt.gz', 'no'), 'a.txt.gz'],
  ['lines that are no JSON', file('a.jsonl', 'no'), 'a.jsonl, line 1 is not JSON'],
  [
    'a table without text',
    file('a.csv', 'n,m\n1,2\n'),
    'a.csv has no column with text; its columns: "n" (number), "m" (number)',
  ],
  [
    'Parquet without text',
    file('a.parquet', numbers),
    'a.parquet has no column with text; its columns: "size" (integer)',
  ],
  ['what is no Parquet', file('a.parquet', 'PAR1'), 'a.parquet cannot be read as Parquet: it has 4 bytes'],
])('%s gets one sentence', async (_, bad, message) => {
  await expect(load([bad])).rejects.toThrow(message);
});
