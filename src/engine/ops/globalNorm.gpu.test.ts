import { expect, test } from 'vitest';
import * as tf from '@tensorflow/tfjs-core';
import { expectClose } from '../../testing/expectClose';
import { onEveryVariant, useTestDevice } from '../../testing/gpu';
import { randomValues } from '../../testing/random';
import { readTensor } from '../device';
import { globalNorm } from './globalNorm';

useTestDevice();

const norm = (arrays: readonly Float32Array[]) =>
  Math.sqrt(arrays.reduce((sum, array) => sum + array.reduce((part, x) => part + x * x, 0), 0));

async function measure(arrays: readonly Float32Array[]): Promise<number> {
  const tensors = arrays.map((array) => tf.tensor1d(array));
  const result = globalNorm(tensors);
  const [value] = await readTensor(result);
  tf.dispose([result, ...tensors]);
  return value!;
}

onEveryVariant(() => {
  // One element; around blocks of 512 and 4096; more tensors than one dispatch takes (7), of mixed sizes.
  test.each([
    [[1]],
    [[4095, 4096, 4097]],
    [[8, 508, 512, 516, 4096]],
    [[5, 70, 300, 20000, 1, 2, 3, 4, 4, 9000, 64, 65, 63, 1, 12]],
  ])('the norm of tensors of %j elements is the float64 norm', async (sizes) => {
    const arrays = sizes.map((size, i) => randomValues(size, i + 1, -3, 5));
    expectClose([await measure(arrays)], [norm(arrays)], 1e-6);
  });

  test('one large element in a small tensor is not lost', async () => {
    const arrays = [randomValues(5000, 1), Float32Array.from([1000])];
    expectClose([await measure(arrays)], [norm(arrays)], 1e-6);
  });

  test('equal tensors give the same bits, and no tensor stays alive', async () => {
    const arrays = [randomValues(9000, 1), randomValues(77, 2)];
    const first = await measure(arrays);
    const before = tf.memory().numTensors;
    expect(await measure(arrays)).toBe(first);
    expect(tf.memory().numTensors).toBe(before);
  });
});

test('the norm of nothing is 0', async () => {
  expect(await measure([])).toBe(0);
});
