import { describe, expect, test } from 'vitest';
import { endTicks, linearDomain, linearTicks, logDomain, logTicks, niceStep, scaleOf } from './scale';

describe('scaleOf', () => {
  test('a log scale puts equal ratios at equal distances', () => {
    const scale = scaleOf([1, 100], [0, 200], true);
    expect(scale.at(10)).toBeCloseTo(100);
    expect(scale.invert(100)).toBeCloseTo(10);
  });

  test('an axis may run upwards', () => {
    const scale = scaleOf([0, 10], [100, 0], false);
    expect(scale.at(2.5)).toBe(75);
    expect(scale.invert(75)).toBe(2.5);
  });
});

describe('linear ticks', () => {
  test('are at most as many as asked, for every span', () => {
    for (let span = 0.001; span < 1e6; span *= 1.37) {
      for (const most of [2, 3, 4, 7]) {
        const [low, high] = linearDomain(0, span, most);
        const ticks = linearTicks(low, high, most);
        expect(ticks.length).toBeLessThanOrEqual(most);
        expect(ticks[0]).toBe(0);
        expect(ticks.at(-1)).toBeGreaterThanOrEqual(span * (1 - 1e-9));
      }
    }
  });

  test('carry no rounding dirt', () => {
    expect(linearTicks(0, 0.3, 4)).toEqual([0, 0.1, 0.2, 0.3]);
    expect(niceStep(10, 5)).toBe(2);
  });

  test('zero is in the domain, also for negative values', () => {
    expect(linearDomain(3.1, 9.3, 6)).toEqual([0, 10]);
    expect(linearDomain(-4, -1, 3)[1]).toBe(0);
    expect(linearDomain(0, 0, 3)).toEqual([0, 1]);
  });
});

describe('log ticks', () => {
  test('are familiar multiples of powers of ten', () => {
    expect(logTicks(30, 1600, 7)).toEqual([50, 100, 200, 500, 1000]);
    expect(logTicks(1, 1e6, 7)).toEqual([1, 10, 100, 1000, 1e4, 1e5, 1e6]);
    expect(logTicks(1, 1e12, 7)).toHaveLength(7);
  });

  test('a narrow span still has two ticks', () => {
    expect(logTicks(41, 44, 7).length).toBeGreaterThanOrEqual(2);
  });

  test('the domain encloses its values', () => {
    for (let low = 0.013; low < 1e4; low *= 3.7) {
      const [from, to] = logDomain(low, low * 5.3);
      expect(from).toBeLessThanOrEqual(low);
      expect(to).toBeGreaterThanOrEqual(low * 5.3);
    }
    const [from, to] = logDomain(20, 20);
    expect(to).toBeGreaterThan(from);
  });
});

describe('end ticks', () => {
  test('end at the planned end and keep their distance from it', () => {
    expect(endTicks(600, 5)).toEqual([0, 200, 400, 600]);
    expect(endTicks(437, 5)).toEqual([0, 200, 437]);
    expect(endTicks(0, 5)).toEqual([0]);
  });
});
