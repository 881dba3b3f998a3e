import { expect, test } from 'vitest';
import { countingSource, memorySource } from '../io/source';
import { parquetBytes } from '../testing/parquetFiles';
import { firstRows } from './firstRows';

const file = (name: string, text: string) => memorySource(name, new TextEncoder().encode(text));

test('of Parquet one row group is read, of the columns that are asked for', async () => {
  const bytes = parquetBytes(
    [
      {
        name: 'text',
        data: Array.from({ length: 3000 }, (_, i) => `${i} ${'x'.repeat(300)}`),
        type: 'STRING',
      },
      { name: 'label', data: Array.from({ length: 3000 }, (_, i) => i), type: 'INT32' },
    ],
    { rowGroupSize: 500, codec: 'UNCOMPRESSED' },
  );
  const source = countingSource(memorySource('a.parquet', bytes));
  const first = await firstRows(source, ['text']);
  const footer = source.bytesRead;
  const rows = await first.read(2);
  expect(rows.map(({ text }) => text!.length)).toEqual([240, 240]);
  expect(Object.keys(rows[0]!)).toEqual(['text']);
  expect(source.bytesRead - footer).toBeLessThanOrEqual(first.bytes);
  expect(first.bytes).toBeLessThan(bytes.length / 5);
  // A column that is not there: all of them, so that one can be chosen.
  expect(Object.keys((await (await firstRows(source, ['body'])).read(1))[0]!)).toEqual(['text', 'label']);
});

test('of rows in lines the first ones, values as text; of a plain text its start', async () => {
  const lines = file('a.jsonl', '{"a":"one","b":1}\n{"a":null,"b":[1,2]}\n{"a":"three","b":3}\n');
  expect(await (await firstRows(lines)).read(2)).toEqual([
    { a: 'one', b: '1' },
    { a: 'null', b: '[1,2]' },
  ]);
  const plain = await firstRows(file('a.txt', `${'ä'.repeat(239)}𝄞 and more`));
  expect(await plain.read(3)).toEqual([{ text: `${'ä'.repeat(239)}…` }]);
  expect(await (await firstRows(file('b.txt', ''))).read(3)).toEqual([]);
});

test('what cannot be read is one sentence', async () => {
  await expect((await firstRows(file('a.jsonl', 'no'))).read(1)).rejects.toThrow(
    /^a.jsonl, line 1 is not JSON/,
  );
});
