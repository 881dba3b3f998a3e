import { expect, test } from 'vitest';
import { readTable } from './tables';

function file(name: string, text: string) {
  const bytes = new TextEncoder().encode(text);
  return { name, size: bytes.length, arrayBuffer: () => Promise.resolve(bytes.buffer) };
}

test('JSON lines keep numbers and their line, blank lines are skipped', async () => {
  const { rows } = await readTable(file('a.jsonl', '{"x": "one", "label": 1}\n\n{"x": "two", "label": 0}\n'));
  expect(rows).toEqual([
    { line: 1, fields: { x: 'one', label: 1 } },
    { line: 3, fields: { x: 'two', label: 0 } },
  ]);
});

test('CSV: quoted separators, line feeds and quotation marks, lines counted from where rows start', async () => {
  const { rows } = await readTable(file('a.csv', '\uFEFFx,label\r\n"one,\ntwo ""three""",1\r\nfour,0\r\n'));
  expect(rows).toEqual([
    { line: 2, fields: { x: 'one,\ntwo "three"', label: '1' } },
    { line: 4, fields: { x: 'four', label: '0' } },
  ]);
});

test('CSV with semicolons, as European spreadsheets write it', async () => {
  const { rows } = await readTable(file('a.csv', 'x;label\none, two;1\nthree;0\n'));
  expect(rows[0]!.fields).toEqual({ x: 'one, two', label: '1' });
});

test('TSV: quotation marks are characters like others', async () => {
  const { rows } = await readTable(file('a.tsv', 'x\tlabel\n"one\t1\ntwo"" three\t0\n'));
  expect(rows.map(({ fields }) => fields.x)).toEqual(['"one', 'two"" three']);
  expect(rows[1]!.line).toBe(3);
});

test.each([
  ['a.tsv', 'x\tlabel\none\t1\ntwo\n', 'a.tsv, line 3 has 1 fields, the first line names 2 columns'],
  ['a.csv', 'x,label\n"one,1\n', 'a.csv, line 2 has a quotation mark that does not end where its field ends'],
  ['a.jsonl', '{"x": 1}\nnot json\n', 'a.jsonl, line 2 is not JSON'],
  ['a.jsonl', '[1]\n', 'a.jsonl, line 1 is not a JSON object'],
  ['a.csv', 'x,label\n', 'a.csv has no rows in it'],
  ['a.xlsx', 'x', 'a.xlsx is neither .jsonl, .csv nor .tsv'],
])('%s: %j is refused', async (name, text, message) => {
  await expect(readTable(file(name, text))).rejects.toThrow(message);
});
