import { describe, expect, test } from 'vitest';
import { recipeSchema, type RecipeInput } from '../../recipe/recipe';
import type { PerplexityReport } from '../../worker/protocol';
import type { RunRecord } from '../storeRuns';
import { differences } from './differs';
import { bestFront } from './front';
import {
  commonProtocol,
  compareRows,
  compareTable,
  looksOf,
  nextSort,
  rowCell,
  sharedMeasure,
  sortBy,
  type Sort,
  type SortKey,
} from './rows';
import { sweepCandidates, sweepCell, sweepEntries, sweepTable, wantsLog, withRow } from './sweep';
import { RUN_STYLES } from '../charts/styles';

const BASE: RecipeInput = {
  version: 1,
  teacher: { model: 'demo' },
  selection: { strategy: 'uniform', keep: 6 },
  stages: [{ method: 'vanilla-kd', settings: { temperature: 2, alpha: 0.5 }, steps: 100 }],
};

const recipe = (part: Partial<RecipeInput> = {}) => recipeSchema.parse({ ...BASE, ...part });
const report = (perplexity: number, tokens = 4096): PerplexityReport => ({
  perplexity,
  loss: Math.log(perplexity),
  tokens,
  window: 128,
  stride: 128,
  text: 'raw',
  unit: 'token',
});

function run(id: string, part: Partial<RunRecord> = {}): RunRecord {
  return {
    id,
    name: id,
    recipe: recipe(),
    layers: [0, 2, 4, 6, 8, 10],
    state: 'done',
    detail: '',
    totalSteps: 100,
    stageSteps: [100],
    evals: [{ step: 0, stage: 0, at: 'start', data: 'demo', ...report(500) }],
    scores: [],
    samples: [],
    epochs: [],
    texts: [],
    planned: null,
    startedMs: 0,
    result: null,
    error: null,
    ...part,
  };
}

function finished(id: string, after: number): RunRecord {
  const result = {
    runId: id,
    steps: 100,
    loss: 1,
    perplexityAfter: report(after),
    layers: [],
    parameters: 880_100,
    tokensPerSecond: 1,
    wallMs: 61_000,
    device: '',
    stopped: false,
  };
  return run(id, { result });
}

const METHODS = [{ id: 'vanilla-kd', label: 'Vanilla KD' }];

describe('what sets two runs apart', () => {
  const one = { recipe: recipe(), layers: [0, 2] };
  const other = (part: Partial<RecipeInput>, layers = one.layers) => ({ recipe: recipe(part), layers });
  const stage = (part: object) => [{ ...BASE.stages![0]!, ...part }];

  test('the same recipe differs in nothing', () => {
    expect(differences(one, other({}))).toEqual([]);
  });
  test('a rule that gives the same layers is no difference', () => {
    expect(differences(one, other({ selection: { layers: [0, 2] } }))).toEqual([]);
  });
  test('layers, their number, method, settings, seed and text are named', () => {
    expect(differences(one, other({}, [0, 3]))).toEqual(['layers']);
    expect(differences(one, other({}, [0, 3, 5]))).toEqual(['k', 'layers']);
    expect(differences(one, other({ stages: stage({ method: 'fine-tune', settings: {} }) }))).toEqual([
      'method',
    ]);
    expect(differences(one, other({ stages: stage({ settings: { temperature: 4, alpha: 0.5 } }) }))).toEqual([
      'temperature',
    ]);
    expect(
      differences(one, other({ stages: stage({ optimizer: { learningRate: 1e-3 } }), seed: 2 })),
    ).toEqual(['learning rate', 'seed']);
    expect(differences(one, other({ data: { train: 'file:a.txt' } }))).toEqual(['text']);
  });
  test('a further stage is named once, whatever it holds', () => {
    const stages = [...BASE.stages!, { method: 'fine-tune', steps: 10 }, { method: 'fine-tune', steps: 20 }];
    expect(differences(one, other({ stages }))).toEqual(['stages']);
  });
});

describe('the table of runs', () => {
  test('the run in focus has the first look, six runs are shown at most', () => {
    const runs = Array.from({ length: 8 }, (_, i) => ({ id: `r${i}` }));
    const looks = looksOf(runs, 'r3', new Set(['r0']));
    expect(looks.get('r3')).toBe(RUN_STYLES[0]);
    expect(looks.get('r1')).toBe(RUN_STYLES[1]);
    expect(looks.has('r0')).toBe(false);
    expect(looks.size).toBe(6);
    expect([...looks.values()]).toHaveLength(new Set(looks.values()).size);
  });
  test('the first look stays free while the run in focus is not shown', () => {
    const looks = looksOf([{ id: 'a' }, { id: 'b' }], 'a', new Set(['a']));
    expect(looks.get('b')).toBe(RUN_STYLES[1]);
  });
  test('sorts both ways; what has no value yet comes last either way', () => {
    const rows = compareRows(
      [finished('b', 40), run('a', { state: 'running' }), finished('c', 30)],
      'b',
      new Set(),
      METHODS,
    );
    const order = (sort: Sort<SortKey>) => sortBy(rows, sort, rowCell).map((row) => row.run.id);
    expect(order({ key: 'after', descending: false })).toEqual(['c', 'b', 'a']);
    expect(order({ key: 'after', descending: true })).toEqual(['b', 'c', 'a']);
    expect(order({ key: 'name', descending: false })).toEqual(['a', 'b', 'c']);
    expect(nextSort({ key: 'after', descending: false }, 'after')).toEqual({
      key: 'after',
      descending: true,
    });
    expect(nextSort({ key: 'after', descending: true }, 'k')).toEqual({ key: 'k', descending: false });
  });
  test('its file has a row a run, numbers in full', () => {
    const table = compareTable(compareRows([finished('b', 40.123)], 'b', new Set(), METHODS));
    expect(table.rows).toEqual([
      [
        ...['b', 'the run in focus', '0 2 4 6 8 10', 6, 'Vanilla KD', 'Perplexity', 'Demo text'],
        ...['windows of 128', 500, 40.123, 880_100, 61_000],
      ],
    ]);
  });
  test('one protocol is named only when all were measured alike', () => {
    expect(commonProtocol([report(1), report(2)])?.tokens).toBe(4096);
    expect(commonProtocol([report(1), report(2, 100)])).toBeNull();
    expect(commonProtocol([])).toBeNull();
  });
});

const START = { stage: 0, at: 'start' as const, data: 'a task' };

describe('perplexities that were taken differently', () => {
  const by = (id: string, part: Partial<RecipeInput>) => ({ ...finished(id, 40), recipe: recipe(part) });
  const apart = (one: RunRecord, focus: RunRecord) =>
    compareRows([one, focus], focus.id, new Set(), METHODS)[0]!.apart;
  const usual = by('usual', {});
  const own = { train: 'text:own.txt', validation: 'text:own.txt' };

  test('have no value beside the others, and say in what they differ', () => {
    const wide = by('wide', { evaluation: { window: 512, stride: 512 } });
    const word = by('word', { evaluation: { protocol: 'word-level' } });
    const other = by('other', { data: own });
    const rows = compareRows([wide, word, other, usual], 'usual', new Set(), METHODS);
    expect(rows.map((row) => [row.after, row.apart])).toEqual([
      [null, 'windows of 512'],
      [null, 'windows of 1024 by 512, detokenised, per word'],
      [null, 'on own.txt'],
      [40, ''],
    ]);
    expect(apart(usual, word)).toBe('windows of 128, text as it came, per token');
    expect(compareTable(rows).rows.map((row) => row.slice(6, 8))).toEqual([
      ['Demo text', 'windows of 512'],
      ['Demo text', 'windows of 1024 by 512, detokenised, per word'],
      ['own.txt', 'windows of 128'],
      ['Demo text', 'windows of 128'],
    ]);
  });

  test('stand beside each other where only what was learned from differs', () => {
    expect(apart(by('part', { data: { train: { source: 'demo', fraction: 0.1 } } }), usual)).toBe('');
    expect(apart(by('trained elsewhere', { data: { train: 'text:own.txt' } }), usual)).toBe('');
    expect(apart(by('long', { data: { contextLength: 16 } }), usual)).toBe('');
  });

  test('a part that is held out of a cleaned text is another text', () => {
    const [raw, cleaned] = [by('raw', { data: own }), by('cleaned', { data: { ...own, cleaning: {} } })];
    expect(apart(cleaned, raw)).toBe('on another part of the text');
    expect(differences(cleaned, raw)).toEqual(['cleaning']);
  });
});

describe('a task’s runs beside others', () => {
  const taskRun = (id: string, task: 'glue/sst2' | 'glue/cola', metric: string, value: number) => {
    const report = { task, metrics: { [metric]: value }, loss: 1, rows: 872, majority: 0.509 };
    const done = finished(id, 1).result!;
    const { perplexityAfter: _, ...result } = { ...done, scoresAfter: report };
    return run(id, {
      recipe: recipe({ data: { kind: 'task', task, train: 'rows:a', validation: 'rows:b' } }),
      ...{ evals: [], scores: [{ step: 0, ...START, ...report, metrics: { [metric]: 0.5 } }], result },
    });
  };
  const runs = [
    finished('text', 40),
    taskRun('a', 'glue/sst2', 'accuracy', 0.886),
    taskRun('b', 'glue/sst2', 'accuracy', 0.87),
    taskRun('c', 'glue/cola', 'matthews', 0.39),
  ];

  test('show their main metric; perplexities and other tasks are not comparable and have no value to sort by', () => {
    const rows = compareRows(runs, 'a', new Set(), METHODS);
    expect(rows.map((row) => [row.run.id, row.comparable, row.after])).toEqual([
      ['text', false, null],
      ['a', true, 88.6],
      ['b', true, 87],
      ['c', false, null],
    ]);
    expect(sharedMeasure(rows)?.label).toBe('SST-2, Accuracy, %');
    expect(rows[1]!.measure.format(rows[1]!.after!)).toBe('88.6');
    expect(sortBy(rows, { key: 'after', descending: true }, rowCell).map((row) => row.run.id)).toEqual([
      ...['a', 'b', 'text', 'c'],
    ]);
    // The file names the measure of every row.
    const measures = compareTable(rows).rows.map((row) => [row[5], row[9]]);
    expect(measures).toEqual([
      ['Perplexity', 40],
      ['SST-2, Accuracy, %', 88.6],
      ['SST-2, Accuracy, %', 87],
      ['CoLA, Matthews', 0.39],
    ]);
  });
  test('differ in the task by name', () => {
    expect(differences(runs[0]!, runs[1]!)).toEqual(['text or task']);
    expect(differences(runs[1]!, runs[3]!)).toEqual(['task']);
  });
  test('higher is better on their front', () => {
    const points = [
      { id: 'small', x: 1, y: 80 },
      { id: 'beaten', x: 2, y: 75 },
      { id: 'large', x: 3, y: 90 },
    ];
    expect(bestFront(points, true).map(({ id }) => id)).toEqual(['small', 'large']);
  });
});

test('the best front leaves out what another beats in both', () => {
  const points = [
    { id: 'large', x: 3, y: 10 },
    { id: 'small', x: 1, y: 30 },
    { id: 'beaten', x: 2, y: 40 },
    { id: 'middle', x: 2, y: 20 },
    { id: 'wasteful', x: 4, y: 10 },
  ];
  expect(bestFront(points).map((point) => point.id)).toEqual(['small', 'middle', 'large']);
});

describe('the sweep', () => {
  const config = {
    nLayer: 12,
    nHead: 6,
    nEmbd: 96,
    nPositions: 128,
    vocabSize: 2048,
    nInner: 384,
    activation: 'gelu_new' as const,
    layerNormEpsilon: 1e-5,
  };
  const teacher = { ref: 'demo', name: 'demo', config };

  test('holds every rule and the whole teacher, and a choice by hand where there is one', () => {
    const ids = (part: Partial<RecipeInput>) =>
      sweepEntries(recipe(part), teacher, 6).map((entry) => entry.id);
    const rules = ['uniform', 'uniform-2', 'pseudo-uniform', 'bottom-half', 'top-half', 'random'];
    expect(ids({})).toEqual([...rules, 'all']);
    expect(ids({ selection: { layers: [1, 2] } })).toEqual([...rules, 'manual', 'all']);
  });
  test('measures a set once that two rules give, and fills both rows', () => {
    const entries = sweepEntries(recipe(), teacher, 6);
    const same = [{ ...entries[0]!, id: 'twin' }, ...entries];
    const candidates = sweepCandidates(same);
    expect(candidates).toHaveLength(new Set(entries.map((entry) => entry.layers.join())).size);
    const row = {
      strategy: 'twin',
      keep: 6,
      layers: [...entries[0]!.layers],
      parameters: 1,
      ...report(9, 5),
    };
    const filled = withRow(same, row).filter((entry) => entry.row !== null);
    expect(filled.map((entry) => entry.id)).toContain('twin');
    expect(filled.map((entry) => entry.id)).toContain('uniform');
  });
  test('bars go to a log scale when the worst set would hide the others', () => {
    const filled = (perplexities: number[]) =>
      sweepEntries(recipe(), teacher, 6).map((entry, i) => {
        const row = {
          strategy: '',
          keep: 6,
          layers: [],
          parameters: 1,
          ...report(perplexities[i]!, 1),
        };
        return i < perplexities.length ? { ...entry, row } : entry;
      });
    expect(wantsLog(filled([40, 80, 5000]))).toBe(true);
    expect(wantsLog(filled([40, 80, 200]))).toBe(false);
    expect(wantsLog(filled([40, Infinity]))).toBe(false);
    expect(wantsLog(filled([]))).toBe(false);
  });
  test('a rule without an answer is not measured and says why', () => {
    const entries = sweepEntries(recipe(), teacher, 11);
    const refused = entries.filter((entry) => entry.layers.length === 0);
    expect(refused.length).toBeGreaterThan(0);
    expect(refused.every((entry) => (entry.refusal ?? '').length > 10)).toBe(true);
    expect(sweepCandidates(entries).every((candidate) => candidate.layers.length > 0)).toBe(true);
    expect(sweepCell(refused[0]!, 'perplexity')).toBeNull();
    expect(sweepTable(entries).rows).toHaveLength(entries.length);
  });
});
