import type { Tensor, Tensor2D } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { checkOp, evaluateOp, host } from '../../testing/checkOp';
import { onEveryVariant, useTestDevice } from '../../testing/gpu';
import { hostTensor } from '../host';
import type { Parameter } from '../parameter';
import { gumbelNoise } from './noise';
import { softEmbedding } from './softEmbedding';

useTestDevice();

const ROWS = 11;
const WORDS = 37;
const seedOf = (value: number) => hostTensor([1], 'int32', () => Int32Array.of(value));

interface Options {
  straightThrough: boolean;
  temperature?: number;
  chunkBytes?: number;
  frozen?: ('words' | 'table')[];
}

/** A draw from the logits of hidden states, with vectors of another table. */
const draw = ({ straightThrough, temperature = 0.7, chunkBytes, frozen = [] }: Options) => ({
  inputs: { hidden: host([ROWS, 8], 1, -3, 3) },
  parameters: {
    words: { ...host([WORDS, 8], 2), trainable: !frozen.includes('words') },
    table: { ...host([WORDS, 12], 3), trainable: !frozen.includes('table') },
  },
  setUp: () => seedOf(4),
  run: ({ hidden }: { hidden: Tensor2D }, p: Record<'words' | 'table', Parameter>, seed: Tensor) =>
    softEmbedding({ kind: 'vocabulary', hidden, embedding: p.words }, p.table, {
      temperature,
      noise: { seed, stream: 3 },
      straightThrough,
      ...(chunkBytes ? { chunkBytes } : {}),
    }),
});

onEveryVariant(() => {
  test.each<[string, Options]>([
    ['soft', { straightThrough: false }],
    ['straight-through', { straightThrough: true }],
    ['nearly one word', { straightThrough: false, temperature: 0.1 }],
    ['with frozen tables', { straightThrough: true, frozen: ['words', 'table'] }],
    // Three rows of 40 logits at a time.
    ['soft, in chunks', { straightThrough: false, chunkBytes: 500 }],
    ['straight-through, in chunks', { straightThrough: true, chunkBytes: 500 }],
  ])('%s: output and gradients of the reference', (_, options) =>
    // What scores lack in digits, small temperatures make worse.
    checkOp(draw(options), 1e-5 / (options.temperature ?? 1)),
  );

  test('given noise and dense logits: output and gradients of the reference', async () => {
    const op = {
      inputs: { logits: host([ROWS, WORDS], 5, -4, 4) },
      parameters: { table: host([WORDS, 12], 3) },
      setUp: () => tf.tidy(() => gumbelNoise<tf.Rank.R2>([ROWS, WORDS], { seed: seedOf(9), stream: 0 })),
      run: (i: { logits: Tensor2D }, p: { table: Parameter }, noise: Tensor2D) =>
        softEmbedding({ kind: 'dense', tensor: i.logits }, p.table, {
          temperature: 1,
          noise,
          straightThrough: false,
        }),
    };
    await checkOp(op, 1e-5);
  });

  test('a constant draw sends a gradient to its table alone', async () => {
    const { parameters } = draw({ straightThrough: true, frozen: ['words'] });
    const op = {
      inputs: {},
      parameters,
      setUp: () => ({ seed: seedOf(4), hidden: tf.tensor2d(host([ROWS, 8], 1, -3, 3).values, [ROWS, 8]) }),
      run: (_: object, p: Record<'words' | 'table', Parameter>, c: { seed: Tensor; hidden: Tensor2D }) =>
        softEmbedding({ kind: 'vocabulary', hidden: c.hidden, embedding: p.words }, p.table, {
          temperature: 1,
          noise: { seed: c.seed, stream: 3 },
          straightThrough: true,
          constant: true,
        }),
    };
    await checkOp(op, 1e-5);
    expect(Object.keys((await evaluateOp(op)).gradients)).toEqual(['table']);
  });
});
