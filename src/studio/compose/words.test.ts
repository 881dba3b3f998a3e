import { expect, test } from 'vitest';
import { recipeSchema } from '../../recipe/recipe';
import { formulaPieces } from '../pieces/formulaPieces';
import { amountText, stageLines, stageTokens, trainingLine } from './trainingLine';

const recipe = recipeSchema.parse({
  version: 1,
  teacher: { model: 'demo' },
  selection: null,
  stages: [
    { method: 'vanilla-kd', steps: 600, batchSize: 8, gradAccumSteps: 2 },
    { method: 'fine-tune', epochs: 1 },
  ],
});
const [first, second] = recipe.stages;

test('a formula gives the symbols of teacher and student to their owners', () => {
  const pieces = formulaPieces('α CE(y, z_s) + T² KL(p_t ‖ p_s)');
  expect(pieces.map((piece) => piece.text).join('')).toBe('α CE(y, z) + T² KL(p ‖ p)');
  expect(pieces.find((piece) => piece.text === 'CE')).toMatchObject({ upright: true });
  expect(pieces.find((piece) => piece.text === 'α')).toMatchObject({ upright: false });
  expect(pieces.filter((piece) => piece.owner).map((piece) => [piece.text, piece.owner])).toEqual([
    ['z', 'student'],
    ['p', 'teacher'],
    ['p', 'student'],
  ]);
});

test('a stage is one line of words', () => {
  expect(trainingLine(recipe, first!)).toBe('AdamW 5e-4, linear · 2 × 8 × 128 · seed 1');
  expect(stageLines(recipe, [{ id: 'vanilla-kd', label: 'Vanilla KD' }])).toEqual([
    'Vanilla KD, 600 steps',
    'fine-tune, 1 epoch',
  ]);
});

test('tokens count every accumulated batch; epochs need the text', () => {
  expect(stageTokens(recipe, first!, null)).toBe(600 * 8 * 2 * 128);
  expect(stageTokens(recipe, second!, null)).toBeNull();
  expect(stageTokens(recipe, second!, 1000)).toBe(1000);
});

test('a pipeline counts the windows of each stage, and rows beside tokens', () => {
  const text = { kind: 'lm', train: 'demo', validation: 'demo', contextLength: 32 };
  const task = { kind: 'task', task: 'wordnet/category' };
  const stages = [
    { method: 'fine-tune', steps: 10, batchSize: 4, data: text },
    { method: 'fine-tune', epochs: 2 },
    { method: 'fine-tune', steps: 20, batchSize: 8, data: task },
  ];
  const pipeline = recipeSchema.parse({ ...recipe, stages });
  expect(trainingLine(pipeline, pipeline.stages[0]!)).toContain('4 × 32');
  expect(pipeline.stages.map((stage) => stageTokens(pipeline, stage, 1000))).toEqual([1280, 2000, 0]);
  const amount = (tokens: number | null, rows: number | null) =>
    amountText(
      pipeline,
      () => tokens,
      () => rows,
    );
  expect(amount(1000, 320)).toBe('3,280 tokens, then 160 rows, 0.5 epochs');
  expect(amount(null, null)).toBe('160 rows');
  const plain = recipeSchema.parse({ ...recipe, stages: [{ method: 'fine-tune', steps: 10 }] });
  expect(
    amountText(
      plain,
      () => 20480,
      () => null,
    ),
  ).toBe('10,240 tokens, 0.5 times the text');
});
