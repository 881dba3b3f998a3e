import { expect, test } from 'vitest';
import { smooth } from './smooth';

test('a constant stays the constant from its first point on: no pull from zero', () => {
  for (const value of smooth([5, 5, 5, 5], 0.9)) expect(value).toBeCloseTo(5, 12);
});

test('the values of the formula for weight one half', () => {
  // s1 = 1; s2 = (0.25 * 1 + 0.5 * 3) / 0.75; s3 = (0.125 * 1 + 0.25 * 3 + 0.5 * 7) / 0.875
  const out = smooth([1, 3, 7], 0.5);
  expect(out[0]).toBeCloseTo(1, 12);
  expect(out[1]).toBeCloseTo(1.75 / 0.75, 12);
  expect(out[2]).toBeCloseTo(4.375 / 0.875, 12);
});

test('weight zero changes nothing', () => {
  expect(Array.from(smooth([3, 1, 4], 0))).toEqual([3, 1, 4]);
});

test('smoothed terms add up to the smoothed total', () => {
  const a = [4, 3.2, 2.5, 2.6];
  const b = [1, 1.4, 0.5, 0.2];
  const total = smooth(
    a.map((value, i) => value + b[i]!),
    0.8,
  );
  const [left, right] = [smooth(a, 0.8), smooth(b, 0.8)];
  total.forEach((value, i) => expect(left[i]! + right[i]!).toBeCloseTo(value, 12));
});

test('a restart forgets what came before, and a missing value is not averaged in', () => {
  expect(smooth([100, 100, 2, 2], 0.9, [2])[2]).toBeCloseTo(2, 12);
  const out = smooth([1, NaN, 1], 0.9);
  expect(out[1]).toBeNaN();
  expect(out[2]).toBeCloseTo(1, 12);
});
