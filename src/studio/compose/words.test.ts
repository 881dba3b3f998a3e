import { expect, test } from 'vitest';
import { recipeSchema } from '../../recipe/recipe';
import { formulaPieces } from '../pieces/formulaPieces';
import { stageLines, stageTokens, trainingLine } from './trainingLine';

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
