import { describe, expect, test } from 'vitest';
import { fixtureJson } from '../testing/fixtures';
import { PAPER_TABLES, type PaperTable } from './tables';

const table = (number: number): PaperTable => PAPER_TABLES.find((candidate) => candidate.number === number)!;

test('tables 1 to 7, each cell in a column of its table', () => {
  expect(PAPER_TABLES.map(({ number }) => number)).toEqual([1, 2, 3, 4, 5, 6, 7]);
  for (const { columns, rows, number } of PAPER_TABLES) {
    const ids = columns.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(new Set(rows.map(({ model }) => model)).size).toBe(rows.length);
    for (const { model, cells } of rows) {
      for (const id of Object.keys(cells)) expect(ids, `table ${number}, ${model}`).toContain(id);
    }
  }
});

describe.each([1, 2])('table %i', (number) => {
  // Self-KD's is 0.07 off in print (see the notes); a slip in a single score would be more than that.
  test('the printed average is the mean of the printed scores', () => {
    for (const { model, cells } of table(number).rows) {
      const { average, ...scores } = cells as Record<string, number>;
      const values = Object.values(scores);
      const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
      expect(Math.abs(mean - average!), model).toBeLessThan(0.08);
    }
  });
});

test('table 7 keeps the layer sets of fixtures/selection.json', () => {
  const { cases } = fixtureJson<{
    cases: { teacher: string; strategy: string; printed?: number[] }[];
  }>('selection');
  const printed = table(7).rows.flatMap(({ cells }) =>
    cells['teacherLayers'] ? [JSON.stringify(cells['teacherLayers'])] : [],
  );
  expect(printed).toHaveLength(22);
  const expected = cases.flatMap((entry) => (entry.printed ? [JSON.stringify(entry.printed)] : []));
  expect(expected.length).toBeGreaterThan(20);
  for (const layers of printed) expect(expected).toContain(layers);
});

test('every note says something of its own', () => {
  const notes = PAPER_TABLES.flatMap((each) => each.notes);
  expect(new Set(notes).size).toBe(notes.length);
  expect(table(1).notes[0]).toContain('MNLI and QNLI are swapped');
});
