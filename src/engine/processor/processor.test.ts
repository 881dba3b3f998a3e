/** The processor's kernels against plain tfjs ops in JavaScript, and the compiled module against its sources. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor2D } from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { moduleText } from '../../../scripts/processor.mjs';
import { checkOp, host, type HostTensor } from '../../testing/checkOp';
import { expectClose } from '../../testing/expectClose';
import { randomValues } from '../../testing/random';
import { openDevice, readTensor, type Device } from '../device';
import { setOpsMode, usesProcessor } from '../mode';
import { createAdamW } from '../ops/adamw';
import { attention, type AttentionLayout } from '../ops/causalAttention';
import { globalNorm } from '../ops/globalNorm';
import { layerNorm } from '../ops/layerNorm';
import { linear, type LinearOptions } from '../ops/linear';
import { crossEntropy, klDivergence, type RowTerm } from '../ops/rowTerms';
import { denseLogits, negativeLogLikelihood, tokenLoss, type Logits } from '../ops/tokenLoss';
import { createParameter, disposeParameter, type Parameter } from '../parameter';
import { installWasm } from '../wasm.node';
import { OWN_MEMORY } from './module';
import { addressOf } from './processor';
import { product, type Layout } from './product';

let device: Device;
beforeAll(async () => {
  device = await openDevice({ prefer: 'wasm', wasmPath: installWasm() });
});
afterAll(() => device.close());

test('the committed module is what its sources compile to', async () => {
  const file = fileURLToPath(new URL('module.ts', import.meta.url));
  expect(readFileSync(file, 'utf8')).toBe(await moduleText());
});

test('wasm runs on the processor kernels', () => {
  expect(device.info).toMatchObject({ backend: 'wasm', features: ['simd'] });
  expect(usesProcessor()).toBe(true);
});

describe('a product', () => {
  // Tiles of 4 x 8, blocks of 512 columns and 256 in depth: one element, edges of each, and several of each.
  test.each<[Layout, number, number, number]>(
    (['nn', 'nt', 'tn'] as const).flatMap((layout) =>
      [
        [1, 1, 1],
        [3, 5, 2],
        [4, 8, 4],
        [13, 27, 7],
        [6, 530, 259],
        [9, 16, 600],
      ].map(([m, n, k]) => [layout, m!, n!, k!] as [Layout, number, number, number]),
    ),
  )('%s of %i x %i x %i is what float64 loops give', async (layout, m, n, k) => {
    const [a, b, start] = [randomValues(m * k, 1), randomValues(k * n, 2), randomValues(m * n, 3)];
    const expected = Float64Array.from(start);
    for (let i = 0; i < m; i++) {
      for (let j = 0; j < n; j++) {
        for (let p = 0; p < k; p++) {
          expected[i * n + j]! +=
            a[layout === 'tn' ? p * m + i : i * k + p]! * b[layout === 'nt' ? j * k + p : p * n + j]!;
        }
      }
    }
    const [left, right, c] = [tf.tensor1d(a), tf.tensor1d(b), tf.tensor1d(start)];
    const at = { a: addressOf(left), b: addressOf(right), c: addressOf(c) };
    product(layout, at, { m, n, k }, { add: true });
    expectClose(await readTensor(c), expected, 2e-6, 'added to C');
    product(layout, at, { m, n, k });
    expectClose(
      await readTensor(c),
      expected.map((value, i) => value - start[i]!),
      2e-6,
      'C alone',
    );
    tf.dispose([left, right, c]);
  });
});

interface LayerCase extends LinearOptions {
  withBias?: boolean;
  withResidual?: boolean;
  frozen?: ('weight' | 'bias')[];
}

const layer = (rows: number, inner: number, out: number, options: LayerCase) => {
  const { withBias = true, withResidual = false, frozen = [], activation } = options;
  const parameters: Record<string, HostTensor> = {
    weight: { ...host([inner, out], 2), trainable: !frozen.includes('weight') },
    ...(withBias ? { bias: { ...host([out], 3), trainable: !frozen.includes('bias') } } : {}),
  };
  const inputs: Record<string, HostTensor> = {
    x: host([rows, inner], 1, -2, 2),
    ...(withResidual ? { residual: host([rows, out], 4) } : {}),
  };
  return {
    inputs,
    parameters,
    run: (i: Record<string, Tensor2D>, p: Record<string, Parameter>) =>
      linear(i['x']!, p['weight']!, p['bias'] ?? null, {
        ...(activation ? { activation } : {}),
        ...(withResidual ? { residual: i['residual']! } : {}),
      }),
  };
};

describe('linear gives the output and all gradients of the reference', () => {
  test.each<[string, LayerCase]>([
    ['plain', {}],
    ['without a bias', { withBias: false }],
    ['with a residual', { withResidual: true }],
    ['with gelu_new', { activation: 'gelu_new' }],
    ['with gelu', { activation: 'gelu' }],
    ['with gelu_new and a residual', { activation: 'gelu_new', withResidual: true }],
    ['with a frozen weight', { frozen: ['weight'] }],
    ['with a frozen bias', { frozen: ['bias'] }],
    ['with everything frozen', { frozen: ['weight', 'bias'] }],
  ])('%s', async (_, options) => {
    await checkOp(layer(37, 20, 68, options), 5e-6);
    await checkOp(layer(1, 4, 4, options), 5e-6);
    // Not in fours: plain tfjs ops take over.
    await checkOp(layer(5, 6, 7, options), 5e-6);
  });

  test('a weight used twice gets the sum of both gradients', async () => {
    const op = layer(9, 8, 8, {});
    const run: typeof op.run = (i, p) => linear(op.run(i, p), p['weight']!, p['bias']!);
    await checkOp({ ...op, run }, 5e-6);
  });
});

describe('layer norm', () => {
  test.each([
    [1, 4],
    [5, 20],
    [67, 36],
    [3, 7],
  ])('of [%i, %i] gives the output and gradients of the reference', async (rows, width) => {
    for (const trainable of [true, false]) {
      await checkOp(
        {
          inputs: { x: host([rows, width], 1, -2, 3) },
          parameters: { gamma: { ...host([width], 2, 0.5, 1.5), trainable }, beta: host([width], 3) },
          run: (i, p) => layerNorm(i.x, p.gamma, p.beta, 1e-5),
        },
        1e-5,
      );
    }
  });
});

describe('attention', () => {
  // Blocks of 64 queries: less than one, one, and several with a rest; head sizes in fours and not.
  test.each<[AttentionLayout, number]>([
    [{ batch: 1, length: 1, heads: 1, causal: true }, 4],
    [{ batch: 2, length: 7, heads: 3, causal: true }, 6],
    [{ batch: 1, length: 64, heads: 2, causal: true }, 8],
    [{ batch: 2, length: 135, heads: 2, causal: true }, 12],
    [{ batch: 2, length: 135, heads: 2, causal: false }, 12],
  ])('%o with heads of %i gives the output and gradient of the reference', async (layout, size) => {
    await checkOp(
      {
        inputs: { qkv: host([layout.batch * layout.length, 3 * layout.heads * size], 1, -2, 2) },
        parameters: {},
        run: (i) => attention(i.qkv, layout),
      },
      1e-5,
    );
  });
});

const labelsOf = (rows: number, classes: number) =>
  Int32Array.from({ length: rows }, (_, i) => (i % 5 === 2 ? -100 : (i * 7) % classes));

/** Both terms of distillation over a vocabulary, or one of them, or dense logits. */
const loss = (
  rows: number,
  classes: number,
  terms: 'hard' | 'soft' | 'both',
  chunkBytes: number,
  dense = false,
) => ({
  inputs: {
    x: host([rows, dense ? classes : 8], 1, -3, 3),
    seen: host([rows, dense ? classes : 8], 2, -3, 3),
  },
  parameters: { embedding: host([classes, 8], 3), taught: { ...host([classes, 8], 4), trainable: false } },
  setUp: () => tf.tensor1d(labelsOf(rows, classes), 'int32'),
  run: (
    i: Record<'x' | 'seen', Tensor2D>,
    p: Record<'embedding' | 'taught', Parameter>,
    labels: tf.Tensor1D,
  ) => {
    const of = (hidden: Tensor2D, embedding: Parameter): Logits =>
      dense ? { kind: 'dense', tensor: hidden } : { kind: 'vocabulary', hidden, embedding };
    const soft = klDivergence({ teacher: of(i.seen, p.taught), temperature: 2, weight: 0.7 });
    const hard = crossEntropy({ weight: 0.3 });
    const chosen: Record<string, RowTerm> = { hard: { hard }, soft: { soft }, both: { hard, soft } }[terms];
    const { total } = tokenLoss(of(i.x, p.embedding), { labels, scale: 1 / rows }, chosen, { chunkBytes });
    // The teacher's input is constant here, but the check differentiates all inputs.
    return tf.add(total, tf.mul(0, tf.sum(i.seen)));
  },
});

describe('losses over rows give the value and gradients of the reference', () => {
  test.each(['hard', 'soft', 'both'] as const)('%s', async (terms) => {
    for (const classes of [3, 16, 37]) {
      await checkOp(loss(11, classes, terms, 1e6), 1e-5);
      // Three rows a chunk, and a last one that is shorter.
      await checkOp(loss(11, classes, terms, 3 * 4 * classes), 1e-5);
      await checkOp(loss(11, classes, terms, 1e6, true), 1e-5);
    }
  });

  test('all logits as a tensor', async () => {
    await checkOp(
      {
        inputs: { x: host([5, 8], 1) },
        parameters: { embedding: host([13, 8], 2) },
        run: (i, p) => denseLogits({ kind: 'vocabulary', hidden: i.x, embedding: p.embedding }),
      },
      5e-6,
    );
  });

  test('negative log-likelihood of every row', async () => {
    const { shape, values } = host([11, 37], 1, -3, 3);
    const logits: Logits = { kind: 'dense', tensor: tf.tensor2d(values, shape as [number, number]) };
    const labels = tf.tensor1d(labelsOf(11, 37), 'int32');
    const actual = await readTensor(negativeLogLikelihood(logits, labels));
    setOpsMode('reference');
    const expected = await readTensor(negativeLogLikelihood(logits, labels));
    setOpsMode('processor');
    expectClose(actual, expected, 2e-6);
    expect(actual[2]).toBe(0);
  });
});

test('plain tfjs ops see a weight that was updated in place', async () => {
  const weight = createParameter('weight', [2, 2], Float32Array.from([1, 0, 0, 1]));
  const x = tf.tensor2d([1, 2], [1, 2]);
  // XNNPACK packs the weight now.
  expect([...(await readTensor(tf.matMul(x, weight.value)))]).toEqual([1, 2]);
  weight.gradient = tf.keep(tf.tensor2d([1, -1, 1, -1], [2, 2]));
  const optimizer = createAdamW([weight]);
  optimizer
    .step({ learningRate: 0.5, beta1: 0.9, beta2: 0.99, epsilon: 1e-8, weightDecay: 0, gradClip: 0 })
    .dispose();
  expectClose(await readTensor(weight.value), [0.5, 0.5, -0.5, 1.5], 1e-6, 'the weight');
  expectClose(await readTensor(tf.matMul(x, weight.value)), [-0.5, 3.5], 1e-6, 'the product');
  optimizer.dispose();
  disposeParameter(weight);
});

test('the norm over several tensors', async () => {
  const values = [randomValues(7, 1), randomValues(1000, 2)];
  const expected = Math.sqrt(values.flatMap((x) => [...x]).reduce((sum, x) => sum + x * x, 0));
  const norm = globalNorm(values.map((x) => tf.tensor1d(x)));
  expectClose(await readTensor(norm), [expected], 1e-6);
});

describe('shares', () => {
  const bytes = Uint8Array.from(atob(OWN_MEMORY), (letter) => letter.charCodeAt(0));
  const FLOATS = 4096;

  /** Memory after a kernel did all of `parts` shares, one after the other. */
  async function afterParts(kernel: string, args: readonly number[], parts: number): Promise<Float32Array> {
    const memory = new WebAssembly.Memory({ initial: 128 });
    const { instance } = await WebAssembly.instantiate(bytes, { env: { memory } });
    const floats = new Float32Array(memory.buffer, 0, FLOATS);
    floats.set(randomValues(FLOATS, 5, 0.1, 1));
    const run = instance.exports[kernel] as (...args: number[]) => void;
    // The last share first: none may rely on another.
    for (let part = parts - 1; part >= 0; part--) run(...args, part, parts);
    return floats;
  }

  const [A, B, C, D, E] = [0, 2048, 4096, 8192, 10240];
  const SCRATCH = [2 ** 16, 2 ** 20] as const;
  test.each<[string, number[]]>([
    ['dense', [2, 10, 12, 9, A, B, C, 0, D, 1, E, 0, ...SCRATCH]],
    ['activationGradient', [C, A, B, 100, 1]],
    ['columnSums', [C, A, 9, 20]],
    ['layerNorm', [C, D, A, B, B + 64, 7, 12, 1e-5]],
    ['layerNormInputGradient', [C, A, B, D, E, 7, 12]],
    ['layerNormParameterGradients', [C, D, A, B, E, 7, 12]],
    ['attention', [C, D, A, 2, 5, 3, 4, 0.5, 1, ...SCRATCH]],
    ['attentionGradient', [C, A, D, D + 1024, E, 2, 5, 3, 4, 0.5, 1, ...SCRATCH]],
    ['adamW', [A, B, C, D, 101, 1, 0.01, 0.9, 0.9, 0.1, 0.99, 0.01, 1.5, 1e-8]],
  ])('of %s give what one thread gives, bit for bit', async (kernel, args) => {
    const alone = await afterParts(kernel, args, 1);
    expect(await afterParts(kernel, args, 2)).toEqual(alone);
    expect(await afterParts(kernel, args, 5)).toEqual(alone);
  });
});
