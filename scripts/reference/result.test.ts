import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { METHODS } from '../../src/methods/index';
import { parseRecipe, type Recipe } from '../../src/recipe/recipe';

const read = (path: string) => JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8')) as unknown;

interface Result {
  maxDifference: number;
  recipe: Pick<Recipe, 'seed' | 'teacher' | 'selection' | 'stages'>;
  steps: { step: number; decant: number; reference: number }[];
}
const result = read('../../docs/results/reference-50-steps.json') as Result;

test('the committed comparison has 50 steps that learn, each within 1e-3 of PyTorch', () => {
  expect(result.steps.map(({ step }) => step)).toEqual(Array.from({ length: 50 }, (_, i) => i + 1));
  const differences = result.steps.map(({ decant, reference }) => Math.abs(decant - reference));
  expect(Math.max(...differences)).toBeLessThanOrEqual(1e-3);
  expect(result.maxDifference).toBe(Math.max(...differences));
  expect(result.steps.at(-1)!.reference).toBeLessThan(result.steps[0]!.reference - 0.5);
});

test('it is of the teacher recipe as it stands, with fewer and smaller steps', () => {
  const { seed, teacher, selection, stages } = parseRecipe(read('../../recipes/demo-teacher.json'), METHODS);
  const smaller = { ...stages[0]!, steps: 50, batchSize: result.recipe.stages[0]!.batchSize };
  // Fields that recipes got since it was made stand at their defaults.
  const made = parseRecipe({ version: 1, ...result.recipe }, METHODS);
  expect(made).toMatchObject({ seed, teacher, selection, stages: [smaller] });
});
