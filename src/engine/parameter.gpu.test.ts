import { afterEach, expect, test } from 'vitest';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor2D } from '@tensorflow/tfjs-core';
import { useTestDevice } from '../testing/gpu';
import { readTensor } from './device';
import { bufferOf } from './dispatch';
import { linear } from './ops/linear';
import {
  clearGradients,
  createParameter,
  disposeParameter,
  tieToTape,
  valueAndGradients,
  writeParameter,
  type Parameter,
} from './parameter';

useTestDevice();

const IDENTITY = Float32Array.from([1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]);

let made: Parameter[] = [];
function make(...[name, shape, values, trainable, onTape]: Parameters<typeof createParameter>): Parameter {
  const parameter = createParameter(name, shape, values, trainable, onTape);
  made.push(parameter);
  return parameter;
}
afterEach(() => {
  made.forEach(disposeParameter);
  made = [];
});

const gradientOf = async ({ gradient }: Parameter) => (gradient ? [...(await readTensor(gradient))] : null);

test('a weight behind a constant input gets its gradient once the input is tied to the tape', async () => {
  const weight = make('weight', [4, 4], IDENTITY);
  const x = tf.tensor2d([1, 2, 3, 4], [1, 4]);
  const loss = () => tf.sum<tf.Scalar>(linear(tieToTape(x), weight, null));
  const value = valueAndGradients(loss, [weight]);
  expect([...(await readTensor(value))]).toEqual([10]);
  expect(await gradientOf(weight)).toEqual([1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4]);
  tf.dispose([x, value]);
});

test('weights used through plain ops are differentiated beside those of kernels, and gradients add up', async () => {
  const scale = make('scale', [4], Float32Array.from([1, 2, 3, 4]), true, true);
  const frozen = make('frozen', [4], Float32Array.from([1, 1, 1, 1]), false, true);
  const weight = make('weight', [4, 4], IDENTITY);
  const unused = make('unused', [2], Float32Array.from([1, 1]), true, true);
  const parameters = [scale, frozen, weight, unused];
  const x = tf.tensor2d([1, 1, 2, 2], [1, 4]);
  const loss = () => {
    const y = linear(tf.mul<Tensor2D>(tieToTape(x), scale.value), weight, null);
    return tf.sum<tf.Scalar>(tf.mul(y, frozen.value));
  };
  for (let i = 0; i < 2; i++) valueAndGradients(loss, parameters).dispose();
  // Twice x, and twice x times scale in every column.
  expect(await gradientOf(scale)).toEqual([2, 2, 4, 4]);
  expect(await gradientOf(weight)).toEqual([2, 4, 12, 16].flatMap((g) => [g, g, g, g]));
  expect(frozen.gradient).toBeNull();
  expect(unused.gradient).toBeNull();
  clearGradients(parameters);
  expect(parameters.every(({ gradient }) => gradient === null)).toBe(true);
  x.dispose();
});

test('new values land in the same buffer, and a wrong number of them is refused', async () => {
  const parameter = make('p', [2, 2], Float32Array.from([1, 2, 3, 4]));
  const buffer = bufferOf(parameter.value);
  writeParameter(parameter, Float32Array.from([5, 6, 7, 8]));
  expect(bufferOf(parameter.value)).toBe(buffer);
  expect([...(await readTensor(parameter.value))]).toEqual([5, 6, 7, 8]);
  expect(() => writeParameter(parameter, new Float32Array(3))).toThrow('3 values do not fill p [2, 2]');
});

test('two models may use the same names', () => {
  expect(() => [make('wte', [1], new Float32Array(1)), make('wte', [1], new Float32Array(1))]).not.toThrow();
});
