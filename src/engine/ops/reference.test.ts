/** The plain-tfjs forms of the ops, on the two backends that only have these. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as tf from '@tensorflow/tfjs-core';
import { describeAdamW } from '../../testing/adamwChecks';
import { evaluateOp, host } from '../../testing/checkOp';
import { expectClose } from '../../testing/expectClose';
import {
  ACTIVATION_FIXTURES,
  checkActivationFixture,
  checkLayerNormFixture,
  checkLinearFixture,
  LAYER_NORM_FIXTURES,
} from '../../testing/opFixtures';
import { openDevice, readTensor, type Device } from '../device';
import { createParameter, disposeParameter, valueAndGradients } from '../parameter';
import { installWasm } from '../wasm.node';
import { disposeTokens, embedding, uploadTokens } from './embedding';
import { linear } from './linear';

describe.each(['cpu', 'wasm'] as const)('on %s', (backend) => {
  let device: Device;
  beforeAll(async () => {
    device = await openDevice({ prefer: backend, wasmPath: installWasm() });
  });
  afterAll(() => device.close());

  test('the device is the one asked for', () => {
    expect(device.info).toMatchObject({ backend, software: true });
    expect(device.info.reason).toBeUndefined();
    expect(tf.getBackend()).toBe(backend);
  });

  test('linear matches the PyTorch fixture', () => checkLinearFixture(1));

  test.each(ACTIVATION_FIXTURES)('the activation matches the PyTorch fixture %s', (name, tolerance) =>
    checkActivationFixture(name, tolerance, 1),
  );

  test('gelu in its erf form matches known values', async () => {
    const identity = {
      shape: [4, 4],
      values: Float32Array.from([1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]),
    };
    const { output, gradients } = await evaluateOp({
      inputs: { x: { shape: [1, 4], values: Float32Array.from([-3, -0.5, 1, 2]) } },
      parameters: { weight: identity },
      run: (i, p) => linear(i.x, p.weight, null, { activation: 'gelu' }),
      upstream: new Float32Array(4).fill(1),
    });
    // x Phi(x) and Phi(x) + x phi(x), from a table of the normal distribution.
    expectClose(output, [-0.0040497, -0.1542688, 0.8413447, 1.9544997], 1e-6);
    expectClose(gradients['x']!, [-0.0119456, 0.1325049, 1.0833155, 1.0852318], 1e-6);
  });

  test.each(LAYER_NORM_FIXTURES)('layer norm matches the PyTorch fixture %s', checkLayerNormFixture);

  test('the embedding adds rows of both tables, and sums gradients of tokens that repeat', async () => {
    const tokens = uploadTokens(Int32Array.from([2, 0, 2, 1]), 2, 2, 4);
    const { output, gradients } = await evaluateOp({
      inputs: { x: host([4, 2], 1, 0, 0) },
      parameters: {
        wte: { shape: [4, 2], values: Float32Array.from([1, 2, 3, 4, 5, 6, 7, 8]) },
        wpe: { shape: [3, 2], values: Float32Array.from([0.5, 0, 0, 0.25, 9, 9]) },
      },
      run: (i, p) => tf.add(embedding(tokens, p.wte, p.wpe), i.x),
      upstream: Float32Array.from([1, 2, 10, 20, 100, 200, 1000, 2000]),
    });
    disposeTokens(tokens);
    expect([...output]).toEqual([5.5, 6, 1, 2.25, 5.5, 6, 3, 4.25]);
    expect([...gradients['wte']!]).toEqual([10, 20, 1000, 2000, 101, 202, 0, 0]);
    expect([...gradients['wpe']!]).toEqual([101, 202, 1010, 2020, 0, 0]);
  });

  test('a parameter that the loss does not use gets no gradient', async () => {
    const [used, unused] = [
      createParameter('used', [2], Float32Array.from([3, 4])),
      createParameter('unused', [2], Float32Array.from([1, 1])),
    ];
    for (let i = 0; i < 2; i++)
      valueAndGradients(() => tf.sum(tf.square(used.value)), [used, unused]).dispose();
    expect(unused.gradient).toBeNull();
    // Twice 2 p: gradients add up until they are cleared.
    expect([...(await readTensor(used.gradient!))]).toEqual([12, 16]);
    [used, unused].forEach(disposeParameter);
  });

  describe('AdamW', describeAdamW);
});
