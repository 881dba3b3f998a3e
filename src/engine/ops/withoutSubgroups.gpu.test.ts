import type { Tensor2D } from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { checkOp, host } from '../../testing/checkOp';
import { useTestDevice } from '../../testing/gpu';
import { webgpuBackend } from '../dispatch';
import type { Parameter } from '../parameter';
import { attention, type AttentionLayout } from './causalAttention';
import { linear } from './linear';

// Software adapters of older browsers: no thread sees what its neighbours hold.
useTestDevice();
let own: PropertyDescriptor | undefined;
beforeAll(() => {
  const { device } = webgpuBackend();
  own = Object.getOwnPropertyDescriptor(device, 'features');
  Object.defineProperty(device, 'features', { value: new Set(), configurable: true });
});
afterAll(() => {
  const { device } = webgpuBackend();
  if (own) Object.defineProperty(device, 'features', own);
  else Reflect.deleteProperty(device, 'features');
  expect(device.features.has('core-features-and-limits')).toBe(true);
});

test.each([
  [2, 7, 3, 8],
  [1, 65, 1, 8],
])('attention of %i x %i tokens, %i heads of %i', async (batch, length, heads, size) => {
  for (const causal of [true, false]) {
    const layout: AttentionLayout = { batch, length, heads, causal };
    const inputs = { qkv: host([batch * length, 3 * heads * size], 1, -2, 2) };
    await checkOp(
      { inputs, parameters: {}, run: ({ qkv }: { qkv: Tensor2D }) => attention(qkv, layout) },
      1e-5,
    );
  }
});

test.each([
  [5, 8, 12],
  [70, 20, 68],
])('a layer of %i rows, %i by %i', async (rows, inner, out) => {
  await checkOp(
    {
      inputs: { x: host([rows, inner], 1) },
      parameters: { w: host([inner, out], 2), b: host([out], 3) },
      run: ({ x }: { x: Tensor2D }, { w, b }: Record<'w' | 'b', Parameter>) =>
        linear(x, w, b, { activation: 'gelu_new' }),
    },
    1e-5,
  );
});
