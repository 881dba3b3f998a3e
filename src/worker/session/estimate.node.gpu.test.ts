/** Costs of a recipe by a session on WebGPU. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import * as tf from '@tensorflow/tfjs-core';
import type { RecipeInput } from '../../recipe/recipe';
import { closeTestDevice } from '../../testing/gpu';
import { tinyPlatform } from '../../testing/tinyPlatform';
import { createClient, type Client } from '../client';
import { portPair } from '../port';
import { createSession } from '../session';

let client: Client;
const ends = portPair();

beforeAll(async () => {
  closeTestDevice();
  createSession(ends[1], tinyPlatform({ memoryBytes: 8e9 }));
  client = createClient(ends[0]);
  await client.request({ type: 'open', device: 'webgpu', hubUrl: 'http://127.0.0.1:1' });
});
afterAll(() => ends.forEach((end) => end.close()));

const recipe = (change: Partial<RecipeInput> = {}): RecipeInput => ({
  version: 1,
  teacher: { model: 'demo' },
  selection: { layers: [0, 6, 11] },
  data: { contextLength: 64 },
  stages: [{ method: 'vanilla-kd', steps: 2, batchSize: 4 }],
  evaluation: { every: 0, window: 32, stride: 32, maxTokens: 64 },
  ...change,
});
const estimate = (given = recipe(), budget?: number) =>
  client.request({ type: 'estimate', recipe: given, budget });

test('nothing is loaded for it, and the parts add up', async () => {
  const { numTensors } = tf.memory();
  const found = await estimate();
  expect(tf.memory().numTensors).toBeLessThanOrEqual(numTensors + 1);
  expect(found).toMatchObject({ basis: 'trace', fits: true, nearest: [] });
  expect(found.budget).toEqual({ bytes: 4e9, assumed: true });
  expect(found.parts.teacher).toBe(691_968);
  expect(found.parts.moments / found.parts.student).toBeCloseTo(2, 2);
  expect(found.parts.held).toBe(0);
  expect(Object.values(found.parts).reduce((sum, bytes) => sum + bytes, 0)).toBe(found.bytes);
  expect(found.stages[0]!.flops).toBeGreaterThan(1e7);
});

test('a stage of a task is traced as others are', async () => {
  const task = { kind: 'task' as const, task: 'wordnet/category' as const, maxLength: 32 };
  const [text] = recipe().stages!;
  const found = await estimate(recipe({ stages: [text!, { ...text!, method: 'fine-tune', data: task }] }));
  expect(found).toMatchObject({ basis: 'trace', fits: true });
  expect(found.stages.map(({ method }) => method)).toEqual(['vanilla-kd', 'fine-tune']);
  // Half the tokens, no teacher beside it, and no product with the vocabulary.
  expect(found.stages[1]!.flops).toBeLessThan(found.stages[0]!.flops / 2);
  expect(found.stages[1]!.parts.activations).toBeGreaterThan(4 * 32 * 32 * 4);
  const alone = await estimate(recipe({ data: task, stages: [{ ...text!, method: 'fine-tune' }] }));
  expect(alone.basis).toBe('trace');
});

test('over the budget it names what is near and fits, each with what it needs', async () => {
  const { bytes } = await estimate();
  const found = await estimate(recipe(), bytes - 100_000);
  expect(found.fits).toBe(false);
  expect(found.budget.assumed).toBe(false);
  expect(found.nearest.map(({ ways }) => ways)).toContainEqual(['accumulate']);
  for (const near of found.nearest) {
    expect(near.bytes).toBeLessThanOrEqual(bytes - 100_000);
    const again = await estimate(near.recipe, bytes - 100_000);
    expect(again).toMatchObject({ fits: true, bytes: near.bytes });
  }
  expect((await estimate(recipe(), 1000)).nearest).toEqual([]);
});

test('a recipe that cannot run says why, and what is near it', async () => {
  const found = await estimate(recipe({ data: { contextLength: 256 } }));
  expect(found.fits).toBe(false);
  expect(found.problem?.message).toMatch(/256/);
  expect(found.nearest.map(({ ways }) => ways)).toEqual([['shorter']]);
});
