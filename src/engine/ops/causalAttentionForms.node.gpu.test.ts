/** The forms of attention that a device may choose. In Node only: they compile for seconds, alike in Chromium. */
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor2D } from '@tensorflow/tfjs-core';
import { test } from 'vitest';
import { checkOp, host } from '../../testing/checkOp';
import { useTestDevice } from '../../testing/gpu';
import { withVariant, type AttentionVariant } from '../variants';
import { attention, type AttentionLayout } from './causalAttention';

useTestDevice();

const op = (variant: AttentionVariant, size: number, layout: AttentionLayout) => ({
  inputs: { qkv: host([layout.batch * layout.length, 3 * layout.heads * size], 1, -2, 2) },
  parameters: {},
  run: ({ qkv }: { qkv: Tensor2D }) => withVariant(variant, () => attention(qkv, layout)),
});

// SwiftShader compiles a form for seconds, so each case tries several things; `causalAttention.gpu.test.ts` has the
// blocks of 32 x 32, which is what runs in 16 KiB of workgroup memory.
const [tall, wide, small] = [
  { form: 'blocks', own: 64, others: 32 },
  { form: 'blocks', own: 32, others: 64 },
  { form: 'blocks', own: 32, others: 32 },
] as const satisfies AttentionVariant[];

test('64 x 32: several blocks of two sequences, a shorter one at the end on both sides; large scores', async () => {
  const layout = { batch: 2, length: 71, heads: 2, causal: true };
  await checkOp(op(tall, 8, layout), 1e-5);
  await checkOp({ ...op(tall, 8, layout), inputs: { qkv: host([142, 48], 5, -30, 30) } }, 1e-4);
});

test('32 x 64, not causal', async () => {
  await checkOp(op(wide, 8, { batch: 2, length: 71, heads: 2, causal: false }), 1e-5);
});

// A thread sums three quads, the last not always, and four.
test.each([80, 128])('heads of %i', async (size) => {
  await checkOp(op(small, size, { batch: 1, length: 37, heads: 1, causal: true }), 1e-5);
});

test('probabilities are dropped as by the reference', async () => {
  const seed = tf.keep(tf.tensor1d([7], 'int32'));
  const dropout = { rate: 0.3, seed, stream: 5 };
  await checkOp(op(small, 8, { batch: 2, length: 35, heads: 2, causal: true, dropout }), 1e-5);
  seed.dispose();
});

// A head in one thread, and one of 18 quads that four threads share and do not divide.
test.each([8, 72])('tiles: several of two sequences, heads of %i', async (size) => {
  await checkOp(op({ form: 'tiles' }, size, { batch: 2, length: 71, heads: 2, causal: true }), 1e-5);
});
