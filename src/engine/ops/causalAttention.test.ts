import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { evaluateOp, host } from '../../testing/checkOp';
import { expectClose } from '../../testing/expectClose';
import { attentionFixture } from '../../testing/fixtureCases';
import { openDevice, type Device } from '../device';
import { installWasm } from '../wasm.node';
import { attention, type AttentionLayout } from './causalAttention';

/** Attention and its gradient as float64 loops over one pair of tokens at a time. */
function oracle(qkv: Float32Array, dy: Float32Array, { batch, length: T, heads, causal }: AttentionLayout) {
  const C = qkv.length / batch / T / 3;
  const D = C / heads;
  const y = new Float64Array(batch * T * C);
  const dQkv = new Float64Array(qkv.length);
  const row = (b: number, t: number, part: number, h: number) => (b * T + t) * 3 * C + part * C + h * D;
  const dot = (i: number, j: number) => {
    let sum = 0;
    for (let d = 0; d < D; d++) sum += qkv[i + d]! * qkv[j + d]!;
    return sum;
  };
  for (let b = 0; b < batch; b++) {
    for (let h = 0; h < heads; h++) {
      for (let t = 0; t < T; t++) {
        const keys = causal ? t + 1 : T;
        const scores = Array.from(
          { length: keys },
          (_, j) => dot(row(b, t, 0, h), row(b, j, 1, h)) / Math.sqrt(D),
        );
        const max = Math.max(...scores);
        const sum = scores.reduce((total, s) => total + Math.exp(s - max), 0);
        const p = scores.map((s) => Math.exp(s - max) / sum);
        const out = (b * T + t) * C + h * D;
        const dp = p.map((_, j) => {
          let total = 0;
          for (let d = 0; d < D; d++) {
            y[out + d]! += p[j]! * qkv[row(b, j, 2, h) + d]!;
            dQkv[row(b, j, 2, h) + d]! += p[j]! * dy[out + d]!;
            total += dy[out + d]! * qkv[row(b, j, 2, h) + d]!;
          }
          return total;
        });
        const delta = dp.reduce((total, value, j) => total + value * p[j]!, 0);
        for (let j = 0; j < keys; j++) {
          const ds = (p[j]! * (dp[j]! - delta)) / Math.sqrt(D);
          for (let d = 0; d < D; d++) {
            dQkv[row(b, t, 0, h) + d]! += ds * qkv[row(b, j, 1, h) + d]!;
            dQkv[row(b, j, 1, h) + d]! += ds * qkv[row(b, t, 0, h) + d]!;
          }
        }
      }
    }
  }
  return { y, dQkv };
}

/** The plain tfjs form, on the two backends that only have this one. */
describe.each(['cpu', 'wasm'] as const)('on %s', (backend) => {
  let device: Device;
  beforeAll(async () => {
    device = await openDevice({ prefer: backend, wasmPath: installWasm() });
  });
  afterAll(() => device.close());

  test.each([
    { batch: 1, length: 1, heads: 1, causal: true },
    { batch: 2, length: 7, heads: 3, causal: true },
    { batch: 2, length: 7, heads: 3, causal: false },
  ])('give the output and gradient of float64 loops: %o', async (layout) => {
    const size = 6;
    const rows = layout.batch * layout.length;
    const qkv = host([rows, 3 * layout.heads * size], 1, -2, 2);
    const dy = host([rows, layout.heads * size], 2);
    const expected = oracle(qkv.values, dy.values, layout);
    const { output, gradients } = await evaluateOp({
      inputs: { qkv },
      parameters: {},
      run: (i) => attention(i.qkv, layout),
      upstream: dy.values,
    });
    expectClose(output, expected.y, 2e-6, 'y');
    expectClose(gradients.qkv!, expected.dQkv, 2e-6, 'dQkv');
  });

  test('match the PyTorch fixture', async () => {
    const { qkv, upstream, output, gradient, layout } = attentionFixture();
    const actual = await evaluateOp({
      inputs: { qkv },
      parameters: {},
      run: (i) => attention(i.qkv, layout),
      upstream,
    });
    expectClose(actual.output, output, 5e-6, 'y');
    expectClose(actual.gradients.qkv!, gradient, 5e-6, 'dQkv');
  });

  test('rows or columns that do not fit the layout are refused with both numbers', () => {
    const qkv = tf.zeros<tf.Rank.R2>([6, 24]);
    expect(() => attention(qkv, { batch: 2, length: 4, heads: 2, causal: true })).toThrow(
      'attention got 6 rows for 2 sequences of 4 tokens',
    );
    expect(() => attention(qkv, { batch: 2, length: 3, heads: 5, causal: true })).toThrow(
      'attention got 24 columns, which 5 heads of q, k and v do not divide',
    );
  });
});
