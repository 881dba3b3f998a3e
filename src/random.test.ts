import { expect, test } from 'vitest';
import { randomStream } from './random';

const draw = (seed: number, purpose: string, n: number, f: 'next' | 'uniform' | 'normal') => {
  const stream = randomStream(seed, purpose);
  return Array.from({ length: n }, () => stream[f]());
};

test('a stream is a pure function of seed, purpose and counter', () => {
  expect(draw(1, 'batch order', 5, 'next')).toEqual(draw(1, 'batch order', 5, 'next'));
  expect(draw(1, 'batch order', 5, 'next')).not.toEqual(draw(2, 'batch order', 5, 'next'));
  expect(draw(1, 'batch order', 5, 'next')).not.toEqual(draw(1, 'dropout', 5, 'next'));
});

test('a stream resumes from its counter', () => {
  const stream = randomStream(7, 'sampling');
  for (let i = 0; i < 13; i++) stream.normal();
  const resumed = randomStream(7, 'sampling', stream.counter);
  expect(resumed.permutation(9)).toEqual(stream.permutation(9));
});

test('seeds above 32 bits differ from their lower half', () => {
  expect(draw(2 ** 40 + 3, 'x', 4, 'next')).not.toEqual(draw(3, 'x', 4, 'next'));
});

test('uniform draws fill 64 bins evenly (chi-square, 63 degrees of freedom)', () => {
  for (const seed of [0, 1, 2, 12345]) {
    const n = 64_000;
    const bins = new Array<number>(64).fill(0);
    for (const x of draw(seed, 'bins', n, 'uniform')) bins[Math.floor(x * 64)]!++;
    const chiSquare = bins.reduce((sum, count) => sum + (count - n / 64) ** 2 / (n / 64), 0);
    // 0.0001 and 0.9999 quantiles of the chi-square distribution with 63 degrees of freedom.
    expect(chiSquare).toBeGreaterThan(29);
    expect(chiSquare).toBeLessThan(112);
  }
});

test('neighbouring draws and neighbouring seeds are not correlated', () => {
  const n = 20_000;
  const correlation = (a: number[], b: number[]) => {
    const mean = (xs: number[]) => xs.reduce((s, x) => s + x, 0) / xs.length;
    const [ma, mb] = [mean(a), mean(b)];
    const covariance = a.reduce((s, x, i) => s + (x - ma) * (b[i]! - mb), 0);
    const spread = (xs: number[], m: number) => Math.sqrt(xs.reduce((s, x) => s + (x - m) ** 2, 0));
    return covariance / (spread(a, ma) * spread(b, mb));
  };
  const a = draw(1, 'x', n + 1, 'uniform');
  // Four standard errors of a correlation of n independent pairs.
  const limit = 4 / Math.sqrt(n);
  expect(Math.abs(correlation(a.slice(0, n), a.slice(1)))).toBeLessThan(limit);
  expect(Math.abs(correlation(a.slice(0, n), draw(2, 'x', n, 'uniform')))).toBeLessThan(limit);
});

test('normal draws have mean 0, variance 1 and the right tails', () => {
  const xs = draw(3, 'normal', 40_000, 'normal');
  const mean = xs.reduce((s, x) => s + x, 0) / xs.length;
  const variance = xs.reduce((s, x) => s + (x - mean) ** 2, 0) / xs.length;
  expect(Math.abs(mean)).toBeLessThan(0.02);
  expect(Math.abs(variance - 1)).toBeLessThan(0.03);
  const beyondTwo = xs.filter((x) => Math.abs(x) > 2).length / xs.length;
  expect(Math.abs(beyondTwo - 0.0455)).toBeLessThan(0.006);
});

test('a permutation holds every number once', () => {
  expect([...randomStream(5, 'p').permutation(100)].sort((a, b) => a - b)).toEqual(
    Array.from({ length: 100 }, (_, i) => i),
  );
});
