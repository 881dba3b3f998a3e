import { describe, expect, test } from 'vitest';
import { recipeSchema, type Recipe } from '../../recipe/recipe';
import type { Estimate, NearbySetup } from '../../worker/protocol';
import { inUnitOf, nearbyCost, nearbyLabel, segmentsOf, verdictOf } from './fitWords';

const recipe: Recipe = recipeSchema.parse({
  version: 1,
  teacher: { model: 'demo' },
  selection: { strategy: 'uniform', keep: 6 },
  stages: [{ method: 'vanilla-kd', steps: 10, batchSize: 8 }],
});

const GB = 1e9;
const estimate = (change: Partial<Estimate> = {}): Estimate => ({
  basis: 'trace',
  parts: {
    teacher: 0.5 * GB,
    student: 0.33 * GB,
    goodWeights: 0.33 * GB,
    moments: 0.66 * GB,
    gradients: 0,
    activations: 0.6 * GB,
    logits: 0.06 * GB,
    held: 0,
    other: 1000,
  },
  bytes: 2.48 * GB,
  largestBytes: 0.154 * GB,
  stages: [],
  limits: { maxBufferSize: 2 * GB, maxStorageBufferBindingSize: 2 * GB },
  budget: { bytes: 4 * GB, assumed: true },
  fits: true,
  nearest: [],
  ...change,
});

const near = (ways: NearbySetup['ways'], changed: Partial<Recipe>, work = 1): NearbySetup => ({
  ways,
  recipe: { ...recipe, ...changed },
  bytes: 1.2 * GB,
  work,
});
const stages = [{ ...recipe.stages[0]!, batchSize: 4, gradAccumSteps: 2 }];

test('the parts that can be seen stand in order, an f16 teacher says so', () => {
  expect(segmentsOf(estimate(), recipe).map(({ label }) => label)).toEqual([
    'teacher',
    'student',
    'kept copy',
    'AdamW',
    'activations',
    'logits',
  ]);
  const half = { ...recipe, teacher: { ...recipe.teacher, precision: 'f16' as const } };
  expect(segmentsOf(estimate(), half)[0]!.label).toBe('teacher f16');
});

test('a legend has one unit', () => {
  expect(inUnitOf(2.48 * GB)).toMatchObject({ unit: 'GB' });
  expect([0.33 * GB, 12.4 * GB].map(inUnitOf(2.48 * GB).show)).toEqual(['0.33', '12.4']);
  expect([6.2e6, 812e6].map(inUnitOf(76e6).show)).toEqual(['6.20', '812']);
});

describe('ways out', () => {
  test('say what they change and what it costs', () => {
    const batch = near(['accumulate'], { stages });
    expect(nearbyLabel(batch, recipe)).toBe('Batch 4 × 2');
    expect(nearbyCost(batch)).toBe('the same result, the same work');
    const again = near(['recompute'], {}, 1.251);
    expect(nearbyCost(again)).toBe('the same result, 1.25 times the work');
    const all = near(['accumulate', 'recompute', 'f16-teacher'], { stages });
    expect(nearbyLabel(all, recipe)).toBe('Batch 4 × 2, recompute, f16 teacher');
    expect(nearbyCost(all)).toContain('nearly the same result');
    const short = near(['shorter'], { data: { ...recipe.data, contextLength: 64 } as Recipe['data'] });
    expect(nearbyLabel(short, recipe)).toBe('Context 64');
    expect(nearbyCost(short)).toContain('changes the result');
    const fewer = near(['fewer-layers'], { selection: { strategy: 'uniform', keep: 4 } });
    expect(nearbyLabel(fewer, recipe)).toBe('Keep 4 layers');
  });
});

describe('the sentence', () => {
  const text = (given: Estimate) => {
    const { tone, head, of, rest } = verdictOf(given, recipe);
    return [tone, `${head} ${of}${rest}`];
  };
  test('fits', () => {
    expect(text(estimate())).toEqual(['fits', 'Fits. 2.48 GB of 4.00 GB']);
  });
  test('does not fit, and what would', () => {
    const over = { fits: false, bytes: 4.87 * GB };
    expect(text(estimate({ ...over, nearest: [near(['accumulate'], { stages })] }))).toEqual([
      'over',
      'Does not fit. 4.87 GB of 4.00 GB, 870.0 MB too many. Batch 4 × 2 would fit.',
    ]);
    expect(text(estimate(over))[1]).toBe(
      'Does not fit. 4.87 GB of 4.00 GB, 870.0 MB too many. Nothing near it fits.',
    );
  });
  test('a buffer is too large for the device', () => {
    expect(text(estimate({ fits: false, largestBytes: 3 * GB }))[1]).toBe(
      'Does not fit. One buffer needs 3.00 GB, this device allows 2.00 GB. Nothing near it fits.',
    );
  });
  test('what is not known is not claimed', () => {
    const reason = 'On the processor the memory of activations is not known in advance.';
    expect(text(estimate({ basis: 'weights', reason }))).toEqual([
      'open',
      `At least 2.48 GB of 4.00 GB. ${reason}`,
    ]);
  });
  test('a recipe that cannot run', () => {
    const problem = { name: 'ShapeError', message: 'the model reads at most 128 tokens', input: true };
    expect(text(estimate({ fits: false, problem }))[1]).toBe(
      'Cannot run here. The model reads at most 128 tokens. Nothing near it fits.',
    );
  });
});
