import { describe, expect, test } from 'vitest';
import { pairedDifference, studentT, summarise } from './statistics';

describe('summarise', () => {
  test('mean and sample standard deviation', () => {
    // Squares of the deviations: 9 + 1 + 1 + 1 + 0 + 0 + 4 + 16 = 32, over 7.
    expect(summarise([2, 4, 4, 4, 5, 5, 7, 9])).toEqual({ mean: 5, sd: Math.sqrt(32 / 7), n: 8 });
  });

  test('a single value has no spread, and none is an error', () => {
    expect(summarise([3.5])).toEqual({ mean: 3.5, sd: null, n: 1 });
    expect(() => summarise([])).toThrow('there are no values');
  });
});

describe('studentT', () => {
  // Fisher and Yates, "Statistical Tables", table III (three decimals); df 1 is tan(0.475 π), df 2 is closed as well.
  test.each([
    [1, 12.706],
    [2, 4.303],
    [3, 3.182],
    [4, 2.776],
    [5, 2.571],
    [9, 2.262],
    [30, 2.042],
    [120, 1.98],
  ])('95 %% with %i degrees of freedom: %f', (df, t) => {
    expect(studentT(0.95, df)).toBeCloseTo(t, 3);
  });

  test('the closed forms of 1 and 2 degrees of freedom, at another level', () => {
    expect(studentT(0.99, 1)).toBeCloseTo(Math.tan(0.495 * Math.PI), 9);
    expect(studentT(0.99, 2)).toBeCloseTo(0.99 * Math.sqrt(2 / (1 - 0.99 ** 2)), 9);
  });
});

describe('pairedDifference', () => {
  test('by hand: differences −1, −2, −3 over three seeds', () => {
    const { low, high, ...rest } = pairedDifference([10, 11, 12], [11, 13, 15]);
    expect(rest).toEqual({ mean: -2, n: 3, distinguishable: false });
    // 4.30265 · 1 / √3
    expect(low).toBeCloseTo(-2 - 2.48414, 4);
    expect(high).toBeCloseTo(-2 + 2.48414, 4);
  });

  test('what all seeds agree on is told apart, although the seeds differ more than the methods', () => {
    const difference = pairedDifference([50.1, 60.2, 70.1], [51.0, 61.2, 71.1]);
    expect(difference.mean).toBeCloseTo(-2.9 / 3, 12);
    expect(difference.distinguishable).toBe(true);
    expect(pairedDifference([1, 2], [1, 2])).toMatchObject({ mean: 0, distinguishable: false });
  });

  test('the interval contains zero exactly until the level passes the one where its end touches it', () => {
    // Differences 1, 2, 3: t = 2 √3, and P(|X| <= t) for two degrees of freedom is t / √(2 + t²).
    const touching = Math.sqrt(12 / 14);
    expect(pairedDifference([1, 2, 3], [0, 0, 0], touching - 1e-6).distinguishable).toBe(true);
    expect(pairedDifference([1, 2, 3], [0, 0, 0], touching + 1e-6).distinguishable).toBe(false);
  });

  test('one pair shows a difference and cannot tell whether it is one', () => {
    expect(pairedDifference([3], [5])).toEqual({
      mean: -2,
      low: null,
      high: null,
      n: 1,
      distinguishable: null,
    });
    expect(() => pairedDifference([1, 2], [1])).toThrow('2 values cannot be paired with 1');
  });
});
