import { describe, expect, test } from 'vitest';
import paper from '../../../recipes/paper-pipeline.json';
import demo from '../../../recipes/pipeline-demo.json';
import { METHODS } from '../../methods/index';
import { parseRecipe } from '../../recipe/recipe';
import type { PerplexityReport, TaskReport } from '../../worker/protocol';
import { geometryOf } from '../charts/geometry';
import { summaryOf } from '../charts/readout';
import { RunSeries } from '../series';
import type { EvalPoint, RunRecord, ScorePoint } from '../storeRuns';
import { isZeroShot, learns, stageMarks, stageResults } from './pipeline';
import { protocolFacts } from './protocolWords';
import { scoreCharts } from './scoreSpecs';
import { runCharts } from './specs';

const CARDS = METHODS.map(({ id, terms }) => ({ id, terms: [...terms], needsTeacher: id === 'vanilla-kd' }));
const WIKI = 'hf:Salesforce/wikitext/wikitext-103-raw-v1:test';

const report = (perplexity: number): PerplexityReport => ({
  ...{ perplexity, loss: Math.log(perplexity), tokens: 2048, window: 128, stride: 128 },
  ...{ text: 'raw', unit: 'token', protocol: 'windows-128' },
});
const scored = (accuracy: number): TaskReport => ({
  ...{ task: 'wordnet/category', metrics: { accuracy }, loss: 1, rows: 200, majority: 0.19 },
});
const evaluated = (
  at: EvalPoint['at'],
  stage: number,
  step: number,
  data: string,
  perplexity: number,
): EvalPoint => ({ at, stage, step, data, ...report(perplexity) });

function record(recipe: RunRecord['recipe'], part: Partial<RunRecord>): RunRecord {
  return {
    ...{ id: 'a', name: 'a', recipe, layers: [0, 1], state: 'done', detail: '' },
    ...{ totalSteps: 140, stageSteps: [40, 40, 60], planned: null, evals: [], scores: [], samples: [] },
    ...{ epochs: [], texts: [], startedMs: 0, result: null, error: null },
    ...part,
  };
}

function steps(count: number): RunSeries {
  const series = new RunSeries();
  for (let step = 1; step <= count; step++) {
    const stage = step > 80 ? 2 : step > 40 ? 1 : 0;
    const rest = { learningRate: 1e-3, gradNorm: 1, tokens: step * 128, timeMs: step * 50 };
    series.add({ runId: 'a', stage, step, loss: 3 - stage, terms: {}, ...rest });
  }
  return series;
}

const small = parseRecipe(demo, METHODS);
const scores: ScorePoint[] = [
  { at: 'start', stage: 2, step: 80, data: 'wordnet/category', ...scored(0.16) },
  { at: 'end', stage: 2, step: 140, data: 'wordnet/category', ...scored(0.33) },
];
const done = record(small, {
  evals: [
    evaluated('start', 0, 0, 'demo', 74.7),
    evaluated('end', 0, 40, 'demo', 67.5),
    evaluated('end', 1, 80, 'demo', 54.6),
  ],
  scores,
});

describe('the demo pipeline', () => {
  test('has a named mark where each stage begins, in every chart of what was learned', () => {
    const marks = stageMarks(done, steps(140), 'step', CARDS);
    expect(marks.map(({ x, label }) => [x, label])).toEqual([
      [0, '1 Pre-train, 20 % of Demo text'],
      [41, '2 Distil, Demo text'],
      [81, '3 Fine-tune, Category'],
    ]);
    expect(stageMarks(done, steps(140), 'tokens', CARDS)[1]!.x).toBe(41 * 128);
    const { loss, perplexity } = runCharts(done, steps(140), CARDS, 'step');
    const [accuracy] = scoreCharts(done, steps(140), 'step', CARDS);
    for (const spec of [loss, perplexity, accuracy!]) {
      expect(spec.marks).toEqual(marks);
      // All end where the run ended, whatever was measured last.
      expect(spec.xEnd).toBe(140);
      expect(summaryOf(spec)).toContain('2 Distil, Demo text from step 41');
    }
    expect(loss.unit).toBe('nats per token or row');
    expect(loss.series[0]!.breaks).toEqual([40, 80]);
  });

  test('shortens the names of marks before it leaves one out', () => {
    const view = { log: false, clip: false, smoothing: 0, zoom: null };
    const { loss } = runCharts(done, steps(140), CARDS, 'step');
    const names = (width: number) =>
      geometryOf(loss, view, { width, height: 200, small: false, endLabels: false })!.marks.map(
        ({ text }) => text,
      );
    expect(names(1200)[0]).toBe('1 Pre-train, 20 % of Demo text');
    expect(names(450)).toEqual(['1 Pre-train', '2 Distil', '3 Fine-tune, Category']);
    expect(names(150)[0]).toBe('1');
  });

  test('has a table of what came out behind every stage', () => {
    const result = { teacherOn: { demo: report(38.1) } } as unknown as RunRecord['result'];
    const { sets, rows } = stageResults({ ...done, result }, CARDS);
    expect(sets.map(({ name, kind, teacher }) => [name, kind, teacher !== null])).toEqual([
      ['Demo text', 'lm', true],
      ['Category', 'task', false],
    ]);
    const shown = rows.map(({ title, cells }) => [
      title,
      ...cells.map((cell) => {
        if (!cell) return null;
        return 'metrics' in cell.report ? cell.report.metrics.accuracy : cell.report.perplexity;
      }),
    ]);
    expect(shown).toEqual([
      ['Truncated', 74.7, null],
      ['1 Pre-train', 67.5, null],
      ['2 Distil', 54.6, 0.16],
      ['3 Fine-tune', null, 0.33],
    ]);
    expect(rows.map(({ cells }) => cells.map((cell) => cell?.own ?? null))).toEqual([
      [false, null],
      [true, null],
      [true, false],
      [null, true],
    ]);
  });

  test('learns from text and a task', () => {
    expect([learns(done, 'lm'), learns(done, 'task')]).toEqual([true, true]);
    const text = { ...done, recipe: { ...small, stages: small.stages.slice(0, 2) } };
    expect(scoreCharts(text, undefined, 'step', CARDS)).toEqual([]);
  });
});

test('several tasks have charts of their own, first by their own metric', () => {
  const [, , task] = small.stages;
  const senses = { ...task!, data: { ...task!.data!, task: 'wordnet/same-sense' } } as typeof task;
  const recipe = { ...small, stages: [...small.stages, senses!] };
  const point = (data: string, step: number, metrics: Record<string, number>): ScorePoint => ({
    ...{ at: 'within', stage: 2, step, data },
    ...{ task: 'wordnet/category', metrics, loss: 1, rows: 200, majority: 0.19 },
  });
  const scores = [
    point('wordnet/category', 90, { accuracy: 0.2, macroF1: 0.1 }),
    point('wordnet/category', 140, { accuracy: 0.3, macroF1: 0.2 }),
    point('wordnet/same-sense', 200, { accuracy: 0.6 }),
  ];
  const charts = scoreCharts(record(recipe, { scores }), steps(200), 'step', CARDS);
  expect(charts.map(({ title, series: [line] }) => [title, [...line!.y]])).toEqual([
    ['Category: Accuracy, %', [20, 30]],
    ['Same sense: Accuracy, %', [60]],
    ['Category: Macro F1, %', [10, 20]],
  ]);
});

describe('the paper’s pipeline', () => {
  const recipe = parseRecipe(paper, METHODS);
  const evals = [
    evaluated('start', 0, 0, WIKI, 900),
    evaluated('end', 0, 40, WIKI, 56.4),
    evaluated('end', 1, 80, WIKI, 23.4),
  ];

  test('is zero-shot on WikiText until a stage has learned from WikiText', () => {
    expect(evals.map((point) => isZeroShot(recipe, point))).toEqual([true, true, false]);
    const { perplexity } = runCharts(record(recipe, { evals }), steps(80), CARDS, 'step');
    expect(perplexity.series).toHaveLength(1);
    expect([...perplexity.series[0]!.notes!]).toEqual([[1, 'zero-shot']]);
  });
});

test('another validation text is another line, and each teacher’s line says of which text it is', () => {
  const own = { kind: 'lm', train: 'text:own', validation: 'text:own', contextLength: 16 };
  const stages = [
    { method: 'fine-tune', steps: 40, data: own },
    { method: 'fine-tune', steps: 40 },
  ];
  const recipe = parseRecipe({ ...demo, stages }, METHODS);
  const evals = [
    evaluated('start', 0, 0, 'demo', 80),
    evaluated('start', 0, 0, 'text:own', 300),
    evaluated('end', 0, 40, 'demo', 70),
    evaluated('end', 0, 40, 'text:own', 90),
  ];
  const teacherOn = { demo: report(38), 'text:own': report(60) };
  const result = { teacherPerplexity: report(38), teacherOn } as unknown as RunRecord['result'];
  const run = record(recipe, { evals, result, stageSteps: [40, 40], totalSteps: 80 });
  const { series, references } = runCharts(run, steps(40), CARDS, 'step').perplexity;
  expect(series.map(({ label, y }) => [label, ...y])).toEqual([
    ['Demo text', 80, 70],
    ['own', 300, 90],
  ]);
  expect(references!.map(({ label, value }) => [label, value])).toEqual([
    ['before training, Demo text', 80],
    ['teacher, Demo text', 38],
    ['teacher, own', 60],
  ]);
});

test('a perplexity is explained by its protocol', () => {
  expect(protocolFacts(report(54.6), 'Demo text')).toEqual([
    ['Measured on', 'Demo text'],
    ['Scored', '2,048 tokens'],
    ['Context', 'windows of 128 tokens'],
    ['Stride', '128 tokens: no overlap'],
    ['Text', 'as it came'],
    ['Counted', 'per token'],
    ['Protocol', 'windows-128'],
    ['Unit', 'none; lower is better'],
  ]);
  const word = { ...report(30), window: 1024, stride: 512, unit: 'word', text: 'detokenised', words: 1800.4 };
  expect(Object.fromEntries(protocolFacts(word as PerplexityReport, 'wiki'))).toMatchObject({
    Scored: '2,048 tokens, 1,800 words',
    Stride: '512 tokens',
    Counted: 'per word of the text as it came',
  });
});
