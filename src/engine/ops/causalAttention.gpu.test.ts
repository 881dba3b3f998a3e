import type { Tensor, Tensor2D } from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { checkOp, evaluateOp, host } from '../../testing/checkOp';
import { onEveryVariant, useTestDevice } from '../../testing/gpu';
import { hostTensor } from '../host';
import { attention, type AttentionLayout } from './causalAttention';

useTestDevice();

const op = (size: number, layout: AttentionLayout) => ({
  inputs: { qkv: host([layout.batch * layout.length, 3 * layout.heads * size], 1, -2, 2) },
  parameters: {},
  run: ({ qkv }: { qkv: Tensor2D }) => attention(qkv, layout),
});

onEveryVariant(() => {
  // One token; off and on the rows a thread or workgroup owns (2, 4, 16, 32, 64) and the tiles of 8, 16, 32.
  test.each([
    [1, 1, 1, 8],
    [2, 7, 3, 8],
    [1, 32, 2, 8],
    [2, 65, 1, 8],
    [1, 129, 1, 8],
  ])(
    '%i x %i tokens, %i heads of %i: output and gradient of the reference',
    async (batch, length, heads, size) => {
      for (const causal of [true, false]) await checkOp(op(size, { batch, length, heads, causal }), 1e-5);
    },
  );

  // A head in one thread, and one whose 18 vec4 values two or four threads share, which do not divide them.
  test.each([24, 72])('heads of %i: output and gradient of the reference', async (size) => {
    await checkOp(op(size, { batch: 1, length: 19, heads: 2, causal: true }), 1e-5);
  });

  // Off and on the rows that a thread owns; a head in one thread and shared by several.
  test.each([
    [2, 7, 3, 8],
    [1, 65, 2, 8],
    [1, 19, 1, 36],
  ])('%i x %i tokens, %i heads of %i: dropout of the reference', async (batch, length, heads, size) => {
    for (const causal of [true, false]) {
      const layout = { batch, length, heads, causal };
      await checkOp(
        {
          ...op(size, layout),
          setUp: () => hostTensor([1], 'int32', () => Int32Array.of(7)),
          run: ({ qkv }: { qkv: Tensor2D }, _: object, seed: Tensor) =>
            attention(qkv, { ...layout, dropout: { rate: 0.3, seed, stream: 2 } }),
        },
        1e-5,
      );
    }
  });

  test('scores of a thousand do not overflow', async () => {
    const layout = { batch: 1, length: 9, heads: 1, causal: true };
    await checkOp({ ...op(8, layout), inputs: { qkv: host([9, 24], 5, -32, 32) } }, 1e-4);
  });

  test('a head size that is not a multiple of 4 is refused', async () => {
    await expect(evaluateOp(op(6, { batch: 1, length: 2, heads: 1, causal: true }))).rejects.toThrow(
      'head size that is a multiple of 4, not 6',
    );
  });
});
