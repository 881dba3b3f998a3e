import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import type { EncodedRow } from '../data/examples';
import { openDevice } from '../engine/device';
import { withHead } from '../model/heads';
import { disposeParams } from '../model/params';
import { randomStream } from '../random';
import { expectClose } from '../testing/expectClose';
import { tinyModel } from '../testing/tinyGpt2';
import { evaluateClassifier, predictionsOf, rowLogits } from './classify';

beforeAll(async () => {
  await openDevice({ prefer: 'cpu' });
});

const random = randomStream(5, 'test rows');
const rows: EncodedRow[] = [3, 40, 1, 17, 16, 9, 64].map((length, i) => ({
  ids: Int32Array.from({ length }, () => random.below(500)),
  label: i % 3,
}));
const classifier = { labels: ['a', 'b', 'c'], padTokenId: 511 };

test('logits come in the order of the rows and do not depend on how many go through at once', async () => {
  const model = withHead(tinyModel([0, 5]), classifier, 1);
  const alone = await rowLogits(model, rows, { batchSize: 1 });
  expect(alone.length).toBe(21);
  const before = tf.memory().numTensors;
  for (const batchSize of [2, 3, 16]) {
    expectClose(await rowLogits(model, rows, { batchSize }), alone, 1e-5, `logits of ${batchSize} at a time`);
  }
  expect(tf.memory().numTensors).toBe(before);
  const done: number[] = [];
  await rowLogits(model, rows, { batchSize: 3, onProgress: (count) => done.push(count) });
  expect(done).toEqual([3, 6, 7]);
  disposeParams(model.params);
});

test('a report has the mean loss of the rows, the metrics, and the majority', async () => {
  const model = withHead(tinyModel([0]), classifier, 1);
  const labels = rows.map(({ label }) => label);
  const set = { name: 'x', rows, labels, choices: 1, truncated: 0 };
  const report = await evaluateClassifier(model, set, ['accuracy', 'matthews']);
  const logits = await rowLogits(model, rows);
  const losses = rows.map(({ label }, i) => {
    const z = [...logits.subarray(3 * i, 3 * i + 3)];
    return Math.log(z.reduce((sum, value) => sum + Math.exp(value), 0)) - z[label]!;
  });
  expect(report.loss).toBeCloseTo(losses.reduce((a, b) => a + b, 0) / 7, 6);
  expect(report.majority).toBeCloseTo(3 / 7, 12);
  expect(report.rows).toBe(7);
  expect(report.predictions.length).toBe(7);
  const right = report.predictions.filter((prediction, i) => prediction === labels[i]).length;
  expect(report.metrics.accuracy).toBeCloseTo(right / 7, 12);
  await expect(rowLogits(model, rows, { signal: AbortSignal.abort() })).rejects.toThrow('was cancelled');
  disposeParams(model.params);
});

test('the likeliest class wins, the lower one of two; of choices the one whose class 1 is likeliest', () => {
  expect(predictionsOf(Float32Array.of(1, 2, 3, 3, 0, 0), 2, 1)).toEqual([1, 0, 0]);
  // log p(class 1): -0.69 and -1.31; then -3.05 and -0.05. Not the larger logit, which would be choice 1 and 0.
  expect(predictionsOf(Float32Array.of(0, 0, 4, 3, 8, 5, 1, 4), 2, 2)).toEqual([0, 1]);
});

test('a language model is refused', async () => {
  const model = tinyModel([0]);
  await expect(rowLogits(model, rows)).rejects.toThrow('a language model has no classes to choose from');
  disposeParams(model.params);
});
