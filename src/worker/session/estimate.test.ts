/** Estimates where nothing can be traced, and how they go together with runs. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RecipeInput } from '../../recipe/recipe';
import { tinyPlatform } from '../../testing/tinyPlatform';
import { createClient, type Client } from '../client';
import { portPair } from '../port';
import type { Event } from '../protocol';
import { createSession } from '../session';
import { compileReports } from './compiling';

let client: Client;
const ends = portPair();

beforeAll(async () => {
  createSession(ends[1], tinyPlatform());
  client = createClient(ends[0]);
  await client.request({ type: 'open', device: 'wasm', hubUrl: 'http://127.0.0.1:1' });
});
afterAll(() => ends.forEach((end) => end.close()));

const recipe: RecipeInput = {
  version: 1,
  teacher: { model: 'demo' },
  selection: { layers: [0, 6, 11] },
  data: { contextLength: 16 },
  stages: [{ method: 'vanilla-kd', steps: 20, batchSize: 2 }],
  evaluation: { every: 0, window: 16, stride: 16, maxTokens: 64 },
};
const estimate = (budget?: number) => client.request({ type: 'estimate', recipe, budget });

test('on the processor weights, moments and gradients are counted, and it says what is left out', async () => {
  const found = await estimate();
  const student = 4 * (512 * 32 + 128 * 32 + 64 + 3 * (12 * 32 * 32 + 13 * 32));
  expect(found).toMatchObject({
    basis: 'weights',
    reason: 'On the processor the memory of activations is not known in advance.',
    parts: { teacher: 691_968, student, goodWeights: student, moments: 2 * student, gradients: student },
    fits: true,
    budget: { bytes: 4e9, assumed: true },
    nearest: [],
  });
  expect(await estimate(100)).toMatchObject({ fits: false, budget: { bytes: 100, assumed: false } });
});

test('a wrong recipe is refused as a run would refuse it', async () => {
  const wrong = { ...recipe, selection: { layers: [12] } };
  await expect(client.request({ type: 'estimate', recipe: wrong })).rejects.toThrow('12');
});

test('a run that trains has the device to itself; its student stays there afterwards', async () => {
  const states: string[] = [];
  const stop = client.onEvent((event) => event.type === 'runState' && states.push(event.state));
  const run = client.request({ type: 'start', runId: 'a', recipe });
  await expect.poll(() => states.includes('running'), { timeout: 20_000 }).toBe(true);
  await expect(estimate()).rejects.toThrow('run a is training');
  await run;
  stop();
  const { parts, bytes } = await estimate();
  expect(parts.held).toBe(parts.student);
  expect(Object.values(parts).reduce((sum, part) => sum + part, 0)).toBe(bytes);
});

test('compilation is told of at most ten times a second, and at its end', () => {
  const sent: Event[] = [];
  const report = compileReports('a', (event) => sent.push(event));
  for (let done = 0; done <= 57; done++) report(done, 57);
  expect(sent).toEqual([
    { type: 'compiling', runId: 'a', done: 0, total: 57 },
    { type: 'compiling', runId: 'a', done: 57, total: 57 },
  ]);
});
