import { describe, expect, test } from 'vitest';
import fc from 'fast-check';
import { lowerBound, minMaxIndices, MOST_POINTS, nearest } from './decimate';

describe('minMaxIndices', () => {
  test('keeps at most 1,000 points, ascending, with every extreme', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 20_000 }),
        fc.integer({ min: 1, max: 4000 }),
        fc.integer({ min: 0, max: 2 ** 31 }),
        (count, columns, seed) => {
          const x = Float64Array.from({ length: count }, (_, i) => i + 1);
          const y = Float64Array.from(x, (_, i) => (Math.sin(i * 12.9898 + seed) * 43758.5453) % 1);
          const kept = minMaxIndices(x, y, 0, count, columns);
          expect(kept.length).toBeLessThanOrEqual(MOST_POINTS);
          for (let i = 1; i < kept.length; i++) expect(kept[i]).toBeGreaterThan(kept[i - 1]!);
          const values = kept.map((index) => y[index]!);
          let [low, high] = [Infinity, -Infinity];
          for (const value of y) {
            low = Math.min(low, value);
            high = Math.max(high, value);
          }
          expect(Math.min(...values)).toBe(low);
          expect(Math.max(...values)).toBe(high);
          expect(kept[0]).toBe(0);
          expect(kept.at(-1)).toBe(count - 1);
        },
      ),
      { numRuns: 60 },
    );
  });

  test('one spike among 50,000 points is drawn', () => {
    const y = new Float64Array(50_000).fill(1);
    y[31_234] = 99;
    const x = Float64Array.from(y, (_, i) => i);
    expect(minMaxIndices(x, y, 0, y.length, 400)).toContain(31_234);
  });

  test('missing values are left out', () => {
    const y = Float64Array.from({ length: 5000 }, (_, i) => (i % 3 === 0 ? NaN : i));
    const x = Float64Array.from(y, (_, i) => i);
    const kept = minMaxIndices(x, y, 0, y.length, 300);
    expect(kept.every((index) => index % 3 !== 0)).toBe(true);
  });

  test('5,000 points take well under a frame', () => {
    const x = Float64Array.from({ length: 5000 }, (_, i) => i);
    const y = x.map((value) => Math.sin(value));
    minMaxIndices(x, y, 0, 5000, 400);
    const from = performance.now();
    for (let i = 0; i < 20; i++) minMaxIndices(x, y, 0, 5000, 400);
    // Typically 0.1 ms; a frame has 16.
    expect((performance.now() - from) / 20).toBeLessThan(8);
  });
});

describe('search', () => {
  const x = [10, 20, 30];
  test('lowerBound finds the first index that is not below', () => {
    expect([5, 10, 11, 30, 31].map((value) => lowerBound(x, value))).toEqual([0, 0, 1, 2, 3]);
  });
  test('nearest finds the closest point, the earlier one when undecided', () => {
    expect([0, 14, 15, 16, 99].map((value) => nearest(x, value))).toEqual([0, 0, 0, 1, 2]);
    expect(nearest([], 3)).toBe(-1);
  });
});
