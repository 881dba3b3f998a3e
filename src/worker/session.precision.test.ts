import { expect, test } from 'vitest';
import type { RecipeInput } from '../recipe/recipe';
import { tinyPlatform } from '../testing/tinyPlatform';
import { createClient } from './client';
import { portPair } from './port';
import { createSession } from './session';

const recipe = (precision: 'f32' | 'f16'): RecipeInput => ({
  version: 1,
  teacher: { model: 'demo', precision },
  selection: { layers: [0, 6, 11] },
  data: { contextLength: 16 },
  stages: [{ method: 'vanilla-kd', steps: 3, batchSize: 2, optimizer: { warmupSteps: 0 } }],
  evaluation: { every: 0, window: 32, stride: 32, maxTokens: 64 },
});

test('a teacher in float16 teaches nearly the same, and its student starts from the exact weights', async () => {
  const ends = portPair();
  createSession(ends[1], tinyPlatform());
  const client = createClient(ends[0]);
  await client.request({ type: 'open', device: 'wasm', hubUrl: 'http://127.0.0.1:1' });
  const run = (runId: string, precision: 'f32' | 'f16') =>
    client.request({ type: 'start', runId, recipe: recipe(precision) });
  const exact = await run('a', 'f32');
  const half = await run('b', 'f16');
  expect(half.perplexityBefore?.loss).toBe(exact.perplexityBefore?.loss);
  expect(half.loss).not.toBe(exact.loss);
  expect(Math.abs(half.loss / exact.loss - 1)).toBeLessThan(1e-3);
  const [measured, expected] = [half.teacherPerplexity!.loss, exact.teacherPerplexity!.loss];
  expect(measured).not.toBe(expected);
  expect(Math.abs(measured / expected - 1)).toBeLessThan(1e-3);
  // And back again: the weights of the first run are not there any more.
  expect((await run('c', 'f32')).loss).toBe(exact.loss);
  ends.forEach((end) => end.close());
});
