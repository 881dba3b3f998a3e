import { expect } from 'vitest';

export type Numbers = ArrayLike<number>;

/**
 * The largest deviation as a share of the largest expected magnitude, max|x - ref| / max|ref|: the measure of
 * `fixtures/README.md`. Infinity when a value is NaN or infinite and the expected one is not the same.
 */
export function relativeError(actual: Numbers, expected: Numbers): number {
  let largest = 0;
  let deviation = 0;
  for (let i = 0; i < expected.length; i++) {
    const [x, reference] = [actual[i]!, expected[i]!];
    if (Object.is(x, reference) || x === reference) {
      if (Number.isFinite(reference)) largest = Math.max(largest, Math.abs(reference));
      continue;
    }
    if (!Number.isFinite(x) || !Number.isFinite(reference)) return Infinity;
    largest = Math.max(largest, Math.abs(reference));
    deviation = Math.max(deviation, Math.abs(x - reference));
  }
  return deviation === 0 ? 0 : deviation / largest;
}

/** Fails when lengths differ or `relativeError` is above the tolerance; NaN equals nothing but NaN. */
export function expectClose(actual: Numbers, expected: Numbers, tolerance: number, what = 'values'): void {
  expect(actual.length, `length of ${what}`).toBe(expected.length);
  const error = relativeError(actual, expected);
  expect(error, `${what}: max|x - ref| / max|ref|`).toBeLessThanOrEqual(tolerance);
}
