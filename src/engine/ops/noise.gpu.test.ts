import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { expectClose } from '../../testing/expectClose';
import { useTestDevice } from '../../testing/gpu';
import { readTensor } from '../device';
import { hostTensor } from '../host';
import { gumbelNoise, keepMask, noiseBits, thresholdOf, uniformNoise } from './noise';

useTestDevice();

const CASES = [
  [0, 0],
  [1, 0],
  [-1, 3],
  [2 ** 31 - 1, 77],
  [-123456789, 2 ** 32 - 1],
] as const;

const N = 10_007;

/** What `make` gives for a seed and a stream, read back. */
async function draw(
  make: (source: { seed: tf.Tensor; stream: number }) => tf.Tensor,
  seed: number,
  stream: number,
): Promise<Float32Array> {
  const source = { seed: hostTensor([1], 'int32', () => Int32Array.of(seed)), stream };
  const out = make(source);
  const values = await readTensor(out);
  tf.dispose([out, source.seed]);
  return values;
}

const uniformOf = (bits: number) => ((bits >>> 9) + 0.5) / 2 ** 23;

test.each(CASES)('seed %i, stream %i: the kernels draw the same bits as the host', async (seed, stream) => {
  const bits = Array.from({ length: N }, (_, i) => noiseBits(seed, stream)(i));
  const uniform = await draw((source) => uniformNoise<tf.Rank.R1>([N], source), seed, stream);
  expect([...uniform]).toEqual(bits.map(uniformOf));
  const mask = await draw((source) => keepMask<tf.Rank.R1>([N], 0.3, source), seed, stream);
  expect([...mask]).toEqual(bits.map((b) => (b < thresholdOf(0.3) ? 0 : 1)));
});

test('Gumbel noise is finite and exact in its large tail too', async () => {
  const n = 2 ** 18;
  const values = await draw((source) => gumbelNoise<tf.Rank.R1>([n], source), 5, 1);
  const bits = noiseBits(5, 1);
  const expected = Float64Array.from({ length: n }, (_, i) => -Math.log(-Math.log1p(-uniformOf(bits(i)))));
  const largest = expected.reduce((a, b) => Math.max(a, b));
  expect(largest).toBeGreaterThan(11);
  // Of the largest, about 13; the logarithms of GPUs are good to 2^-21.
  expectClose(values, expected, 1e-6);
});
