/**
 * A short measurement that tells two backends on the same processor apart: one block of a GPT-2 with its loss and
 * update, small enough for a blink and made of everything that a real step is made of.
 */
import * as tf from '@tensorflow/tfjs-core';
import { createAdamW } from './ops/adamw';
import { attention } from './ops/causalAttention';
import { disposeTokens, embedding, uploadTokens } from './ops/embedding';
import { layerNorm } from './ops/layerNorm';
import { linear } from './ops/linear';
import { crossEntropy } from './ops/rowTerms';
import { tokenLoss } from './ops/tokenLoss';
import { createParameter, disposeParameter, valueAndGradients, type Parameter } from './parameter';

const BATCH = 2;
const LENGTH = 64;
const WIDTH = 128;
const HEADS = 4;
const VOCABULARY = 512;
const TRIALS = 2;

const SHAPES = {
  wte: [VOCABULARY, WIDTH],
  wpe: [LENGTH, WIDTH],
  gamma: [WIDTH],
  beta: [WIDTH],
  qkv: [WIDTH, 3 * WIDTH],
  out: [WIDTH, WIDTH],
  up: [WIDTH, 4 * WIDTH],
  upBias: [4 * WIDTH],
  down: [4 * WIDTH, WIDTH],
} as const;

const SETTINGS = {
  learningRate: 1e-3,
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  weightDecay: 0.01,
  gradClip: 1,
};

function createWeights(): Record<keyof typeof SHAPES, Parameter> {
  const entries = Object.entries(SHAPES).map(([name, shape]) => {
    const size = shape.reduce((a, b) => a * b, 1);
    const values = Float32Array.from({ length: size }, (_, i) => ((i % 13) - 6) / 100);
    return [name, createParameter(`probe.${name}`, shape, values)];
  });
  return Object.fromEntries(entries) as Record<keyof typeof SHAPES, Parameter>;
}

/** The best of two after one warm-up, which compiles the kernels. */
async function timeOf(run: () => Promise<void>): Promise<number> {
  let best = Infinity;
  for (let trial = 0; trial <= TRIALS; trial++) {
    const start = performance.now();
    await run();
    if (trial > 0) best = Math.min(best, performance.now() - start);
  }
  return best;
}

/** Milliseconds that a training step of one block takes on the current backend. */
export async function stepTime(): Promise<number> {
  const w = createWeights();
  const parameters = Object.values(w);
  const optimizer = createAdamW(parameters);
  const ids = Int32Array.from({ length: BATCH * LENGTH }, (_, i) => (i * 7) % VOCABULARY);
  const tokens = uploadTokens(ids, BATCH, LENGTH, VOCABULARY);
  const labels = tf.tensor1d(ids, 'int32');
  const loss = () => {
    const x = embedding(tokens, w.wte, w.wpe);
    const qkv = linear(layerNorm(x, w.gamma, w.beta, 1e-5), w.qkv, null);
    const heads = attention(qkv, { batch: BATCH, length: LENGTH, heads: HEADS, causal: true });
    const mixed = linear(heads, w.out, null, { residual: x });
    const inner = linear(mixed, w.up, w.upBias, { activation: 'gelu_new' });
    const hidden = linear(inner, w.down, null, { residual: mixed });
    return tokenLoss(
      { kind: 'vocabulary', hidden, embedding: w.wte },
      { labels, scale: 1 / ids.length },
      { hard: crossEntropy({ weight: 1 }) },
    ).total;
  };
  const best = await timeOf(async () => {
    const value = tf.tidy(() => valueAndGradients(loss, parameters));
    const norm = optimizer.step(SETTINGS);
    await norm.data();
    tf.dispose([value, norm]);
  });
  optimizer.dispose();
  labels.dispose();
  disposeTokens(tokens);
  parameters.forEach(disposeParameter);
  return best;
}

// Of the step's products (qkv, out, up, down, head) up and down are half, and the backward pass has twice as many.
const PRODUCT_ROUNDS = 6;

/**
 * Milliseconds that as many products as `stepTime` has take on the current backend: less than the whole step, and
 * one kernel to compile where that step has thirty.
 */
export async function productsTime(): Promise<number> {
  const { up, down, ...rest } = createWeights();
  const x = tf.fill<tf.Rank.R2>([BATCH * LENGTH, WIDTH], 0.1);
  const best = await timeOf(async () => {
    const y = tf.tidy(() => {
      let y = x;
      for (let round = 0; round < PRODUCT_ROUNDS; round++) y = linear(linear(y, up, null), down, null);
      return y;
    });
    await y.data();
    y.dispose();
  });
  [up, down, ...Object.values(rest)].forEach(disposeParameter);
  x.dispose();
  return best;
}
