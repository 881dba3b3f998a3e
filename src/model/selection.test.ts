import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SelectionError } from '../errors';
import { STRATEGIES, type Strategy } from '../recipe/recipe';
import { checkLayers, selectLayers, STRATEGY_LABELS } from './selection';

interface Case {
  n: number;
  k: number;
  strategy: string;
  printed?: number[];
  by_rule?: number[];
  printed_follows_rule?: boolean | null;
}
const fixture = JSON.parse(
  readFileSync(new URL('../../fixtures/selection.json', import.meta.url), 'utf8'),
) as { cases: Case[]; more_by_rule: Case[] };

const NAMES: Record<string, Strategy> = {
  uniform: 'uniform',
  'uniform-2': 'uniform-2',
  pseudo: 'pseudo-uniform',
  '6bh': 'bottom-half',
  '6th': 'top-half',
};

describe('table 7 and its rules', () => {
  const cases = [...fixture.cases, ...fixture.more_by_rule].filter((c) => c.strategy !== 'random');
  test('the fixture holds five strategies for four teachers and 30 sets more', () =>
    expect(cases).toHaveLength(50));

  for (const c of cases) {
    test(`${c.strategy} keeps ${c.k} of ${c.n} as ${c.printed ? 'printed' : 'by rule'}`, () => {
      expect(selectLayers(NAMES[c.strategy]!, c.n, c.k).layers).toEqual(c.printed ?? c.by_rule);
    });
  }

  test('exactly the four departing rows say both sets in their note', () => {
    const departing = fixture.cases.filter((c) => c.printed_follows_rule === false);
    expect(departing).toHaveLength(4);
    for (const c of fixture.cases.filter((each) => each.printed && each.strategy !== 'random')) {
      const { note } = selectLayers(NAMES[c.strategy]!, c.n, c.k);
      if (!departing.includes(c)) expect(note).toBeUndefined();
      else {
        expect(note).toContain(c.printed!.join(' '));
        expect(note).toContain(c.by_rule!.join(' '));
      }
    }
  });

  test('the variant says so where its step does not fit', () => {
    expect(selectLayers('uniform-2', 12, 6).note).toContain('step of 3 would reach h.12');
  });

  test('every strategy has its name in the paper', () => {
    expect(Object.keys(STRATEGY_LABELS)).toEqual([...STRATEGIES]);
  });
});

describe('any n and k', () => {
  const sizes = fc
    .integer({ min: 1, max: 200 })
    .chain((n) => fc.tuple(fc.constant(n), fc.integer({ min: 1, max: n })));

  test('a set has k ascending layers within the teacher, or a refused half says why', () => {
    fc.assert(
      fc.property(fc.constantFrom(...STRATEGIES), sizes, fc.nat(), (strategy, [n, k], seed) => {
        if (strategy.endsWith('half') && k < n && k > Math.ceil(n / 2)) {
          expect(() => selectLayers(strategy, n, k)).toThrow(SelectionError);
          return;
        }
        const { layers } = selectLayers(strategy, n, k, seed);
        expect(layers).toHaveLength(k);
        layers.forEach((layer, i) => {
          expect(Number.isInteger(layer)).toBe(true);
          expect(layer).toBeGreaterThan(layers[i - 1] ?? -1);
          expect(layer).toBeLessThan(n);
        });
        if (strategy === 'pseudo-uniform' && k > 1) expect([layers[0], layers.at(-1)]).toEqual([0, n - 1]);
        if (strategy === 'uniform-2' && k < n) expect(layers.at(-1)).toBe(n - 2);
      }),
      { numRuns: 2000, seed: 7 },
    );
  });

  test('all layers kept is the teacher, whatever the strategy', () => {
    for (const strategy of STRATEGIES) expect(selectLayers(strategy, 5, 5).layers).toEqual([0, 1, 2, 3, 4]);
  });

  test('pseudo-uniform continues to odd k with one middle layer', () => {
    expect(selectLayers('pseudo-uniform', 12, 5)).toEqual({
      layers: [0, 2, 5, 9, 11],
      note: 'The paper defines pseudo-uniform for even k. For k = 5 Decant keeps one layer of the middle pair: h.5.',
    });
    expect(selectLayers('pseudo-uniform', 11, 3).note).toContain('keeps the middle layer: h.5.');
  });

  test('pseudo-uniform continues to n that k does not divide without a hole in the middle', () => {
    expect(selectLayers('pseudo-uniform', 11, 6).layers).toEqual([0, 1, 3, 7, 9, 10]);
    expect(selectLayers('pseudo-uniform', 11, 6).note).toContain('steps of 11/6');
  });

  test('an odd teacher shares its middle layer between the halves', () => {
    expect(selectLayers('bottom-half', 5, 3).layers).toEqual([0, 1, 2]);
    expect(selectLayers('top-half', 5, 3).layers).toEqual([2, 3, 4]);
  });

  test('random follows the seed', () => {
    const draws = Array.from({ length: 20 }, (_, seed) => selectLayers('random', 24, 6, seed).layers.join());
    expect(new Set(draws).size).toBeGreaterThan(15);
    expect(selectLayers('random', 24, 6, 3)).toEqual(selectLayers('random', 24, 6, 3));
  });
});

describe('refusals', () => {
  test.each([
    [12, 0, /layers to keep is 0/],
    [12, 13, /13 layers are to be kept, and the teacher has 12/],
    [12, 2.5, /layers to keep is 2.5/],
    [0, 1, /teacher layers is 0/],
    [Number.NaN, 1, /teacher layers is NaN/],
  ])('n %s and k %s', (n, k, message) => {
    for (const strategy of STRATEGIES) expect(() => selectLayers(strategy, n, k)).toThrow(message);
  });

  test('a half that is too small says how many it holds', () => {
    expect(() => selectLayers('top-half', 12, 7)).toThrow(
      'the top half of 12 layers holds 6, and 7 are to be kept',
    );
  });

  test('an unknown strategy lists the known ones', () => {
    expect(() => selectLayers('best' as Strategy, 12, 6)).toThrow('"best" is not a selection strategy');
  });
});

describe('a choice by hand', () => {
  test('is sorted', () => expect(checkLayers([9, 0, 4], 12)).toEqual([0, 4, 9]));
  test.each([
    [[], 'no layer is kept'],
    [[1, 1], 'layer 1 is named twice'],
    [[12], 'the teacher has no layer 12'],
    [[-1], 'the teacher has no layer -1'],
    [[0.5], 'the teacher has no layer 0.5'],
  ])('%j is refused', (layers, message) => {
    expect(() => checkLayers(layers, 12)).toThrow(message);
  });
});
