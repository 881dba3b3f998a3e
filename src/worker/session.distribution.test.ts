import { afterEach, beforeEach, expect, test } from 'vitest';
import type { RecipeInput } from '../recipe/recipe';
import { tinyPlatform } from '../testing/tinyPlatform';
import { createClient, type Client } from './client';
import { portPair, type ClosablePort } from './port';
import type { CommandBody, Distribution } from './protocol';
import { createSession } from './session';
import { topIds } from './session/distribution';

let client: Client;
let ends: ClosablePort[];

beforeEach(async () => {
  ends = portPair();
  createSession(ends[1]!, tinyPlatform());
  client = createClient(ends[0]!);
  await client.request({ type: 'open', device: 'wasm', hubUrl: '' });
  await client.request({ type: 'loadModel', model: { kind: 'demo' } });
});
afterEach(() => ends.forEach((end) => end.close()));

const data = { kind: 'lm', train: 'demo', validation: 'demo', contextLength: 16 } as const;
const ask = (change: Partial<CommandBody & { type: 'distribution' }> = {}): Promise<Distribution> =>
  client.request({
    type: 'distribution',
    model: 'demo',
    student: { layers: [0, 6, 11] },
    data,
    seed: 1,
    passage: 0,
    position: 5,
    ...change,
  });

/** −log softmax(z)[id] */
function surprise(logits: Float32Array, id: number): number {
  const sum = logits.reduce((total, z) => total + Math.exp(z), 0);
  return Math.log(sum) - logits[id]!;
}

test('the rows of a passage give the loss that an evaluation of the same tokens gives', async () => {
  const { passage } = await ask();
  let teacher = 0;
  for (let position = 1; position < passage.length; position++)
    teacher += surprise((await ask({ position })).teacher, passage[position]!.id);
  const window = passage.length;
  const input = { ids: passage.map(({ id }) => id) };
  const evaluated = await client.request({ type: 'evaluate', model: 'demo', input, window, stride: window });
  expect(teacher / (passage.length - 1)).toBeCloseTo(evaluated.loss, 4);
});

test('a row has a number for every word, and the likeliest and the right one have their text', async () => {
  const { teacher, student, words, passage, position } = await ask({ position: 9 });
  expect([teacher.length, student.length, position]).toEqual([512, 512, 9]);
  expect(student).not.toEqual(teacher);
  const ids = words.map(({ id }) => id);
  expect(ids).toEqual(expect.arrayContaining([passage[9]!.id, ...topIds(teacher, 6), ...topIds(student, 6)]));
  expect(words.find(({ id }) => id === passage[9]!.id)?.text).toBe(passage[9]!.text);
});

test('the likeliest ids come in order', () => {
  expect(topIds(Float32Array.of(1, 5, 3, 5, -2, 4), 4)).toEqual([1, 3, 5, 2]);
});

test('passages go round, and a place without a token before it becomes the nearest one', async () => {
  const first = await ask();
  expect(await ask({ passage: first.passages })).toEqual(first);
  expect((await ask({ passage: 1 })).passage).not.toEqual(first.passage);
  expect((await ask({ position: 0 })).position).toBe(1);
  expect((await ask({ position: 999 })).position).toBe(first.passage.length - 1);
});

test('a student learns to expect what its teacher expects, and a run goes first', async () => {
  const recipe: RecipeInput = {
    version: 1,
    teacher: { model: 'demo' },
    selection: { layers: [0, 6, 11] },
    data: { contextLength: 16 },
    stages: [{ method: 'vanilla-kd', steps: 10, batchSize: 2, settings: { alpha: 0 } }],
    evaluation: { every: 0, window: 16, stride: 16, maxTokens: 16 },
  };
  const before = await ask();
  const run = client.request({ type: 'start', runId: 'a', recipe });
  await expect(ask()).rejects.toThrow('run a is training');
  await run;
  const after = await ask({ student: { runId: 'a' } });
  expect(after.teacher).toEqual(before.teacher);
  const distance = ({ teacher, student }: Distribution) => {
    const shares = (row: Float32Array) => Array.from(row, (_, id) => Math.exp(-surprise(row, id)));
    const expected = shares(student);
    return shares(teacher).reduce((sum, share, id) => sum + Math.abs(share - expected[id]!), 0);
  };
  expect(distance(after)).toBeLessThan(distance(before));
});

test('the student of a run that nobody trained is refused', async () => {
  await expect(ask({ student: { runId: 'none' } })).rejects.toThrow('the model "run:none" is not loaded');
});
