import { expect, test } from 'vitest';
import { fixtureJson } from '../testing/fixtures';
import { score } from './metrics';

interface Case {
  name: string;
  labels: number[];
  predictions: number[];
  accuracy: number;
  mcc: number;
  macro_f1: number;
  f1?: number;
}

const { cases } = fixtureJson<{ metrics: { cases: Case[] } }>('classification').metrics;

test.each(cases)(
  '$name is scored as in the fixtures',
  ({ labels, predictions, accuracy, mcc, macro_f1, f1 }) => {
    const found = score(labels, predictions, ['accuracy', 'matthews', 'macroF1', 'f1']);
    // fixtures/README.md: metrics are exact to 1e-12.
    expect(found.accuracy).toBeCloseTo(accuracy, 12);
    expect(found.matthews).toBeCloseTo(mcc, 12);
    expect(found.macroF1).toBeCloseTo(macro_f1, 12);
    if (f1 !== undefined) expect(found.f1).toBeCloseTo(f1, 12);
  },
);

test('by hand: 2 hits of class 1, 1 false alarm, 1 miss, 1 right rejection', () => {
  // F1 = 4 / (4 + 1 + 1); class 0 has 1 hit, 1 false alarm, 1 miss: 2 / 4.
  // Matthews = (2 · 1 − 1 · 1) / sqrt(3 · 3 · 2 · 2) = 1 / 6.
  const found = score([1, 1, 1, 0, 0], [1, 1, 0, 1, 0], ['accuracy', 'f1', 'macroF1', 'matthews']);
  expect(found.accuracy).toBeCloseTo(3 / 5, 12);
  expect(found.f1).toBeCloseTo(2 / 3, 12);
  expect(found.macroF1).toBeCloseTo((2 / 3 + 1 / 2) / 2, 12);
  expect(found.matthews).toBeCloseTo(1 / 6, 12);
});

test('nothing to score is refused', () => {
  expect(() => score([], [], ['accuracy'])).toThrow('0 predictions cannot be scored against 0 labels');
  expect(() => score([1], [1, 0], ['accuracy'])).toThrow('2 predictions cannot be scored against 1 labels');
});
