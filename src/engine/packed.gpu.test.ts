import { afterEach, expect, test } from 'vitest';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor2D } from '@tensorflow/tfjs-core';
import { f16ToFloat32, float32ToF16 } from '../io/floats';
import { expectClose } from '../testing/expectClose';
import { onEveryVariant, useTestDevice } from '../testing/gpu';
import { randomValues } from '../testing/random';
import { readTensor } from './device';
import { disposeTokens, embedding, uploadTokens } from './ops/embedding';
import { linear } from './ops/linear';
import { crossEntropy } from './ops/rowTerms';
import { tokenLoss } from './ops/tokenLoss';
import { createPackedParameter, fillPackedParameter } from './packed';
import { createParameter, disposeParameter, type Parameter } from './parameter';
import { bindingLimit, setBindingLimit } from './ranges';

useTestDevice();

const WHOLE = bindingLimit();
afterEach(() => setBindingLimit(WHOLE));

const [N, C, WIDE, V] = [6, 8, 12, 130];

/** The same weight packed, and in float32 with the values that float16 leaves. */
function both(name: string, shape: readonly number[], seed: number): [Parameter, Parameter] {
  const size = shape.reduce((a, b) => a * b, 1);
  const halves = float32ToF16(randomValues(size, seed));
  return [
    createPackedParameter(name, shape, halves),
    createParameter(name, shape, f16ToFloat32(halves), false),
  ];
}

/** Values and the gradient by x of both forms of a function of a weight. */
async function compare(pair: readonly Parameter[], f: (x: Tensor2D, weight: Parameter) => tf.Tensor) {
  const x = tf.tensor2d(randomValues(N * C, 9), [N, C]);
  const results = [];
  for (const weight of pair) {
    const { value, grad } = tf.valueAndGrad((t: tf.Tensor) => f(t as Tensor2D, weight))(x);
    results.push([await readTensor(value), await readTensor(grad)] as const);
    tf.dispose([value, grad]);
  }
  x.dispose();
  const [[value, grad], [expected, expectedGrad]] = results as [
    [Float32Array, Float32Array],
    [Float32Array, Float32Array],
  ];
  // The same sums of the same numbers; parts of the vocabulary are added up in another order.
  expectClose(value, expected, 1e-6);
  expectClose(grad, expectedGrad, 1e-6);
}

onEveryVariant(() => {
  test('a dense layer and its input gradient read packed weights', async () => {
    const pair = both('w', [C, WIDE], 1);
    const bias = createParameter('b', [WIDE], randomValues(WIDE, 2), false);
    await compare(pair, (x, weight) => linear(x, weight, bias, { activation: 'gelu_new' }));
    [...pair, bias].forEach(disposeParameter);
  });

  test.each([null, 2 ** 14])(
    'a loss over a packed vocabulary and its gradient agree (binding limit: %j bytes)',
    async (limit) => {
      const pair = both('wte', [V, C * 8], 3);
      const labels = tf.tensor1d([0, 129, 64, -100, 7, 100], 'int32');
      const spread = tf.tensor2d(randomValues(C * C * 8, 4), [C, C * 8]);
      if (limit !== null) setBindingLimit(limit);
      await compare(pair, (x, weight) => {
        const hidden: Tensor2D = tf.matMul(x, spread);
        const logits = { kind: 'vocabulary' as const, hidden, embedding: weight };
        return tokenLoss(logits, { labels, scale: 0.2 }, { hard: crossEntropy({ weight: 1 }) }).total;
      });
      pair.forEach(disposeParameter);
      tf.dispose([labels, spread]);
    },
  );

  test('token embeddings are looked up in packed rows, part by part where they must', async () => {
    const pair = both('wte', [V, C * 16], 5);
    const wpe = createParameter('wpe', [4, C * 16], randomValues(4 * C * 16, 6), false);
    const tokens = uploadTokens(Int32Array.from([0, 63, 64, 127, 128, 129, 1, 65]), 2, 4, V);
    const results = [];
    for (const limit of [Infinity, 17_000]) {
      for (const weight of pair) {
        setBindingLimit(weight.packed ? limit : 2 * limit);
        const y = embedding(tokens, weight, wpe);
        results.push(await readTensor(y));
        y.dispose();
      }
    }
    for (const result of results) expect(result).toEqual(results[0]);
    [...pair, wpe].forEach(disposeParameter);
    disposeTokens(tokens);
  });
});

test('a packed weight takes half the bytes', () => {
  const backend = tf.backend() as unknown as { bufferManager: { numBytesUsed: number } };
  const used = () => backend.bufferManager.numBytesUsed;
  const start = used();
  const packed = createPackedParameter('w', [64, 256], new Uint16Array(64 * 256));
  expect(used() - start).toBe(64 * 256 * 2);
  expect(packed).toMatchObject({ shape: [64, 256], size: 64 * 256, packed: true, trainable: false });
  disposeParameter(packed);
});

test('pieces fill a packed weight, and pieces that do not are refused', async () => {
  const halves = float32ToF16(randomValues(24, 7));
  async function* pieces(...ranges: [number, number][]) {
    for (const [first, end] of ranges)
      yield { first, halves: await Promise.resolve(halves.slice(first, end)) };
  }
  const whole = await fillPackedParameter('w', [3, 8], pieces([0, 10], [10, 24]));
  const read = await whole.value.data();
  expect(new Uint16Array(Int32Array.from(read).buffer)).toEqual(halves);
  disposeParameter(whole);
  await expect(fillPackedParameter('w', [3, 8], pieces([0, 10]))).rejects.toThrow(
    '10 values do not fill w [3, 8]',
  );
  expect(() => createPackedParameter('w', [3, 6], new Uint16Array(18))).toThrow(
    'w [3, 6] cannot be packed: its rows are no multiple of 4',
  );
});
