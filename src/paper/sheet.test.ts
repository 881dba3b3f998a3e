import { describe, expect, test } from 'vitest';
import { recipeSchema, type RecipeInput } from '../recipe/recipe';
import type { OwnRun } from './own';
import { paperRecipes } from './recipes';
import { paperSheet, type Sheet, type SheetRow } from './sheet';
import { sheetLatex, sheetMarkdown, sheetTable } from './sheetFiles';
import { GLUE_TASKS, WORKS } from './works';

/** A finished run of one of the paper's recipes, changed in part. */
function ran(id: string, part: Partial<OwnRun> = {}, change: Partial<RecipeInput> = {}): OwnRun {
  const { recipe, work } = paperRecipes().find((one) => one.id === id)!;
  return {
    id: `${id} ${change.seed ?? 1}`,
    name: 'mine',
    recipe: recipeSchema.parse({ ...recipe, ...change }),
    layers: work.layers ?? [0, 1, 2, 3, 4, 5],
    ...{ parameters: 81_912_576, state: null, device: 'a GPU', timeMs: 3_600_000 },
    ...{ zeroShot: 900, preTrained: null, perplexity: null, scoredTokens: 283_000, scores: null },
    ...part,
  };
}

const rowsOf = (sheet: Sheet, id: string): readonly SheetRow[] =>
  sheet.sections.find((section) => section.id === id)!.rows;
const ownOf = (sheet: Sheet, id: string) => rowsOf(sheet, id).filter(({ kind }) => kind === 'own');

describe('printed rows', () => {
  test('stand as the paper has them, and alone when there are no runs', () => {
    const sheet = paperSheet([]);
    expect(sheet.sections.map(({ rows }) => rows.length)).toEqual([6, 9, 3, 23]);
    expect(rowsOf(sheet, 'pre-training')[2]!.cells['zeroShot']).toEqual({ text: '46.91', mark: 1 });
    expect(sheet.differences).toEqual([]);
    expect(sheet.disagreements.map(({ number }) => number)).toEqual([1, 2, 3, 4, 5, 6]);
  });
  test('a choice of tables numbers its notes anew', () => {
    const sheet = paperSheet([], { sections: ['glue'] });
    expect(sheet.disagreements.map(({ id }) => id)).toEqual(['swapped', 'self-kd']);
  });
  test('MNLI and QNLI can be read the other way round, in all rows of table 1 but GPT-2’s', () => {
    const pair = (swapped: boolean, at: number) => {
      const { cells } = rowsOf(paperSheet([], { swapped }), 'glue')[at]!;
      return [cells['mnli']!.text, cells['qnli']!.text];
    };
    expect(pair(false, 0)).toEqual(['86.5', '79.9']);
    expect(pair(true, 0)).toEqual(['79.9', '86.5']);
    expect(pair(true, 4)).toEqual(['82.3', '88.6']);
    expect(pair(true, 5)).toEqual(['79.6', '86.8']);
  });
});

describe('rows of the user’s', () => {
  test('seeds are one row with mean and spread; apart is own minus printed', () => {
    const seeds = [1, 2, 3].map((seed) =>
      ran('tables-3-4-row-1', { preTrained: 198 + seed, perplexity: 39 + seed }, { seed }),
    );
    const sheet = paperSheet(seeds);
    const [row] = ownOf(sheet, 'pre-training');
    const rows = rowsOf(sheet, 'pre-training');
    expect(rows[rows.indexOf(row!) - 1]!.id).toBe('GPT2-pseudo 10 %');
    expect(row!.cells['after']).toMatchObject({ figure: { mean: 41, sd: 1, n: 3 } });
    expect(row!.cells['apart']!.text).toBe('+17.6');
    expect(row!.cells['zeroApart']!.text).toBe('+143.6');
    expect(row!.cells['name']!.text).toBe('mine, 3 seeds');
    expect(row!.cells['fraction']).toEqual({ text: '0.1', letters: 'a' });
    expect(row!.cells['time']!.text).toBe('1 × 1.0');
    expect(sheet.differences[0]).toEqual({
      mark: 'a',
      text: '0.1 % of OpenWebText; the paper: 10 % of OpenWebText.',
    });
    expect(sheet.differences.filter(({ mark }) => mark === '–')).toHaveLength(2);
  });

  test('another teacher on another text stands beside the row, but nothing is taken from it', () => {
    const demo = ran(
      'table-7-gpt2-pseudo',
      { perplexity: 49, parameters: 880_100 },
      {
        teacher: { model: 'demo' },
        data: { train: 'demo', validation: 'demo' },
      },
    );
    const sheet = paperSheet([demo]);
    const [row] = ownOf(sheet, 'truncation');
    expect(row!.cells['perplexity']).toMatchObject({ figure: { mean: 49 } });
    expect(row!.cells['apart']!.text).toBe('–');
    expect(sheet.differences.map(({ text }) => text).join(' ')).toMatch(
      /Made of demo; the paper’s of GPT2\..*Measured on the demo text/,
    );
  });

  test('files of GPT-2 are known by the student’s size, WikiText-2 by its name', () => {
    const own = ran(
      'table-7-gpt2-uniform',
      { perplexity: 40 },
      {
        teacher: { model: 'files:my-gpt2' },
        data: { train: 'file:wikitext-2/train.txt', validation: 'file:wikitext-2/test.txt' },
      },
    );
    const [row] = ownOf(paperSheet([own]), 'truncation');
    expect(row!.cells['apart']!.text).toBe('+13.4');
  });

  test('WikiText read line by line cannot be taken from the paper’s', () => {
    const source = 'hf:Salesforce/wikitext/wikitext-103-raw-v1:test';
    const lines = ran(
      'table-7-gpt2-uniform',
      { perplexity: 40 },
      { data: { train: source, validation: source } },
    );
    const sheet = paperSheet([lines]);
    expect(ownOf(sheet, 'truncation')[0]!.cells['apart']!.text).toBe('–');
    expect(sheet.differences.map(({ text }) => text).join(' ')).toMatch(
      /Measured on WikiText-103 line by line, not as one text: /,
    );
  });

  test('GLUE tasks of one recipe are one row; the average waits for all seven', () => {
    const runs = GLUE_TASKS.map((task) =>
      ran(`table-2-vanillakd-${task}`, { scores: { matthews: 0.3, f1: 0.8, accuracy: 0.7 } }),
    );
    const six = ownOf(paperSheet(runs.slice(1)), 'glue');
    expect(six).toHaveLength(1);
    expect(six[0]!.cells['cola']!.text).toBe('–');
    expect(six[0]!.cells['average']!.text).toBe('–');
    const [row] = ownOf(paperSheet(runs), 'glue');
    expect(row!.cells['cola']!.figure!.mean).toBeCloseTo(30);
    expect(row!.cells['mrpc']!.figure!.mean).toBeCloseTo(80);
    expect(row!.cells['average']!.figure!.mean).toBeCloseTo((30 + 80 + 5 * 70) / 7);
    expect(row!.cells['apart']!.text).toBe('−11.4');
  });

  test('a run says what it is doing; other methods and other k have no row', () => {
    const [row] = ownOf(paperSheet([ran('table-7-gpt2-6th', { state: 'running' })]), 'truncation');
    expect(row!.cells['perplexity']!.text).toBe('running');
    const distilled = ran('table-7-gpt2-6th', {}, { stages: [{ method: 'vanilla-kd', steps: 1 }] });
    const four = ran('table-7-gpt2-6th', { layers: [0, 3, 6, 9] });
    const sheet = paperSheet([distilled, four]);
    expect(sheet.sections.flatMap(({ rows }) => rows.filter(({ kind }) => kind === 'own'))).toEqual([]);
  });
});

describe('files', () => {
  const run = ran('table-7-gpt2-pseudo', { perplexity: 39.84 });
  const sheet = paperSheet([run], { sections: ['truncation'] });

  test('CSV has printed and own cells, notes and marks', () => {
    const { head, rows } = sheetTable(sheet);
    expect(rows.every((row) => row.length === head.length)).toBe(true);
    expect(rows).toContainEqual([
      'Table 7',
      'printed',
      'GPT2-pseudo',
      'PPL',
      '26.14',
      null,
      null,
      null,
      null,
    ]);
    expect(rows).toContainEqual(['Table 7', 'own', 'mine', 'PPL', 39.84, null, 1, null, null]);
    expect(rows.filter(([, kind]) => kind === 'note').length).toBeGreaterThan(3);
    expect(rows.some((row) => row.at(-1) === 1)).toBe(true);
  });
  test('LaTeX and Markdown have them too', () => {
    const latex = sheetLatex(sheet);
    expect(latex).toContain('GPT2-pseudo & 0 2 4 7 9 11 & 12 & 768 & 81 & 6 & 26.14 &  \\\\');
    expect(latex).toMatch(/\\quad mine & 0 2 4 7 9 11 .*39\.8 & \+13\.7/);
    expect(latex).toContain('10 \\% of WikiText-103');
    expect(sheetMarkdown(sheet)).toContain('| ↳ mine | 0 2 4 7 9 11 |');
  });
});

test('every work names a row that is there', () => {
  expect(WORKS.every(({ places }) => places.length > 0)).toBe(true);
});
