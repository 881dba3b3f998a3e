import { describe, expect, test } from 'vitest';
import type { Tensor2D } from '@tensorflow/tfjs-core';
import { checkOp, evaluateOp, host, type HostTensor } from '../../testing/checkOp';
import { onEveryVariant, useTestDevice } from '../../testing/gpu';
import type { Parameter } from '../parameter';
import { linear, type LinearOptions } from './linear';

useTestDevice();

interface Options extends LinearOptions {
  withBias?: boolean;
  withResidual?: boolean;
  frozen?: ('weight' | 'bias')[];
}

/** A layer [rows, inner] -> [rows, out] with the given options. */
const layer = (rows: number, inner: number, out: number, options: Options) => {
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

onEveryVariant(() => {
  describe('linear gives the output and all gradients of the reference', () => {
    test.each<[string, Options]>([
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
    });

    test('several tiles', () =>
      checkOp(layer(130, 72, 132, { withResidual: true, activation: 'gelu_new' }), 5e-6));
  });

  test('a weight used twice gets the sum of both gradients', async () => {
    const op = layer(9, 8, 8, {});
    const twice = {
      ...op,
      run: (i: Parameters<typeof op.run>[0], p: Parameters<typeof op.run>[1]) =>
        linear(op.run(i, p), p['weight']!, p['bias']!),
    };
    await checkOp(twice, 5e-6);
  });

  test('an input that does not fit is refused by the name of the weight', async () => {
    const op = { ...layer(2, 8, 4, {}), inputs: { x: host([2, 12], 1) } };
    await expect(evaluateOp(op)).rejects.toThrow('weight [8, 4] cannot multiply x [2, 12]');
  });
});
