import { describe, test } from 'vitest';
import * as tf from '@tensorflow/tfjs-core';
import { expectClose } from '../../testing/expectClose';
import { useTestDevice } from '../../testing/gpu';
import { randomValues } from '../../testing/random';
import { readTensor } from '../device';
import { launch } from '../dispatch';
import type { Layout, MatmulParameters } from './matmul.interface';
import { registerForm } from './matmul.register';

useTestDevice();

const PLAIN: Omit<MatmulParameters, 'layout'> = {
  activation: null,
  padded: false,
  packed: false,
  bias: true,
  preActivation: false,
  residual: false,
  accumulate: false,
  columnSums: false,
  accumulateSums: false,
};

/** C in float64, element by element: every layout by its own strides. */
function product(
  layout: Layout,
  a: Float32Array,
  b: Float32Array,
  bias: Float32Array,
  [m, n, k]: readonly [number, number, number],
): Float64Array {
  const atA = (row: number, i: number) => a[layout === 'tn' ? i * m + row : row * k + i]!;
  const atB = (i: number, column: number) => b[layout === 'nt' ? column * k + i : i * n + column]!;
  return Float64Array.from({ length: m * n }, (_, at) => {
    const [row, column] = [Math.floor(at / n), at % n];
    let sum = bias[column]!;
    for (let i = 0; i < k; i++) sum += atA(row, i) * atB(i, column);
    return sum;
  });
}

// Every height of a tile, edges in rows and columns, one block and two a round, k that is no multiple of 4.
const SIZES = [
  [4, 36, 8],
  [12, 8, 24],
  [40, 36, 16],
  [132, 40, 24],
  [8, 12, 10],
] as const;

describe.each([true, false])('swaps between threads: %s', (swaps) => {
  describe.each(['nn', 'nt', 'tn'] as const)('%s', (layout) => {
    test.each(SIZES.filter(([, , k]) => layout === 'tn' || k % 4 === 0))(
      '[%i, %i] over k %i',
      async (m, n, k) => {
        const host = { a: randomValues(m * k, 1), b: randomValues(n * k, 2), bias: randomValues(n, 3) };
        const [a, b, bias] = [tf.tensor1d(host.a), tf.tensor1d(host.b), tf.tensor1d(host.bias)];
        const c = tf.tensor1d(new Float32Array(m * n).fill(NaN));
        const { kernel, width, height } = registerForm({ ...PLAIN, layout }, { m, k }, swaps);
        launch(
          kernel,
          { a, b, c, bias, preActivation: undefined, residual: undefined, columnSums: undefined },
          {
            m,
            n,
            k,
            aOffset: 0,
            aStride: (layout === 'tn' ? m : k) / 4,
            bOffset: 0,
            bStride: (layout === 'nt' ? k : n) / 4,
            cOffset: 0,
            cStride: n / 4,
          },
          [Math.ceil(n / width), Math.ceil(m / height)],
        );
        expectClose(await readTensor(c), product(layout, host.a, host.b, host.bias, [m, n, k]), 2e-6);
        tf.dispose([a, b, c, bias]);
      },
    );
  });
});
