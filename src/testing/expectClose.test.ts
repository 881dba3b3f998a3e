import { expect, test } from 'vitest';
import { expectClose, relativeError } from './expectClose';

test('the error is a share of the largest expected magnitude', () => {
  expect(relativeError([1, -10.5], [1, -10])).toBeCloseTo(0.05, 12);
});

test.each([
  [[NaN], [1]],
  [[1], [NaN]],
  [[Infinity], [1]],
  [[1], [-Infinity]],
  [[Infinity], [-Infinity]],
])('%j against %j is infinitely wrong', (actual, expected) => {
  expect(relativeError(actual, expected)).toBe(Infinity);
});

test('NaN and infinity equal themselves only', () => {
  expect(relativeError([NaN, Infinity, 2], [NaN, Infinity, 2])).toBe(0);
});

test('anything but zero is infinitely wrong where zeros are expected', () => {
  expect(relativeError([1e-9, 0], [0, 0])).toBe(Infinity);
});

test('a value outside the tolerance and a missing value fail', () => {
  expect(() => expectClose([1.1], [1], 0.05)).toThrow('max|x - ref| / max|ref|');
  expect(() => expectClose([1], [1, 2], 1)).toThrow('length of values');
  expectClose([1.04], [1], 0.05);
});
