/** A whole training step out of the ops: how many dispatches it takes, and that it leaves nothing behind. */
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor2D } from '@tensorflow/tfjs-core';
import { useTestDevice } from '../testing/gpu';
import { randomValues } from '../testing/random';
import { readTensor } from './device';
import { webgpuBackend } from './dispatch';
import { createAdamW, type AdamW } from './ops/adamw';
import { attention } from './ops/causalAttention';
import { disposeTokens, embedding, uploadTokens, type TokenTensors } from './ops/embedding';
import { layerNorm } from './ops/layerNorm';
import { linear } from './ops/linear';
import { crossEntropy } from './ops/rowTerms';
import { tokenLoss } from './ops/tokenLoss';
import { createParameter, disposeParameter, valueAndGradients, type Parameter } from './parameter';

useTestDevice();

// The demo's student: engine.md counted 231 dispatches for it in the prototype.
// Fewer tokens than the demo's 512 take as many dispatches.
const [L, C, H, V, B, T] = [4, 128, 4, 1024, 2, 16];
const OPTIMIZER = {
  learningRate: 1e-3,
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  weightDecay: 0.01,
  gradClip: 0,
};

const parameters = new Map<string, Parameter>();
const p = (name: string) => parameters.get(name)!;
let optimizer: AdamW;
let tokens: TokenTensors;
let labels: tf.Tensor1D;

function addParameter(name: string, ...shape: number[]): void {
  const size = shape.reduce((a, b) => a * b, 1);
  const values = /ln.*weight/.test(name)
    ? new Float32Array(size).fill(1)
    : randomValues(size, parameters.size + 1, -0.05, 0.05);
  parameters.set(name, createParameter(name, shape, values));
}

beforeAll(() => {
  addParameter('wte', V, C);
  addParameter('wpe', T, C);
  for (const block of Array.from({ length: L }, (_, i) => `h.${i}`)) {
    for (const norm of ['ln_1', 'ln_2'])
      for (const part of ['weight', 'bias']) addParameter(`${block}.${norm}.${part}`, C);
    for (const [name, inner, out] of [
      ['attn', C, 3 * C],
      ['proj', C, C],
      ['fc', C, 4 * C],
      ['down', 4 * C, C],
    ] as const) {
      addParameter(`${block}.${name}.weight`, inner, out);
      addParameter(`${block}.${name}.bias`, out);
    }
  }
  for (const part of ['weight', 'bias']) addParameter(`ln_f.${part}`, C);
  optimizer = createAdamW([...parameters.values()]);
  const ids = Int32Array.from(randomValues(B * T + 1, 5, 0, V), Math.floor);
  tokens = uploadTokens(ids.slice(0, B * T), B, T, V);
  labels = tf.tensor1d(ids.slice(1), 'int32');
});

afterAll(() => {
  optimizer.dispose();
  parameters.forEach(disposeParameter);
  disposeTokens(tokens);
  labels.dispose();
});

function hidden(): Tensor2D {
  let x = embedding(tokens, p('wte'), p('wpe'));
  for (let i = 0; i < L; i++) {
    const dense = (input: Tensor2D, name: string, options = {}) =>
      linear(input, p(`h.${i}.${name}.weight`), p(`h.${i}.${name}.bias`), options);
    const norm = (name: string) => layerNorm(x, p(`h.${i}.${name}.weight`), p(`h.${i}.${name}.bias`), 1e-5);
    x = dense(
      attention(dense(norm('ln_1'), 'attn'), { batch: B, length: T, heads: H, causal: true }),
      'proj',
      { residual: x },
    );
    x = dense(dense(norm('ln_2'), 'fc', { activation: 'gelu_new' }), 'down', { residual: x });
  }
  return layerNorm(x, p('ln_f.weight'), p('ln_f.bias'), 1e-5);
}

async function step(): Promise<number> {
  const loss = valueAndGradients(() => {
    const logits = { kind: 'vocabulary', hidden: hidden(), embedding: p('wte') } as const;
    return tokenLoss(logits, { labels, scale: 1 / (B * T) }, { hard: crossEntropy({ weight: 1 }) }).total;
  }, [...parameters.values()]);
  const norm = optimizer.step(OPTIMIZER);
  const [value] = await readTensor(loss);
  tf.dispose([loss, norm]);
  return value!;
}

/** Bytes of all buffers that tfjs holds, pooled ones included. */
const bytesHeld = () =>
  (tf.backend() as unknown as { bufferManager: { numBytesAllocated: number } }).bufferManager
    .numBytesAllocated;

/** Any pass encoder: their prototype is where dispatches, ours and tfjs's, can be counted. */
function passPrototype(): GPUComputePassEncoder {
  const encoder = webgpuBackend().device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.end();
  encoder.finish();
  return Object.getPrototypeOf(pass) as GPUComputePassEncoder;
}

test('a step of the demo model takes at most 240 dispatches, learns, and leaves nothing behind', async () => {
  const losses = [await step()];
  expect(losses[0]).toBeCloseTo(Math.log(V), 0);
  const tensors = tf.memory().numTensors;
  const dispatch = vi.spyOn(passPrototype(), 'dispatchWorkgroups');
  losses.push(await step());
  const dispatches = dispatch.mock.calls.length;
  dispatch.mockRestore();
  const bytes = bytesHeld();
  losses.push(await step());

  expect(dispatches).toBeGreaterThan(100);
  expect(dispatches).toBeLessThanOrEqual(240);
  expect([...losses].sort((a, b) => b - a)).toEqual(losses);
  expect(tf.memory().numTensors).toBe(tensors);
  expect(bytesHeld()).toBe(bytes);
});
