import { expect, test } from 'vitest';
import { encodeExamples, encodeRow, readExamples, spreadExamples } from './examples';
import { markSpan, NAMED_TASKS, taskOf, type Fields } from './tasks';

const table = (...rows: Fields[]) => ({
  name: 'rows.jsonl',
  rows: rows.map((fields, i) => ({ line: i + 1, fields })),
});

/** One token a character. */
const tokenizer = { encode: (text: string) => Array.from(text, (char) => char.charCodeAt(0)) };
const decode = (ids: Iterable<number>) => String.fromCharCode(...ids);

test('labels by number, by name, and as JSON booleans', () => {
  const boolq = taskOf({ task: 'superglue/boolq' });
  const row = (label: unknown) => ({ passage: 'p', question: 'q', label });
  const { examples } = readExamples(table(row(1), row('0'), row('True'), row(false)), boolq);
  expect(examples.map(({ label }) => label)).toEqual([1, 0, 1, 0]);
  expect(examples[0]!.choices).toEqual([{ segments: ['p', 'q'], label: 1 }]);
});

test('unknown labels and empty rows are left out, counted, and named by line', () => {
  const cola = taskOf({ task: 'glue/cola' });
  const rows = [
    { sentence: 'a', label: 1 },
    { sentence: 'b', label: -1 },
    { sentence: '  ', label: 0 },
    { sentence: 'c', label: 'maybe' },
    { sentence: null, label: 0 },
  ];
  const { examples, leftOut, warnings } = readExamples(table(...rows), cola);
  expect(examples.length).toBe(1);
  expect(leftOut).toBe(4);
  expect(warnings).toEqual([
    'rows.jsonl: 4 of 5 rows are left out (2 rows with a label that glue/cola does not have, the first at line 2 with -1; 2 rows with an empty column, the first at line 3, column "sentence").',
  ]);
});

test('a column that is missing or no text names file and line', () => {
  const rte = taskOf({ task: 'glue/rte' });
  const good = { sentence1: 'a', sentence2: 'b', label: 0 };
  expect(() => readExamples(table(good, { sentence1: 'a', label: 0 }), rte)).toThrow(
    'rows.jsonl, line 2 has no column "sentence2", which glue/rte needs; its columns: "sentence1", "label"',
  );
  expect(() => readExamples(table(good, { ...good, sentence2: ['x'] }), rte)).toThrow(
    'rows.jsonl, line 2 has ["x"] in the column "sentence2", expected text',
  );
  expect(() => readExamples(table({ ...good, label: 7 }), rte)).toThrow(
    'no row of rows.jsonl can be used for glue/rte: 1 row with a label that glue/rte does not have, the first at line 1 with 7',
  );
});

test('a custom task maps columns and labels', () => {
  const task = taskOf({
    task: 'custom',
    columns: { text: ['title', 'body'], label: 'class' },
    labels: ['spam', { value: '2', name: 'ham' }],
  });
  expect(task.classes).toEqual(['spam', 'ham']);
  const rows = [
    { title: 't', body: 'b', class: 'Spam' },
    { title: 't', body: 'b', class: 2 },
    { title: 't', body: 'b', class: 0 },
  ];
  const { examples, leftOut } = readExamples(table(...rows), task);
  expect(examples.map(({ label }) => label)).toEqual([0, 1]);
  expect(leftOut).toBe(1);
  expect(() =>
    taskOf({
      task: 'custom',
      columns: { text: ['a'], label: 'b' },
      labels: ['x', { value: '1', name: 'x' }],
    }),
  ).toThrow('data.labels has two classes named "x"');
});

test('COPA is two inputs a row, of which one is right', () => {
  const row = { premise: 'P', choice1: 'A', choice2: 'B', question: 'effect', label: 1 };
  const { examples } = readExamples(table(row), taskOf({ task: 'superglue/copa' }));
  const set = encodeExamples({ name: 'x', examples }, tokenizer, 64);
  expect(set.choices).toBe(2);
  expect(set.labels).toEqual([1]);
  expect(set.rows.map(({ label }) => label)).toEqual([0, 1]);
  expect(decode(set.rows[1]!.ids)).toBe('P\nWhat happened as a result?\nB');
});

test('WSC marks the pronoun where its index says', () => {
  expect(markSpan('He saw him and him .', 'him', 4)).toBe('He saw him and *him* .');
  expect(markSpan('She read it aloud, so they use it.', 'use it', 30)).toBe(
    'She read it aloud, so they *use it.*',
  );
  expect(markSpan('No such word', 'him', 1)).toBe('No such word');
});

test('inputs that are too long lose the end of their longest segment', () => {
  expect(encodeRow(['abcdef', 'xy'], tokenizer, 7)).toEqual({
    ids: Int32Array.from(tokenizer.encode('abcd\nxy')),
    truncated: true,
  });
  expect(encodeRow(['abc', 'xy'], tokenizer, 6).truncated).toBe(false);
  expect(decode(encodeRow(['abc', 'xyz'], tokenizer, 5).ids)).toBe('ab\nxy');
  expect(() => encodeRow(['a', 'b', 'c'], tokenizer, 4)).toThrow('no room for 3 segments');
});

test('a part of the examples is spread over all and keeps choices together', () => {
  const examples = Array.from({ length: 10 }, (_, i) => ({
    label: i % 2,
    choices: [0, 1].map((k) => ({ segments: [`${i}${k}`], label: k })),
  }));
  const part = spreadExamples(encodeExamples({ name: 'x', examples }, tokenizer, 8), 3);
  expect(part.rows.map(({ ids }) => decode(ids))).toEqual(['00', '01', '30', '31', '60', '61']);
  expect(part.labels).toEqual([0, 1, 0]);
});

test('every named task has metrics and at least two classes, each with its own spellings', () => {
  for (const task of NAMED_TASKS) {
    expect(task.metrics.length).toBeGreaterThan(0);
    const spellings = task.values.flat().map((value) => value.toLowerCase());
    expect(new Set(spellings).size, task.id).toBe(spellings.length);
    expect(task.values.length).toBeGreaterThan(1);
  }
});
