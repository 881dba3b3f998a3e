import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { memorySource } from '../io/source';
import { fileSource } from '../io/source.node';
import { parquetBytes } from '../testing/parquetFiles';
import { readExamples } from './examples';
import { planReading, readTable as readTables } from './tables';
import { taskOf } from './tasks';

const file = (name: string, text: string) => memorySource(name, new TextEncoder().encode(text));
const readTable = (source: ReturnType<typeof file>) => readTables(source.name, [source]);

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
  ['a.xlsx', 'x', 'a.xlsx is neither .jsonl, .csv, .tsv nor .parquet'],
])('%s: %j is refused', async (name, text, message) => {
  await expect(readTable(file(name, text))).rejects.toThrow(message);
});

const glue = (rows: { sentence: string; label: number }[], rowGroupSize?: number) =>
  parquetBytes(
    [
      { name: 'sentence', data: rows.map((row) => row.sentence), type: 'STRING' },
      { name: 'label', data: rows.map((row) => BigInt(row.label)), type: 'INT64' },
      { name: 'idx', data: rows.map((_, i) => i), type: 'INT32' },
    ],
    rowGroupSize === undefined ? {} : { rowGroupSize },
  );

test('Parquet as GLUE has it: 64-bit labels are classes, only the columns of the task are read', async () => {
  const rows = [
    { sentence: 'fine', label: 1 },
    { sentence: 'poor', label: 0 },
    { sentence: 'hidden', label: -1 },
  ];
  const task = taskOf({ task: 'glue/sst2' });
  const wanted = { columns: [...task.columns, task.labelColumn] };
  const table = await readTables('a.parquet', [memorySource('a.parquet', glue(rows))], wanted);
  expect(table.rows[1]).toEqual({ line: 2, fields: { sentence: 'poor', label: 0 } });
  const { examples, warnings } = readExamples(table, task);
  expect(examples.map(({ label }) => label)).toEqual([1, 0]);
  expect(warnings[0]).toContain('a.parquet: 1 of 3 rows are left out');
});

test('a column that a task needs and Parquet lacks is named with those that are there', async () => {
  const task = taskOf({ task: 'glue/rte' });
  const source = memorySource('a.parquet', glue([{ sentence: 'fine', label: 1 }]));
  const table = await readTables('a.parquet', [source], { columns: [...task.columns, task.labelColumn] });
  expect(() => readExamples(table, task)).toThrow(
    'a.parquet, line 1 has no column "sentence1", which glue/rte needs; its columns: "sentence", "label", "idx"',
  );
});

test('a fraction takes row groups of all files together; rows of several files know theirs', async () => {
  const rows = Array.from({ length: 200 }, (_, i) => ({ sentence: `row ${i}`, label: i % 2 }));
  const files = ['0', '1'].map((name) => memorySource(`${name}.parquet`, glue(rows, 10)));
  const table = await readTables('both', files, { fraction: 0.25, seed: 3 });
  expect(table.share).toBe(0.25);
  expect(table.rows).toHaveLength(100);
  expect(new Set(table.rows.map((row) => row.file))).toEqual(new Set(['0.parquet', '1.parquet']));
  for (const row of table.rows) expect(row.fields.sentence).toBe(`row ${row.line - 1}`);
});

test('a plan never asks for more than a file has, and for less where less is wanted', async () => {
  const small = memorySource('a.parquet', glue([{ sentence: 'fine', label: 1 }]));
  expect((await planReading([small])).bytes).toBe(small.size);
  const long = Array.from({ length: 4000 }, (_, i) => ({
    sentence: `${i} ${'x'.repeat(200)}`,
    label: i % 2,
  }));
  const large = memorySource('b.parquet', glue(long, 100));
  const all = await planReading([large]);
  expect(all.bytes).toBeLessThanOrEqual(large.size);
  expect((await planReading([large], { columns: ['label'] })).bytes).toBeLessThan(all.bytes);
  expect((await planReading([large], { fraction: 0.1, seed: 1 })).bytes).toBeLessThan(all.bytes);
});

const real = '../shared/data/glue/sst2/validation.jsonl';
if (!existsSync(real)) console.warn(`no ${real}: its comparison with Parquet is skipped`);
test.skipIf(!existsSync(real))('real rows written as Parquet read back the same', async () => {
  const { rows } = await readTables('real', [await fileSource(real)]);
  const given = rows.map(({ fields }) => fields as { sentence: string; label: number });
  const table = await readTables('a.parquet', [memorySource('a.parquet', glue(given, 100))], {
    columns: ['sentence', 'label'],
  });
  expect(table.rows.map(({ fields }) => fields)).toEqual(
    given.map(({ sentence, label }) => ({ sentence, label })),
  );
});
