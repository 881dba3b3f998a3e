import type * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { checkOp, evaluateOp, host } from '../../testing/checkOp';
import { useTestDevice } from '../../testing/gpu';
import { hostTensor } from '../host';
import { dropout } from './dropout';
import { noiseBits, thresholdOf } from './noise';

useTestDevice();

const op = (rate: number, withResidual: boolean, seed = 3) => ({
  inputs: {
    x: host([37, 20], 1, -2, 2),
    ...(withResidual ? { residual: host([37, 20], 2) } : {}),
  } as Record<'x' | 'residual', ReturnType<typeof host>>,
  parameters: {},
  setUp: () => hostTensor([1], 'int32', () => Int32Array.of(seed)),
  run: (i: Record<'x' | 'residual', tf.Tensor2D>, _: object, seed: tf.Tensor) =>
    dropout(i.x, { rate, seed, stream: 5 }, withResidual ? i.residual : undefined),
});

test.each([0, 0.1, 0.9])('rate %f: output and gradients of the reference, to the bit', async (rate) => {
  // The mask is the same; 1 / (1 - rate) is rounded once on both sides.
  await checkOp(op(rate, false), 1e-7);
  await checkOp(op(rate, true), 1e-7);
});

test('what the mask drops is 0 forward and backward, the rest is scaled', async () => {
  const rate = 0.5;
  const { inputs, ...rest } = op(rate, false);
  const upstream = new Float32Array(37 * 20).fill(1);
  const { output, gradients } = await evaluateOp({ inputs, ...rest, upstream });
  const bits = noiseBits(3, 5);
  const kept = Float32Array.from(upstream, (_, i) => (bits(i) >= thresholdOf(rate) ? 1 : 0));
  expect([...output]).toEqual([...inputs.x.values].map((x, i) => (kept[i] ? 2 * x : 0)));
  expect([...gradients.x!]).toEqual([...kept].map((k) => 2 * k));
});

test('another seed is another mask', async () => {
  const [a, b] = [await evaluateOp(op(0.5, false)), await evaluateOp(op(0.5, false, 4))];
  expect([...a.output]).not.toEqual([...b.output]);
});
