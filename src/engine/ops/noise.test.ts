/** The random bits themselves; `noise.gpu.test.ts` shows that kernels give the same. */
import type * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openDevice, readTensor, type Device } from '../device';
import { hostTensor } from '../host';
import { installWasm } from '../wasm.node';
import { gumbelNoise, keepMask, noiseBits, thresholdOf, uniformNoise } from './noise';

const SEEDS = [0, 1, 2, -1, 123456789];

const uniforms = (seed: number, stream: number, n: number, first = 0): Float64Array => {
  const bits = noiseBits(seed, stream);
  return Float64Array.from({ length: n }, (_, i) => (bits(first + i) + 0.5) / 2 ** 32);
};

/** The largest distance between the empirical distribution and the uniform one, times sqrt n. */
function kolmogorov(xs: Float64Array): number {
  const sorted = Float64Array.from(xs).sort();
  const n = xs.length;
  const distances = sorted.map((x, i) => Math.max((i + 1) / n - x, x - i / n));
  return Math.sqrt(n) * distances.reduce((a, b) => Math.max(a, b));
}

/** Correlation of two samples of the uniform distribution, in standard errors. */
function correlation(a: Float64Array, b: Float64Array): number {
  const covariance = a.reduce((sum, x, i) => sum + (x - 0.5) * (b[i]! - 0.5), 0) / a.length;
  return covariance * 12 * Math.sqrt(a.length);
}

/** How often a uniform sample lies farther off than x: the distribution of `kolmogorov`. */
function tailOfKolmogorov(x: number): number {
  let tail = 0;
  for (let k = 1; k < 20; k++) tail -= 2 * (-1) ** k * Math.exp(-2 * (k * x) ** 2);
  return Math.min(1, Math.max(0, tail));
}

test('the bits of many seeds and streams are uniform by Kolmogorov and Smirnov', () => {
  for (const first of [0, 2 ** 31 - 500]) {
    const tails = SEEDS.flatMap((seed) =>
      Array.from({ length: 100 }, (_, stream) => kolmogorov(uniforms(seed, stream, 1000, first))),
    ).map(tailOfKolmogorov);
    // One sample in a thousand may lie in the last thousandth: what must hold is that the shares are uniform too.
    expect(kolmogorov(Float64Array.from(tails))).toBeLessThan(1.95);
    expect(Math.min(...tails)).toBeGreaterThan(1e-5);
  }
});

test('every bit is set as often as not, and flips half of the time when one bit of the input does', () => {
  const n = 20_000;
  const limit = 4.5 * Math.sqrt(n / 4);
  const bits = noiseBits(3, 5);
  for (let bit = 0; bit < 32; bit++) {
    let set = 0;
    for (let i = 0; i < n; i++) set += (bits(i) >>> bit) & 1;
    expect(Math.abs(set - n / 2), `bit ${bit}`).toBeLessThan(limit);
  }
  const flips = (other: (index: number) => number, what: string) => {
    for (let bit = 0; bit < 32; bit++) {
      let count = 0;
      for (let i = 0; i < n; i++) count += ((bits(i) ^ other(i)) >>> bit) & 1;
      expect(Math.abs(count - n / 2), `${what}, bit ${bit}`).toBeLessThan(limit);
    }
  };
  flips(noiseBits(2, 5), 'seed');
  flips(noiseBits(3, 4), 'stream');
  for (const input of [0, 7, 15]) flips((i) => bits((i ^ (1 << input)) >>> 0), `index bit ${input}`);
});

test('neighbouring indices, rows, streams and seeds are not correlated', () => {
  const n = 50_000;
  const a = uniforms(1, 3, n);
  for (const shift of [1, 2, 64, 768, 1024]) {
    expect(Math.abs(correlation(a, uniforms(1, 3, n, shift))), `shift ${shift}`).toBeLessThan(4.5);
  }
  for (const [seed, stream] of [
    [1, 2],
    [1, 4],
    [2, 3],
    [0, 3],
    [2, 2],
    [3, 1],
  ] as const) {
    expect(Math.abs(correlation(a, uniforms(seed, stream, n))), `${seed}, ${stream}`).toBeLessThan(4.5);
  }
});

describe.each(['cpu', 'wasm'] as const)('on %s', (backend) => {
  let device: Device;
  beforeAll(async () => {
    device = await openDevice({ prefer: backend, wasmPath: installWasm() });
  });
  afterAll(() => device.close());

  const read = async (tensor: tf.Tensor) => {
    const values = await readTensor(tensor);
    tensor.dispose();
    return values;
  };
  const source = (seed: number, stream: number) => ({
    seed: hostTensor([1], 'int32', () => Int32Array.of(seed)),
    stream,
  });

  test('uniform numbers are those of the bits, with their mean and variance', async () => {
    const values = await read(uniformNoise<tf.Rank.R2>([50, 200], source(-5, 9)));
    const bits = noiseBits(-5, 9);
    values.forEach((u, i) => expect(u).toBe(((bits(i) >>> 9) + 0.5) / 2 ** 23));
    const mean = values.reduce((sum, u) => sum + u / 1e4, 0);
    const variance = values.reduce((sum, u) => sum + (u - 0.5) ** 2 / 1e4, 0);
    expect(Math.abs(mean - 0.5)).toBeLessThan(0.01);
    expect(Math.abs(variance - 1 / 12)).toBeLessThan(0.003);
  });

  test('Gumbel noise has the mean, variance and quantiles of its distribution', async () => {
    const n = 40_000;
    const values = await read(gumbelNoise<tf.Rank.R1>([n], source(4, 1)));
    const mean = values.reduce((sum, x) => sum + x / n, 0);
    const variance = values.reduce((sum, x) => sum + (x - mean) ** 2 / n, 0);
    expect(Math.abs(mean - 0.5772157)).toBeLessThan(0.03);
    expect(Math.abs(variance - Math.PI ** 2 / 6)).toBeLessThan(0.06);
    // exp(-exp(-x)) makes it uniform again.
    expect(kolmogorov(Float64Array.from(values, (x) => Math.exp(-Math.exp(-x))))).toBeLessThan(1.95);
  });

  test('a mask of zeros at a rate, whatever the rate', async () => {
    for (const rate of [0.1, 0.5, 0.9]) {
      const n = 20_000;
      const mask = await read(keepMask<tf.Rank.R1>([n], rate, source(8, 2)));
      const zeros = mask.filter((x) => x === 0).length;
      expect(mask.filter((x) => x === 1).length + zeros).toBe(n);
      expect(Math.abs(zeros - rate * n)).toBeLessThan(4.5 * Math.sqrt(n * rate * (1 - rate)));
      const bits = noiseBits(8, 2);
      mask.forEach((x, i) => expect(x).toBe(bits(i) < thresholdOf(rate) ? 0 : 1));
    }
  });
});
