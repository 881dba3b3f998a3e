/** Dropout and recompute of the whole model, on every device and kernel variant. */
import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { readTensor } from '../engine/device';
import { hostTensor } from '../engine/host';
import { disposeTokens, uploadTokens } from '../engine/ops/embedding';
import { crossEntropy } from '../engine/ops/rowTerms';
import { tokenLoss } from '../engine/ops/tokenLoss';
import { clearGradients, valueAndGradients } from '../engine/parameter';
import { forward, type ForwardOptions, type Model } from '../model/gpt2';
import { disposeParams, frozenView } from '../model/params';
import { expectClose } from './expectClose';
import { tinyModel } from './tinyGpt2';

const B = 2;
const T = 19;

export interface RunOptions extends Omit<ForwardOptions, 'dropout'> {
  dropout?: { rate: number; seed: number; stream?: number };
  /** Frozen weights, by the start of their names. */
  frozen?: string;
}

export interface RunResult {
  loss: Float32Array;
  gradients: Record<string, Float32Array>;
}

const ids = Int32Array.from({ length: B * T }, (_, i) => (i * 37 + (i % 5) * 101) % 512);
const labels = Int32Array.from(ids, (_, i) => ((i + 1) % T === 0 ? -100 : ids[i + 1]!));

/** Loss and gradients of two blocks of the tiny checkpoint; with `hiddenStates` their squares are in the loss. */
export async function lossAndGradients({ dropout, frozen, ...options }: RunOptions = {}): Promise<RunResult> {
  const model = tinyModel([0, 7]);
  const params = frozen
    ? Object.fromEntries(
        Object.entries(model.params).map(([name, parameter]) => [
          name,
          name.startsWith(frozen) ? frozenView({ [name]: parameter })[name]! : parameter,
        ]),
      )
    : model.params;
  const result = await runModel({ ...model, params }, options, dropout);
  disposeParams(model.params);
  return result;
}

async function runModel(
  { params, config }: Model,
  options: ForwardOptions,
  dropout: RunOptions['dropout'],
): Promise<RunResult> {
  const all = Object.values(params);
  const tokens = uploadTokens(ids, B, T, config.vocabSize);
  const value = tf.tidy(() => {
    const targets = { labels: tf.tensor1d(labels, 'int32'), scale: 1 / (B * (T - 1)) };
    const seed = hostTensor([1], 'int32', () => Int32Array.of(dropout?.seed ?? 0));
    const drop = dropout && { stream: 0, ...dropout, seed };
    return valueAndGradients(() => {
      const { logits, hiddenStates = [] } = forward(params, config, tokens, { ...options, dropout: drop });
      const { total } = tokenLoss(logits, targets, { hard: crossEntropy({ weight: 1 }) });
      const squares = hiddenStates.map((state) => tf.mean<tf.Scalar>(tf.square(state)));
      return squares.reduce((sum, square) => tf.add(sum, square), total);
    }, all);
  });
  const gradients: RunResult['gradients'] = {};
  for (const { name, gradient } of all) if (gradient) gradients[name] = await readTensor(gradient);
  const result = { loss: await readTensor(value), gradients };
  clearGradients(all);
  value.dispose();
  disposeTokens(tokens);
  return result;
}

const bits = (values: Float32Array) => [...new Uint32Array(values.buffer, values.byteOffset, values.length)];

function expectSameBits(actual: RunResult, expected: RunResult): void {
  expect(bits(actual.loss)).toEqual(bits(expected.loss));
  expect(Object.keys(actual.gradients)).toEqual(Object.keys(expected.gradients));
  for (const [name, gradient] of Object.entries(expected.gradients)) {
    expect(bits(actual.gradients[name]!), name).toEqual(bits(gradient));
  }
}

/** Agreement within float32 rounding. */
export function expectClosely(actual: RunResult, expected: RunResult): void {
  expectClose(actual.loss, expected.loss, 2e-6, 'loss');
  expect(Object.keys(actual.gradients).sort()).toEqual(Object.keys(expected.gradients).sort());
  for (const [name, gradient] of Object.entries(expected.gradients)) {
    expectClose(actual.gradients[name]!, gradient, 2e-5, name);
  }
}

export function checkForwardOptions(): void {
  const dropout = { rate: 0.2, seed: 11 };

  test('recompute gives the same loss and gradients, bit for bit', async () => {
    expectSameBits(await lossAndGradients({ recompute: true }), await lossAndGradients());
  });

  test('recompute drops the same activations again', async () => {
    expectSameBits(await lossAndGradients({ recompute: true, dropout }), await lossAndGradients({ dropout }));
  });

  test('recompute leaves frozen weights alone', async () => {
    for (const frozen of ['h.0', 'h.']) {
      const result = await lossAndGradients({ recompute: true, frozen });
      expect(Object.keys(result.gradients).some((name) => name.startsWith(frozen))).toBe(false);
      expectSameBits(result, await lossAndGradients({ frozen }));
    }
  });

  test('recompute gives hidden states that a loss can use', async () => {
    // What comes from the hidden state and from the block is added in another order.
    expectClosely(
      await lossAndGradients({ recompute: true, hiddenStates: true }),
      await lossAndGradients({ hiddenStates: true }),
    );
  });

  test('recompute leaves nothing behind', async () => {
    await lossAndGradients({ recompute: true });
    const { numTensors, numBytes } = tf.memory();
    await lossAndGradients({ recompute: true });
    expect(tf.memory()).toMatchObject({ numTensors, numBytes });
  });

  test('the seed alone decides what is dropped', async () => {
    const first = await lossAndGradients({ dropout });
    expectSameBits(await lossAndGradients({ dropout }), first);
    const losses = [first.loss[0]!, (await lossAndGradients()).loss[0]!];
    for (const other of [{ seed: 12 }, { stream: 7 }]) {
      losses.push((await lossAndGradients({ dropout: { ...dropout, ...other } })).loss[0]!);
    }
    expect(new Set(losses).size).toBe(losses.length);
  });

  test('a rate of 0 is no dropout', async () => {
    expectSameBits(await lossAndGradients({ dropout: { rate: 0, seed: 1 } }), await lossAndGradients());
  });
}
