import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { ShapeError } from '../errors';
import { useTestDevice } from '../testing/gpu';
import { readTensor } from './device';
import { webgpuBackend } from './dispatch';
import { disposeParameter } from './parameter';
import { copyParameter, fillParameter, type ValuePiece } from './upload';

useTestDevice();

/** Subnormals and NaN of an odd pattern are what arithmetic would lose. */
const words = Uint32Array.from({ length: 25 }, (_, i) => [1, 0x80000000, 0x7fc01234, 0x3f800000 + i][i % 4]!);
const all = new Float32Array(words.buffer);
const bits = (values: Float32Array) => [...new Uint32Array(values.buffer, values.byteOffset, values.length)];

async function* cut(...sizes: number[]): AsyncGenerator<ValuePiece> {
  let first = 0;
  for (const size of sizes) {
    yield await Promise.resolve({ first, values: all.slice(first, first + size) });
    first += size;
  }
}

test('pieces fill a parameter on the device, bit by bit, and nothing stays on the processor', async () => {
  const parameter = await fillParameter('w', [4, 6], cut(7, 16, 1), false);
  expect(parameter).toMatchObject({ name: 'w', shape: [4, 6], size: 24, trainable: false });
  expect(bits(await readTensor(parameter.value))).toEqual([...words.slice(0, 24)]);
  expect(webgpuBackend().tensorMap.get(parameter.value.dataId).values).toBeNull();
  disposeParameter(parameter);
});

test('a copy has the same bits and outlives the original', async () => {
  const original = await fillParameter('h.3.w', [24], cut(24), false);
  const copy = copyParameter('h.0.w', original);
  disposeParameter(original);
  expect(copy).toMatchObject({ name: 'h.0.w', trainable: true });
  expect(bits(await readTensor(copy.value))).toEqual([...words.slice(0, 24)]);
  disposeParameter(copy);
});

test.each([
  ['too few', [7, 16], '23 values do not fill w [4, 6]'],
  ['too many', [7, 17, 1], '25 values do not fill w [4, 6]'],
])('%s values are refused and leave nothing behind', async (_, sizes, message) => {
  const before = tf.memory().numTensors;
  const attempt = fillParameter('w', [4, 6], cut(...sizes));
  await expect(attempt).rejects.toThrow(ShapeError);
  await expect(attempt).rejects.toThrow(message);
  expect(tf.memory().numTensors).toBe(before);
});

test('an error of the source ends the filling', async () => {
  const before = tf.memory().numTensors;
  async function* broken(): AsyncGenerator<ValuePiece> {
    yield* cut(5);
    throw new Error('cut off');
  }
  await expect(fillParameter('w', [24], broken())).rejects.toThrow('cut off');
  expect(tf.memory().numTensors).toBe(before);
});
