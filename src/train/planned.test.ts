import { expect, test } from 'vitest';
import { METHODS } from '../methods/index';
import { parseRecipe, type RecipeInput } from '../recipe/recipe';
import { plannedRun } from './planned';
import { learningRateAt } from './schedule';

function plan(...given: NonNullable<RecipeInput['stages']>) {
  const recipe = { version: 1, teacher: { model: 'demo' }, selection: null, stages: given };
  const { stages } = parseRecipe(recipe, METHODS);
  const steps = stages.map((stage) => stage.steps!);
  return { stages, ...plannedRun(stages, METHODS, steps) };
}

test('parts stand at their first steps, counted over all stages', () => {
  const { parts } = plan(
    { method: 'fine-tune', steps: 5 },
    { method: 'annealing-kd', steps: 10, settings: { share: 0.3 } },
  );
  expect(parts).toEqual([
    { stage: 1, step: 6, part: 'soft phase' },
    { stage: 1, step: 9, part: 'hard phase' },
  ]);
});

test('every round of a method whose parts alternate is there', () => {
  const settings = { warmupSteps: 2, generatorSteps: 1, studentSteps: 3 };
  const { parts } = plan({ method: 'mate-kd', steps: 10, settings });
  expect(parts.map(({ step, part }) => `${step} ${part}`)).toEqual([
    '1 warm-up',
    '3 maximise',
    '4 minimise',
    '7 maximise',
    '8 minimise',
  ]);
});

test('a line through the planned learning rates is the schedule to its end', () => {
  const optimizer = { learningRate: 1e-3, warmupSteps: 10, schedule: 'cosine' as const };
  const { stages, learningRate } = plan({ method: 'fine-tune', steps: 1000, optimizer });
  const { steps, values } = learningRate;
  expect([steps[0], steps.at(-1)]).toEqual([1, 1000]);
  expect(steps.length).toBeLessThan(100);
  steps.forEach((step, i) => {
    expect(values[i]).toBe(learningRateAt(step - 1, 1000, stages[0]!.optimizer));
  });
});

test('the generator has its own rate in its rounds', () => {
  const settings = { warmupSteps: 0, generatorSteps: 2, studentSteps: 2, generatorRate: 1e-6 };
  const optimizer = { learningRate: 1e-3, warmupSteps: 0, schedule: 'constant' as const };
  const { learningRate } = plan({ method: 'mate-kd', steps: 8, settings, optimizer });
  expect(learningRate.values).toEqual([1e-6, 1e-6, 1e-3, 1e-3, 1e-6, 1e-6, 1e-3, 1e-3]);
});

test('rounds too many to see are left out', () => {
  const settings = { warmupSteps: 0, generatorSteps: 1, studentSteps: 1 };
  const { parts, learningRate } = plan({ method: 'mate-kd', steps: 5000, settings });
  expect([parts, learningRate.steps]).toEqual([[], []]);
});
