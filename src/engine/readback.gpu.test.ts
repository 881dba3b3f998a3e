import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { useTestDevice } from '../testing/gpu';
import { readPieces } from './readback';

useTestDevice();

test('pieces cover a tensor once, in order, and the last one is what is left', async () => {
  const size = (1 << 21) + 5;
  const tensor = tf.tensor1d(Float32Array.from({ length: size }, (_, i) => i));
  const firsts: number[] = [];
  let next = 0;
  for await (const { first, values } of readPieces(tensor)) {
    firsts.push(first);
    expect(values.every((value, i) => value === first + i)).toBe(true);
    next = first + values.length;
  }
  expect(firsts).toEqual([0, 1 << 21]);
  expect(next).toBe(size);
  tensor.dispose();
});
