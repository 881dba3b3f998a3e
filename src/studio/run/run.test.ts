import { describe, expect, test } from 'vitest';
import { recipeSchema } from '../../recipe/recipe';
import { RunSeries } from '../series';
import type { EvalPoint, RunRecord } from '../storeRuns';
import { bestOf, headlineOf, progressOf } from './progress';
import { layerMaps } from '../ideas/layerMaps';
import { positionOf } from './positions';
import { plannedEnd, runCharts } from './specs';
import { evaluationTable, stepTable } from './tables';

const METHODS = [
  {
    id: 'vanilla-kd',
    label: 'Vanilla KD',
    needsTeacher: true,
    terms: [
      { id: 'hard', label: 'hard, CE' },
      { id: 'soft', label: 'soft, KL' },
    ],
  },
  { id: 'fine-tune', label: 'Fine-tuning', needsTeacher: false, terms: [{ id: 'hard', label: 'CE' }] },
];

function record(part: Partial<RunRecord> = {}): RunRecord {
  const stages = [
    { method: 'vanilla-kd', steps: 60 },
    { method: 'fine-tune', steps: 40 },
  ];
  return {
    id: 'a',
    name: 'a',
    recipe: recipeSchema.parse({ version: 1, teacher: { model: 'demo' }, selection: null, stages }),
    layers: [0, 1],
    state: 'running',
    detail: '',
    totalSteps: 100,
    stageSteps: [60, 40],
    evals: [],
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

/** Steps of 50 ms and 128 tokens; soft before hard, to see that the method's order wins. */
function steps(count: number): RunSeries {
  const series = new RunSeries();
  for (let step = 1; step <= count; step++) {
    const stage = step > 60 ? 1 : 0;
    const terms: Record<string, number> = stage === 0 ? { soft: 2, hard: 1 } : { hard: 1 };
    const rest = { learningRate: 1e-3, gradNorm: 1, tokens: step * 128, timeMs: step * 50 };
    series.add({ runId: 'a', stage, step, loss: stage === 0 ? 3 : 1, terms, ...rest });
  }
  return series;
}

const measured = (step: number, perplexity: number): EvalPoint => ({
  step,
  stage: 0,
  at: step === 0 ? 'start' : 'within',
  data: 'demo',
  perplexity,
  loss: Math.log(perplexity),
  tokens: 4096,
  window: 128,
  stride: 128,
  text: 'raw',
  unit: 'token',
});

describe('progress', () => {
  test('speed, time left and the stages come from the steps', () => {
    const progress = progressOf(record(), steps(70));
    expect(progress).toMatchObject({
      step: 70,
      totalSteps: 100,
      stage: 1,
      stageDone: [60, 10],
      tokens: 8960,
    });
    expect(progress.tokensPerSecond).toBeCloseTo(2560);
    expect(progress.leftMs).toBeCloseTo(1500);
  });
  test('before the first step nothing is claimed', () => {
    const progress = progressOf(record(), undefined);
    expect(progress).toMatchObject({ step: 0, stage: 0, tokensPerSecond: null, leftMs: null });
  });
  test('the headline says what is done and what follows', () => {
    const run = record();
    expect(headlineOf(run, progressOf(run, steps(18)), METHODS)).toEqual({
      verb: 'Distilling',
      rest: 'stage 1 of 2, Vanilla KD · step 18 of 100',
      next: 'then Fine-tuning, 40 steps',
    });
    expect(headlineOf(run, progressOf(run, steps(70)), METHODS)).toMatchObject({
      verb: 'Training',
      next: '',
    });
  });
  test('the best measurement is the lowest one', () => {
    expect(bestOf([measured(0, 90), measured(10, 40), measured(20, 41)])?.step).toBe(10);
    expect(bestOf([])).toBeUndefined();
  });
});

describe('charts of a run', () => {
  test('terms follow the method’s order and a stage breaks the lines', () => {
    const { loss } = runCharts(record(), steps(70), METHODS, 'step');
    expect(loss.series.map((one) => one.id)).toEqual(['total', 'hard', 'soft']);
    expect(loss.series[0]!.restarts).toEqual([60]);
    expect(loss.xEnd).toBe(100);
  });
  test('a single term is the total and is not drawn twice', () => {
    const series = new RunSeries();
    series.add({
      runId: 'a',
      stage: 0,
      step: 1,
      loss: 2,
      terms: { hard: 2 },
      learningRate: 0,
      gradNorm: 0,
      tokens: 1,
      timeMs: 1,
    });
    expect(runCharts(record(), series, METHODS, 'step').loss.series.map((one) => one.id)).toEqual(['total']);
  });
  test('measurements stand where their step stands on every axis', () => {
    const series = steps(20);
    expect(positionOf(series, 10, 'step')).toBe(10);
    expect(positionOf(series, 10, 'tokens')).toBe(1280);
    expect(positionOf(series, 10, 'time')).toBe(500);
    expect(positionOf(series, 0, 'time')).toBe(0);
    const run = record({ evals: [measured(10, 50), measured(0, 90)] });
    const { perplexity } = runCharts(run, series, METHODS, 'tokens');
    expect(Array.from(perplexity.series[0]!.x)).toEqual([0, 1280]);
    expect(perplexity.references?.map((one) => one.id)).toEqual(['before']);
  });
  test('the end of tokens and time is estimated from what is done; an ended run ends where it ended', () => {
    expect(plannedEnd(record(), steps(20), 'tokens')).toBe(12_800);
    expect(plannedEnd(record(), steps(20), 'time')).toBe(5000);
    expect(plannedEnd(record({ state: 'stopped' }), steps(20), 'step')).toBe(20);
  });
});

describe('a method of two parts', () => {
  const SELF_KD = [
    {
      id: 'self-kd',
      label: 'Self-KD',
      needsTeacher: false,
      terms: [
        { id: 'copy', label: 'the copy, CE' },
        { id: 'hard', label: 'hard, CE' },
      ],
    },
  ];
  const stages = [{ method: 'self-kd', steps: 10 }];
  const recipe = recipeSchema.parse({ version: 1, teacher: { model: 'demo' }, selection: null, stages });
  const planned = {
    parts: [
      { stage: 0, step: 1, part: 'own teacher' },
      { stage: 0, step: 6, part: 'student' },
    ],
    learningRate: { steps: [1, 5, 6, 10], values: [1e-3, 2e-4, 1e-3, 2e-4] },
  };
  const run = record({ recipe, totalSteps: 10, stageSteps: [10], planned });
  const series = new RunSeries();
  for (let step = 1; step <= 8; step++) {
    const [part, term] = step <= 5 ? ['own teacher', 'copy'] : ['student', 'hard'];
    const rest = { learningRate: 1e-3, gradNorm: 1, tokens: step * 128, timeMs: step * 50 };
    series.add({ runId: 'a', stage: 0, part, step, loss: step, terms: { [term]: step }, ...rest });
  }

  test('terms are gaps where their part is not, and each part is marked with its name', () => {
    const { loss, perplexity } = runCharts(run, series, SELF_KD, 'tokens');
    const marks = [
      { x: 128, label: 'own teacher' },
      { x: 768, label: 'student' },
    ];
    expect(loss.marks).toEqual(marks);
    expect(perplexity.marks).toEqual(marks);
    const [total, copy, hard] = loss.series;
    expect(Array.from(copy!.y)).toEqual([1, 2, 3, 4, 5, NaN, NaN, NaN]);
    expect(Array.from(hard!.y)).toEqual([NaN, NaN, NaN, NaN, NaN, 6, 7, 8]);
    expect([total!.restarts, hard!.restarts]).toEqual([[5], []]);
  });
  test('a part is marked at its first step, whichever steps were reported', () => {
    const sparse = new RunSeries();
    for (const step of [1, 4, 8]) {
      const rest = { learningRate: 1e-3, gradNorm: 1, tokens: step * 128, timeMs: step * 50 };
      sparse.add({
        runId: 'a',
        stage: 0,
        part: step < 6 ? 'own teacher' : 'student',
        step,
        loss: 1,
        terms: {},
        ...rest,
      });
    }
    const { loss } = runCharts(run, sparse, SELF_KD, 'step');
    expect(loss.marks?.map(({ x }) => x)).toEqual([1, 6]);
  });
  test('the learning rate to come is drawn to the planned end, at the present pace', () => {
    const { learningRate } = runCharts(run, series, SELF_KD, 'tokens');
    expect([...learningRate.planned!.x]).toEqual([1280]);
    expect([...learningRate.planned!.y]).toEqual([2e-4]);
    const before = runCharts(run, undefined, SELF_KD, 'step').learningRate.planned!;
    expect([...before.x]).toEqual([1, 5, 6, 10]);
    const over = runCharts({ ...run, state: 'done' }, series, SELF_KD, 'step');
    expect(over.learningRate.planned).toBeUndefined();
  });
  test('of parts that alternate the first kind becomes bands', () => {
    const rounds = [1, 3, 5, 7].map((step, i) => ({ stage: 0, step, part: i % 2 ? 'minimise' : 'maximise' }));
    const parts = [
      { stage: 0, step: 1, part: 'warm-up' },
      ...rounds.map((one) => ({ ...one, step: one.step + 2 })),
    ];
    const { loss } = runCharts({ ...run, planned: { ...planned, parts } }, series, SELF_KD, 'step');
    expect(loss.marks).toEqual([
      { x: 1, label: 'warm-up' },
      { x: 3, label: 'maximise' },
    ]);
    expect(loss.bands).toEqual([
      { from: 3, to: 5 },
      { from: 7, to: 9 },
    ]);
    expect(loss.bandLabel).toBe('grey: maximise');
  });
  test('the headline names the part', () => {
    const { rest } = headlineOf(run, progressOf(run, series), SELF_KD);
    expect(rest).toBe('Self-KD, student · step 8 of 10');
  });
});

describe('tables', () => {
  test('steps have a column for every term', () => {
    const { head, rows } = stepTable(steps(2));
    expect(head).toEqual([
      'step',
      'tokens',
      'time_ms',
      'loss',
      'loss_soft',
      'loss_hard',
      'learning_rate',
      'gradient_norm',
    ]);
    expect(rows).toEqual([
      [1, 128, 50, 3, 2, 1, 1e-3, 1],
      [2, 256, 100, 3, 2, 1, 1e-3, 1],
    ]);
    expect(stepTable(undefined).rows).toEqual([]);
  });
  test('measurements keep their protocol', () => {
    const { head, rows } = evaluationTable(record({ evals: [measured(5, 40)] }));
    expect(Object.fromEntries(head.map((name, i) => [name, rows[0]![i]]))).toEqual({
      ...{ step: 5, perplexity: 40, loss: Math.log(40), tokens: 4096, window: 128, stride: 128 },
      ...{ text: 'raw', unit: 'token', protocol: null, set: 'demo', stage: 1, at: 'within', zero_shot: 'no' },
    });
  });
});

describe('layer maps', () => {
  test('those of the latest stage count, and only what is a map', () => {
    const epochs = [
      { stage: 0, epoch: 0, state: [0, 3] },
      { stage: 1, epoch: 0, state: [1, 4, 7] },
      { stage: 1, epoch: 1, state: [0, 4, 8] },
    ];
    expect(layerMaps(epochs)).toEqual([
      { epoch: 0, layers: [1, 4, 7] },
      { epoch: 1, layers: [0, 4, 8] },
    ]);
    for (const state of [null, [], [2, 1], [0.5], ['1'], { layers: [1] }]) {
      expect(layerMaps([{ stage: 0, epoch: 0, state }])).toEqual([]);
    }
  });
});
