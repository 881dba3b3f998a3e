import { afterEach, expect, test } from 'vitest';
import * as tf from '@tensorflow/tfjs-core';
import { expectClose } from '../testing/expectClose';
import { useTestDevice } from '../testing/gpu';
import { randomValues } from '../testing/random';
import { readTensor } from './device';
import { writeTensor } from './dispatch';
import { createLossScale, type LossScale } from './lossScale';
import { createAdamW } from './ops/adamw';
import { crossEntropy } from './ops/rowTerms';
import { tokenLoss } from './ops/tokenLoss';
import { createParameter, disposeParameter, valueAndGradients, type Parameter } from './parameter';

useTestDevice();

const settings = {
  learningRate: 1e-2,
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  weightDecay: 0.1,
  gradClip: 0.5,
};
const SIZE = 100;

let scale: LossScale;
let made: Parameter[] = [];
afterEach(() => {
  scale.dispose();
  made.forEach(disposeParameter);
  made = [];
});

const weight = () => {
  const parameter = createParameter('w', [10, 10], randomValues(SIZE, 1));
  made.push(parameter);
  return parameter;
};
const give = (parameter: Parameter, values: Float32Array) =>
  (parameter.gradient = tf.keep(tf.tensor(values, [10, 10])));
const read = async (tensor: tf.Tensor) => [...(await readTensor(tensor))];

async function norms(parameter: Parameter, gradients: Float32Array[], given?: LossScale, gradClip = 0.5) {
  const optimizer = createAdamW([parameter], given);
  const results: number[] = [];
  for (const gradient of gradients) {
    give(parameter, gradient);
    const norm = optimizer.step({ ...settings, gradClip });
    results.push(...(await read(norm)));
    norm.dispose();
  }
  optimizer.dispose();
  return results;
}

test.each([0, 0.5])('scaled gradients update as plain ones do (clipping at %d)', async (gradClip) => {
  scale = createLossScale(2 ** 10);
  const [plain, scaled] = [weight(), weight()];
  const gradients = [2, 3, 4].map((seed) => randomValues(SIZE, seed));
  const expected = await norms(plain, gradients, undefined, gradClip);
  const lifted = gradients.map((values) => values.map((value) => value * 2 ** 10));
  expectClose(await norms(scaled, lifted, scale, gradClip), expected, 1e-6);
  expectClose(await read(scaled.value), await read(plain.value), 1e-6);
  expect(await read(scale.state)).toEqual([2 ** 10, 3]);
});

test.each([Infinity, NaN])('a step with a gradient of %d changes nothing but the scale', async (broken) => {
  scale = createLossScale(4);
  const parameter = weight();
  const before = await read(parameter.value);
  const bad = randomValues(SIZE, 2);
  bad[37] = broken;
  expect(await norms(parameter, [bad, bad], scale)).toEqual([0, 0]);
  expect(await read(parameter.value)).toEqual(before);
  expect(await read(scale.state)).toEqual([1, 0]);
  // The scale is not to blame any more, so the run must hear of it.
  const [norm] = await norms(parameter, [bad], scale);
  expect(Number.isFinite(norm)).toBe(false);
  expect(await read(scale.state)).toEqual([1, 0]);
  await norms(parameter, [randomValues(SIZE, 3)], scale);
  expect(await read(parameter.value)).not.toEqual(before);
});

test('the scale doubles after 2000 good steps', async () => {
  scale = createLossScale(8);
  writeTensor(scale.state, Float32Array.of(8, 1999));
  await norms(weight(), [randomValues(SIZE, 2)], scale);
  expect(await read(scale.state)).toEqual([16, 0]);
});

test('a steepened loss keeps its value and multiplies gradients', async () => {
  scale = createLossScale(32);
  const parameter = createParameter('x', [1], Float32Array.of(3), true, true);
  made.push(parameter);
  const value = valueAndGradients(() => scale.steepen(tf.sum(tf.square(parameter.value))), [parameter]);
  expect(await read(value)).toEqual([9]);
  expect(await read(parameter.gradient!)).toEqual([192]);
  value.dispose();
});

test('a head that lifts its gradients gives the same ones', async () => {
  scale = createLossScale();
  const labels = tf.tensor1d([1, 5, -100, 12], 'int32');
  const hidden = tf.tensor2d(randomValues(4 * 8, 4), [4, 8]);
  const results = [];
  for (const lifted of [false, true]) {
    const embedding = createParameter('wte', [13, 8], randomValues(13 * 8, 5));
    made.push(embedding);
    const loss = (h: tf.Tensor) =>
      tokenLoss(
        { kind: 'vocabulary', hidden: h as tf.Tensor2D, embedding },
        { labels, scale: 1 / 3000 },
        { hard: crossEntropy({ weight: 1 }) },
        { lifted },
      ).total;
    const grad = tf.grad((h) => tf.mul(loss(h), -3))(hidden);
    results.push([await read(grad), await read(embedding.gradient!)]);
    grad.dispose();
  }
  expectClose(results[1]![0]!, results[0]![0]!, 1e-6);
  expectClose(results[1]![1]!, results[0]![1]!, 1e-6);
  tf.dispose([labels, hidden]);
});
