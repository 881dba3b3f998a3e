import { describe, expect, test } from 'vitest';
import { toLatex } from '../../paper/written';
import { recipeSchema, type RecipeInput } from '../../recipe/recipe';
import { differenceText, meanText, methodsTable, methodsWritten } from './methodsFiles';
import { methodRows, plannedRuns, valueOf, verdict, type ComparedRun, type Measure } from './methodsPlan';

const number = { kind: 'number' as const, label: '', min: 0, max: 10, step: 1, hint: '', source: '' };
const METHODS: Parameters<typeof plannedRuns>[2] = [
  {
    id: 'vanilla-kd',
    label: 'Vanilla KD',
    needsTeacher: true,
    settings: { temperature: { ...number, default: 2 } },
  },
  { id: 'fine-tune', label: 'Fine-tuning', needsTeacher: false, settings: {} },
  { id: 'self-kd', label: 'Self-KD', needsTeacher: false, settings: { alpha: { ...number, default: 1 } } },
];
const form = (part: Partial<RecipeInput> = {}) =>
  recipeSchema.parse({
    version: 1,
    seed: 7,
    teacher: { model: 'demo' },
    selection: { strategy: 'uniform', keep: 6 },
    stages: [{ method: 'vanilla-kd', settings: { temperature: 4 }, steps: 10 }],
    ...part,
  });
const LAYERS = [0, 2, 4, 6, 8, 10];

describe('the queue', () => {
  test('goes seed by seed, fine-tuning first, whether chosen or not', () => {
    const plan = plannedRuns(form(), LAYERS, METHODS, ['vanilla-kd', 'self-kd'], 2);
    expect(plan.map(({ method, seed }) => `${method} ${seed}`)).toEqual([
      ...['fine-tune 7', 'vanilla-kd 7', 'self-kd 7'],
      ...['fine-tune 8', 'vanilla-kd 8', 'self-kd 8'],
    ]);
  });
  test('changes method, settings and seed and nothing else; the form’s method keeps the form’s settings', () => {
    const plan = plannedRuns(form({ name: 'mine' }), LAYERS, METHODS, ['vanilla-kd', 'self-kd'], 1);
    const settings = Object.fromEntries(
      plan.map(({ method, recipe }) => [method, recipe.stages[0]!.settings]),
    );
    expect(settings).toEqual({ 'fine-tune': {}, 'vanilla-kd': { temperature: 4 }, 'self-kd': { alpha: 1 } });
    const rest = plan.map(({ recipe: { name: _, ...recipe } }) => ({
      ...recipe,
      stages: recipe.stages.map((stage) => ({ ...stage, method: '', settings: {} })),
    }));
    expect(rest[1]).toEqual(rest[0]);
    expect(rest[2]).toEqual(rest[0]);
  });
  test('changes the last of several stages', () => {
    const stages = [
      { method: 'fine-tune', steps: 5 },
      { method: 'vanilla-kd', steps: 5 },
    ];
    const plan = plannedRuns(form({ stages }), LAYERS, METHODS, ['self-kd'], 1);
    expect(plan.map(({ recipe }) => recipe.stages.map(({ method }) => method))).toEqual([
      ['fine-tune', 'fine-tune'],
      ['fine-tune', 'self-kd'],
    ]);
  });
  test('keeps a random set for all seeds', () => {
    const selection = { strategy: 'random' as const, keep: 6 };
    const plan = plannedRuns(form({ selection }), LAYERS, METHODS, [], 2);
    expect(plan.map(({ recipe }) => recipe.selection)).toEqual([{ layers: LAYERS }, { layers: LAYERS }]);
  });
  test('trains a teacher first only for methods that learn from it', () => {
    const teacher = { model: 'demo', stages: [{ method: 'fine-tune', steps: 3 }] };
    const plan = plannedRuns(form({ teacher }), LAYERS, METHODS, ['vanilla-kd'], 1);
    expect(plan.map(({ recipe }) => recipe.teacher.stages?.length ?? 0)).toEqual([0, 1]);
  });
});

const PERPLEXITY: Measure = { label: 'Perplexity', lowerIsBetter: true };
const runs = (values: Readonly<Record<string, readonly (number | null)[]>>): ComparedRun[] =>
  Object.entries(values).flatMap(([method, list]) =>
    list.map((value, seed) => ({ method, label: method, seed, value, timeMs: 1000 })),
  );

describe('the table', () => {
  test('pairs by seed: a steady difference is told apart, though the seeds spread wider', () => {
    const [base, kd] = methodRows(runs({ 'fine-tune': [40, 44, 48], kd: [39, 43.1, 46.9] }));
    expect(base!.difference).toBeNull();
    expect(verdict(base!, PERPLEXITY)).toBe('the baseline');
    expect(kd!.difference!.mean).toBeCloseTo(-1);
    expect(verdict(kd!, PERPLEXITY)).toBe('better');
    expect(verdict(kd!, { ...PERPLEXITY, lowerIsBetter: false })).toBe('worse');
  });
  test('says so where the interval holds zero, and where one seed says nothing', () => {
    const [, alike] = methodRows(runs({ 'fine-tune': [40, 41, 42], kd: [41, 40.5, 42.2] }));
    expect(verdict(alike!, PERPLEXITY)).toBe('not distinguishable');
    expect(alike!.difference!.low! < 0 && alike!.difference!.high! > 0).toBe(true);
    const [, single] = methodRows(runs({ 'fine-tune': [40], kd: [30] }));
    expect(verdict(single!, PERPLEXITY)).toMatch(/one seed/);
    expect(differenceText(single!)).toBe('−10.0');
  });
  test('pairs only seeds that both have', () => {
    const [, kd] = methodRows(runs({ 'fine-tune': [40, null, 42], kd: [39, 50, 41] }));
    expect(kd!.values).toHaveLength(3);
    expect(kd!.difference).toMatchObject({ n: 2, mean: -1 });
  });
  test('takes a task’s own metric in percent, and no run that was stopped', () => {
    const result = {
      ...{
        runId: '',
        steps: 1,
        loss: 1,
        layers: [],
        parameters: 1,
        tokensPerSecond: 1,
        wallMs: 1,
        device: '',
      },
      scoresAfter: { task: 'glue/rte', metrics: { accuracy: 0.6 }, loss: 1, rows: 10, majority: 0.5 },
    };
    const measure = { label: '', metric: 'accuracy', lowerIsBetter: false };
    expect(valueOf({ ...result, stopped: false }, measure)).toBe(60);
    expect(valueOf({ ...result, stopped: true }, measure)).toBeNull();
  });
});

test('files have every seed’s value, means and words', () => {
  const rows = methodRows(runs({ 'fine-tune': [40, 41], kd: [41, 40.5] }));
  expect(meanText(rows[0]!)).toBe('40.5 ± 0.71');
  const { head, rows: lines } = methodsTable(rows, PERPLEXITY);
  expect(head.slice(-2)).toEqual(['seed 0', 'seed 1']);
  expect(lines[1]!.slice(-2)).toEqual([41, 40.5]);
  expect(toLatex(methodsWritten(rows, PERPLEXITY))).toContain(
    'kd & 40.8 $\\pm$ 0.35 & +0.25, from $-$9.28 to 9.78 & not distinguishable \\\\',
  );
});
