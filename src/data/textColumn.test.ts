import { expect, test } from 'vitest';
import { memorySource } from '../io/source';
import { parquetBytes } from '../testing/parquetFiles';
import { textColumns } from './textColumn';

const file = (name: string, text: string) => memorySource(name, new TextEncoder().encode(text));

test('the column called text is the text, whatever stands beside it', async () => {
  const lines = file(
    'a.jsonl',
    '{"text":"","summary":"A long one, longer than the text.","id":1}\n{"text":"short","id":2}',
  );
  expect(await textColumns(lines)).toEqual({
    columns: [
      { name: 'text', type: 'text' },
      { name: 'summary', type: 'text' },
      { name: 'id', type: 'number' },
    ],
    text: 'text',
  });
});

test('else the one with the longest texts', async () => {
  const csv = file(
    'a.csv',
    'id,title,body,year\n1,One,The story of the first one.,1999\n2,Two,The second.,2001\n',
  );
  const { columns, text } = await textColumns(csv);
  expect(columns.map(({ type }) => type)).toEqual(['number', 'text', 'text', 'number']);
  expect(text).toBe('body');
  const parquet = parquetBytes([
    { name: 'url', data: ['a/b', 'c/d'], type: 'STRING' },
    { name: 'content', data: ['A page about something.', null], type: 'STRING', nullable: true },
    { name: 'size', data: [1, 2], type: 'INT32' },
  ]);
  expect((await textColumns(memorySource('a.parquet', parquet))).text).toBe('content');
});

test('a table of numbers has none, a plain text no columns', async () => {
  expect((await textColumns(file('a.csv', 'a,b\n1,2\n'))).text).toBeUndefined();
  expect(await textColumns(file('a.txt', 'words'))).toEqual({ columns: [], text: undefined });
});
