import { expect, test } from 'vitest';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor2D, TensorContainerObject } from '@tensorflow/tfjs-core';
import { checkOp, evaluateOp, host, type OpCase } from '../../testing/checkOp';
import { useTestDevice } from '../../testing/gpu';
import type { Parameter } from '../parameter';
import { addPositions, disposeTokens, embedding, uploadTokens, type TokenTensors } from './embedding';

useTestDevice();

/** The tensors of `TokenTensors` as tfjs disposes them. */
type Uploaded = TokenTensors & TensorContainerObject;
type Case = OpCase<'x', 'wte' | 'wpe', Uploaded>;

/** Looks up ids that repeat (also across the batch) and adds x, so that the op has an input. */
const lookup = (
  batch: number,
  length: number,
  width: number,
  frozen: Partial<Record<'wte' | 'wpe', boolean>> = {},
): Case => ({
  inputs: { x: host([batch * length, width], 1) },
  parameters: {
    wte: { ...host([11, width], 2), trainable: !frozen.wte },
    wpe: { ...host([9, width], 3), trainable: !frozen.wpe },
  },
  setUp: () => {
    const ids = Int32Array.from({ length: batch * length }, (_, i) => (i * i * 7 + 3) % 11);
    return { ...uploadTokens(ids, batch, length, 11) };
  },
  run: ({ x }, { wte, wpe }, tokens) => tf.add(embedding(tokens, wte, wpe), x),
});

test.each([
  [1, 1, 4],
  [3, 5, 12],
  [2, 9, 132],
])(
  'embedding of [%i, %i] tokens, width %i, gives the output and gradients of the reference',
  async (batch, length, width) => {
    await checkOp(lookup(batch, length, width), 2e-6);
  },
);

test('frozen tables get no gradient', async () => {
  await checkOp(lookup(2, 3, 8, { wte: true }), 2e-6);
  await checkOp(lookup(2, 3, 8, { wpe: true }), 2e-6);
});

test('tables used twice get the sum of both gradients', async () => {
  const op = lookup(2, 5, 8);
  await checkOp(
    { ...op, run: (i, p, tokens) => op.run({ x: op.run(i, p, tokens) as Tensor2D }, p, tokens) },
    2e-6,
  );
});

test('the gradient of a row that no token has is exactly zero', async () => {
  const { gradients } = await evaluateOp(lookup(1, 2, 4));
  expect([...gradients['wpe']!.subarray(2 * 4)]).toEqual(new Array(7 * 4).fill(0));
  // Ids 3 and 10 occur.
  expect([...gradients['wte']!.subarray(0, 3 * 4)]).toEqual(new Array(3 * 4).fill(0));
});

test('positions are added to given embeddings, forward and backward', async () => {
  const add = (x: Tensor2D, wpe: Parameter) => addPositions(x, wpe, { batch: 3, length: 4 });
  await checkOp(
    {
      inputs: { x: host([12, 8], 1) },
      parameters: { wpe: host([6, 8], 2) },
      run: (i, p) => add(add(i.x, p.wpe), p.wpe),
    },
    2e-6,
  );
});

test('too long sequences and tokens of another vocabulary are refused with both numbers', async () => {
  await expect(evaluateOp(lookup(1, 10, 4))).rejects.toThrow(
    "sequences of 10 tokens are longer than the model's 9 positions",
  );
  const tokens = uploadTokens(Int32Array.from([1, 2]), 1, 2, 20);
  const op = lookup(1, 2, 4);
  await expect(evaluateOp({ ...op, run: (_, { wte, wpe }) => embedding(tokens, wte, wpe) })).rejects.toThrow(
    'the tokens are for a vocabulary of 20, wte is [11, 4]',
  );
  disposeTokens(tokens);
});
