import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { checkOp, evaluateOp, host } from '../../testing/checkOp';
import { onEveryVariant, useTestDevice } from '../../testing/gpu';
import { lastRows } from './lastRows';

useTestDevice();

const last = (lengths: readonly number[], length: number, width: number) => ({
  inputs: { x: host([lengths.length * length, width], 1) },
  parameters: {},
  setUp: () => tf.tensor1d(lengths as number[], 'int32'),
  run: ({ x }: { x: tf.Tensor2D }, _: object, constants: tf.Tensor1D) => lastRows(x, constants),
});

onEveryVariant(() => {
  test.each([
    { lengths: [1], length: 1, width: 4 },
    { lengths: [3, 1, 5, 5], length: 5, width: 12 },
    { lengths: [7, 2, 9], length: 11, width: 100 },
  ])('last rows of $lengths in $length of width $width', async ({ lengths, length, width }) => {
    await checkOp(last(lengths, length, width), 1e-6);
  });

  test('the gradient reaches these rows and no others', async () => {
    const upstream = Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8);
    const { gradients } = await evaluateOp({ ...last([2, 1], 2, 4), upstream });
    expect([...gradients.x!]).toEqual([0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 0]);
  });
});
