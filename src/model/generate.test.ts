import { installWasm } from '../engine/wasm.node';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import { openDevice, readTensor } from '../engine/device';
import { uploadTokens } from '../engine/ops/embedding';
import { denseLogits } from '../engine/ops/tokenLoss';
import { DataError } from '../errors';
import { randomStream } from '../random';
import { tinyModel } from '../testing/tinyGpt2';
import { drawToken, generate, type GenerateOptions } from './generate';
import { forward, type Model } from './gpt2';
import { disposeParams } from './params';

beforeAll(async () => {
  await openDevice({ prefer: 'wasm', wasmPath: installWasm() });
});

const greedy: GenerateOptions = { maxNewTokens: 5, temperature: 0, topK: 0, seed: 1 };

async function idsOf(model: Model, prompt: number[], options: GenerateOptions): Promise<number[]> {
  const ids: number[] = [];
  for await (const id of generate(model, prompt, options)) ids.push(id);
  return ids;
}

/** The likeliest next token by the whole forward pass, without padding. */
async function nextByForward({ params, config }: Model, ids: number[]): Promise<number> {
  const logits = tf.tidy(() => {
    const tokens = uploadTokens(Int32Array.from(ids), 1, ids.length, config.vocabSize);
    return denseLogits(forward(params, config, tokens).logits);
  });
  const values = (await readTensor(logits)).slice(-config.vocabSize);
  logits.dispose();
  return values.indexOf(Math.max(...values));
}

test('greedy generation takes the likeliest token of the whole context each time', async () => {
  const model = tinyModel([0, 5, 11], { trainable: false });
  const before = tf.memory().numTensors;
  const prompt = [3, 141, 59];
  const ids = await idsOf(model, prompt, greedy);
  expect(ids.length).toBe(5);
  for (let i = 0; i < 5; i++)
    expect(ids[i]).toBe(await nextByForward(model, [...prompt, ...ids.slice(0, i)]));
  expect(tf.memory().numTensors).toBe(before);
  disposeParams(model.params);
});

test('a context longer than the positions slides', async () => {
  const model = tinyModel([0], { trainable: false });
  const { nPositions, vocabSize } = model.config;
  const random = randomStream(1, 'prompt');
  const prompt = Array.from({ length: nPositions + 7 }, () => random.below(vocabSize));
  const [id] = await idsOf(model, prompt, { ...greedy, maxNewTokens: 1 });
  expect(id).toBe(await nextByForward(model, prompt.slice(-nPositions)));
  disposeParams(model.params);
});

test('sampling follows from the seed, and top-k 1 is greedy', async () => {
  const model = tinyModel([0], { trainable: false });
  const options = { ...greedy, temperature: 2, maxNewTokens: 6 };
  const first = await idsOf(model, [1], options);
  expect(await idsOf(model, [1], options)).toEqual(first);
  expect(await idsOf(model, [1], { ...options, seed: 2 })).not.toEqual(first);
  expect(await idsOf(model, [1], { ...options, topK: 1 })).toEqual(
    await idsOf(model, [1], { ...greedy, maxNewTokens: 6 }),
  );
  disposeParams(model.params);
});

test('generation ends before the token it is told to stop at, and when its reader leaves', async () => {
  const model = tinyModel([0], { trainable: false });
  const ids = await idsOf(model, [1], greedy);
  const stopAt = ids[2]!;
  expect(await idsOf(model, [1], { ...greedy, stopAt })).toEqual(ids.slice(0, ids.indexOf(stopAt)));
  let count = 0;
  for await (const _ of generate(model, [1], { ...greedy, maxNewTokens: 1000 })) if (++count === 2) break;
  expect(count).toBe(2);
  disposeParams(model.params);
});

test('an empty prompt is refused', async () => {
  const model = tinyModel([0], { trainable: false });
  await expect(idsOf(model, [], greedy)).rejects.toThrow(DataError);
  disposeParams(model.params);
});

test('draws follow the softened distribution, cut to the likeliest tokens', () => {
  const logits = Float32Array.from([0, Math.log(2), Math.log(4), -50]);
  const random = randomStream(5, 'sampling');
  const shares = (temperature: number, topK: number) => {
    const counts = [0, 0, 0, 0];
    for (let i = 0; i < 20000; i++) counts[drawToken(logits, temperature, topK, random)]!++;
    return counts.map((count) => count / 20000);
  };
  const close = (actual: number[], expected: number[]) =>
    // Four standard deviations of a share of 20,000 draws.
    expected.forEach((share, i) => expect(Math.abs(actual[i]! - share)).toBeLessThan(0.015));
  close(shares(1, 0), [1 / 7, 2 / 7, 4 / 7, 0]);
  close(shares(0.5, 0), [1 / 21, 4 / 21, 16 / 21, 0]);
  close(shares(1, 2), [0, 1 / 3, 2 / 3, 0]);
  expect(drawToken(logits, 0, 0, random)).toBe(2);
});
