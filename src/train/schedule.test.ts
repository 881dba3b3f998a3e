import { expect, test } from 'vitest';
import adamw from '../../fixtures/adamw.json';
import { recipeSchema } from '../recipe/recipe';
import { learningRateAt } from './schedule';

const optimizer = (fields: object) =>
  recipeSchema.parse({
    version: 1,
    teacher: { model: 'demo' },
    selection: null,
    stages: [{ method: 'fine-tune', steps: 1, optimizer: fields }],
  }).stages[0]!.optimizer;

test('warm-up and linear decay give the learning rates of the AdamW fixture', () => {
  const schedule = optimizer({ learningRate: 1e-3, warmupSteps: 3, schedule: 'linear' });
  adamw.lr.forEach((expected, step) => expect(learningRateAt(step, 10, schedule)).toBeCloseTo(expected, 14));
});

test('a cosine without warm-up starts at the peak, is half-way at the middle and ends at its final share', () => {
  const schedule = optimizer({ learningRate: 1, warmupSteps: 0, schedule: 'cosine', finalFraction: 0.1 });
  expect(learningRateAt(0, 100, schedule)).toBe(1);
  expect(learningRateAt(50, 100, schedule)).toBeCloseTo(0.55, 12);
  expect(learningRateAt(100, 100, schedule)).toBeCloseTo(0.1, 12);
});

test('a constant schedule stays at the peak after its warm-up', () => {
  const schedule = optimizer({ learningRate: 1e-3, warmupSteps: 4, schedule: 'constant' });
  expect([0, 1, 2, 3, 4, 5, 99].map((step) => learningRateAt(step, 100, schedule))).toEqual([
    0, 0.25e-3, 0.5e-3, 0.75e-3, 1e-3, 1e-3, 1e-3,
  ]);
});

test('a warm-up longer than the run never divides by zero and never passes the peak', () => {
  const schedule = optimizer({ learningRate: 1e-3, warmupSteps: 20, schedule: 'linear' });
  for (let step = 0; step < 5; step++)
    expect(learningRateAt(step, 5, schedule)).toBeCloseTo((1e-3 * step) / 20, 15);
  expect(learningRateAt(20, 20, schedule)).toBe(1e-3);
});
