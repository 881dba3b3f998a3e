/** The kernels against PyTorch's values, from a file on the disk. */
import type { Tensor2D } from '@tensorflow/tfjs-core';
import { test } from 'vitest';
import { evaluateOp } from '../../testing/checkOp';
import { expectClose } from '../../testing/expectClose';
import { attentionFixture } from '../../testing/fixtureCases';
import { onEveryVariant, useTestDevice } from '../../testing/gpu';
import { attention } from './causalAttention';

useTestDevice();

onEveryVariant(() => {
  test('heads of 64 in a causal layout match the PyTorch fixture', async () => {
    const { qkv, upstream, output, gradient, layout } = attentionFixture();
    const run = (i: { qkv: Tensor2D }) => attention(i.qkv, layout);
    const actual = await evaluateOp({ inputs: { qkv }, parameters: {}, run, upstream });
    expectClose(actual.output, output, 5e-6, 'y');
    expectClose(actual.gradients.qkv!, gradient, 5e-6, 'dQkv');
  });
});
