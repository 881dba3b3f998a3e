/** Really times two variants, on whatever adapter there is. */
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { testDevice, useTestDevice } from '../testing/gpu';
import { adapterKey, createTuner } from './tuner';
import { matmulVariant, setVariants, variantName, type MatmulVariant, type Tunable } from './variants';

useTestDevice();
beforeEach(() => setVariants('hardware'));
afterEach(() => setVariants('software'));

const product = { op: 'matmul', layout: 'nn', m: 64, n: 64, k: 32 } as const satisfies Tunable;
const offered: MatmulVariant[] = [
  { form: 'shared', tile: '32x32x16', stages: 1, splits: 1 },
  { form: 'register' },
];

test('two variants are timed on the device and one of them is kept for this adapter', async () => {
  await testDevice();
  setVariants('hardware');
  const texts = new Map<string, string>();
  const key = adapterKey();
  expect(key).toMatch(/^v1 \| \S/);
  const store = {
    get: (name: string) => Promise.resolve(texts.get(name) ?? null),
    set: (name: string, value: string) => Promise.resolve(void texts.set(name, value)),
  };
  const tensors = tf.memory().numTensors;
  const tuner = createTuner({ store, key, variantsOf: () => offered }, 60_000);
  expect(await tuner.next([product], new AbortController().signal)).toBe(true);
  expect(offered.map(variantName)).toContain(variantName(matmulVariant(product)));
  expect([...texts.keys()]).toEqual([key]);
  expect(tf.memory().numTensors).toBe(tensors);
});
