import { describe, expect, test } from 'vitest';
import { METHODS } from '../../methods/index';
import { methodCard } from '../../methods/method';
import { resolvedSettings } from '../../recipe/settings';
import type { Distribution } from '../../worker/protocol';
import { alignedTokens, changeWords } from './changed';
import { exampleDraw } from './layerDraw';
import { nowLine } from './nowLine';
import { roundsOf, roundWords } from './rounds';
import { columnLabel, divergence, namedTokens, tokenBars } from './softTarget';
import { movedWeights, rescale, rounded, weightParts } from './weights';

const card = (id: string) => methodCard(METHODS.find((one) => one.id === id)!);

/** Ten words; the true one is number 7, which neither model expects. */
const distribution: Distribution = {
  passage: [
    { id: 0, text: 'The' },
    { id: 7, text: ' near' },
  ],
  passages: 1,
  position: 1,
  teacher: Float32Array.of(4, 3, 2.5, 2, 1.5, 1, 0.5, 0, -1, -2),
  student: Float32Array.of(1, 2, 0, 1, 0, 0, 0, 0, 5, 0),
  words: Array.from({ length: 10 }, (_, id) => ({ id, text: ` w${id}` })),
};

describe('soft target', () => {
  test('bars and rest add up to 1 at any temperature, before and after', () => {
    for (const temperature of [0.5, 1, 2, 20]) {
      const bars = tokenBars(distribution, temperature);
      expect(bars).toHaveLength(7);
      for (const of of ['before', 'teacher', 'student'] as const)
        expect(bars.reduce((sum, bar) => sum + bar[of], 0)).toBeCloseTo(1, 6);
    }
    const [cold, hot] = [tokenBars(distribution, 1), tokenBars(distribution, 20)];
    expect(cold[0]!.teacher).toBeCloseTo(cold[0]!.before, 12);
    // softmax of ten nearly equal numbers
    expect(hot[0]!.teacher).toBeGreaterThan(0.1);
    expect(hot[0]!.teacher).toBeLessThan(0.13);
  });
  test('the true token and both first choices are named, and columns do not move with T', () => {
    const ids = namedTokens(distribution);
    expect(ids).toEqual([0, 1, 2, 3, 7, 8]);
    expect(tokenBars(distribution, 9).map(({ id }) => id)).toEqual([...ids, undefined]);
    expect(
      tokenBars(distribution, 1)
        .filter(({ gold }) => gold)
        .map(({ id }) => id),
    ).toEqual([7]);
  });
  test('the divergence is that of the definition, and 0 of a row with itself', () => {
    const softmax = (z: Float32Array, T: number) => {
      const e = Array.from(z, (value) => Math.exp(value / T));
      const sum = e.reduce((a, b) => a + b, 0);
      return e.map((value) => value / sum);
    };
    const [p, q] = [softmax(distribution.teacher, 2), softmax(distribution.student, 2)];
    const expected = p.reduce((sum, share, id) => sum + share * Math.log(share / q[id]!), 0);
    expect(divergence(distribution.teacher, distribution.student, 2)).toBeCloseTo(expected, 6);
    expect(divergence(distribution.teacher, distribution.teacher, 2)).toBeCloseTo(0, 9);
  });
  test('a column is named by its word', () => {
    expect([' near', '\n', ' ', ' representation'].map(columnLabel)).toEqual(['near', '↵', '␣', 'repres…']);
  });
});

describe('weights that add up to 1', () => {
  test('moving one leaves the others their proportions', () => {
    expect(rescale([0.5, 0.3, 0.2], 0, 0.75)).toEqual([0.75, expect.closeTo(0.15), expect.closeTo(0.1)]);
    expect(rescale([1, 0, 0], 0, 0.4)).toEqual([0.4, 0.3, 0.3]);
    expect(rescale([0.5, 0.5], 1, 2)).toEqual([0, 1]);
  });
  test('rounding takes nothing away', () => {
    const values = rounded([1 / 3, 1 / 3, 1 / 3]);
    expect(values.reduce((sum, value) => sum + value, 0)).toBe(1);
  });
  test('RAIL-KD has three fields, vanilla KD one and the rest', () => {
    const { settings } = card('rail-kd');
    const rail = weightParts(settings, {});
    expect(rail.map(({ term }) => term)).toEqual(['hard', 'soft', 'rail']);
    const moved = movedWeights(rail, 2, 0.5);
    expect(moved).toEqual({ hardWeight: 0.25, softWeight: 0.25, railWeight: 0.5 });
    const vanilla = weightParts(card('vanilla-kd').settings, { alpha: 0.2 });
    expect(vanilla.map(({ term, value }) => [term, value])).toEqual([
      ['hard', 0.2],
      ['soft', 0.8],
    ]);
    expect(movedWeights(vanilla, 1, 0.3)).toEqual({ alpha: 0.7 });
    expect(weightParts(card('label-smoothing').settings, {})).toEqual([]);
  });
});

describe('rewritten text', () => {
  const tokens = ['The', ' river', ' leaves', ' the', ' lake', ' near'].map((before) => ({
    before,
    after: before,
  }));
  tokens[1] = { before: ' river', after: ' clock' };
  tokens[5] = { before: ' near', after: '\nbefore' };
  test('token stands under token, and the stretch with most replacements is shown', () => {
    const all = alignedTokens({ tokens }, 12);
    expect(all.map(({ replaced }) => replaced)).toEqual([false, true, false, false, false, true]);
    expect(all[5]).toEqual({ before: ' near', after: '↵before', replaced: true });
    expect(alignedTokens({ tokens }, 5)[0]!.before).toBe(' river');
    expect(changeWords(all)).toBe('river became clock, near became ↵before');
  });
  test('where nothing was replaced it is said', () => {
    expect(changeWords(alignedTokens({ tokens: tokens.slice(2, 5) }, 12))).toMatch(/^No token/);
  });
});

describe('rounds of MATE-KD', () => {
  const settings = { warmupSteps: 4, generatorSteps: 1, studentSteps: 3 };
  test('are those of the method’s own plan', () => {
    const mate = METHODS.find(({ id }) => id === 'mate-kd')!;
    const kinds = ['warm-up', 'generator', 'student'] as const;
    for (const round of roundsOf(13, settings))
      for (let step = round.start; step < round.end; step++)
        expect(kinds[mate.partAt!(step, 13, settings).part]).toBe(round.kind);
    expect(roundsOf(13, settings).at(-1)!.end).toBe(13);
  });
  test('a place is named', () => {
    expect(roundWords(13, settings, 2)).toBe('warm-up, step 2 of 4');
    expect(roundWords(13, settings, 10)).toBe('round 2 of 3, student step 1');
    expect(roundWords(13, settings, 13)).toBe('finished');
  });
  test('of many rounds those around the present one are drawn', () => {
    const rounds = roundsOf(40_000, settings, 20_000);
    expect(rounds.length).toBeLessThanOrEqual(25);
    expect(rounds[0]!.start).toBeLessThan(20_000);
    expect(rounds.at(-1)!.end).toBeGreaterThan(20_000);
  });
});

test('an example of layers is sorted, leaves out the last one, and is the same for the same seed', () => {
  const draw = exampleDraw(12, 6, 1, 0)!;
  expect(draw).toHaveLength(5);
  expect(draw.every((layer, i) => layer < 11 && (i === 0 || layer > draw[i - 1]!))).toBe(true);
  expect(exampleDraw(12, 6, 1, 0)).toEqual(draw);
  expect(exampleDraw(12, 6, 1, 1)).not.toEqual(draw);
  expect(exampleDraw(12, 1, 1, 0)).toBeNull();
});

test('the line under the formula says what the settings make of it', () => {
  const line = (id: string, given = {}, standing: number | null = null) => {
    const { settings: specs } = card(id);
    return nowLine({ id, specs, settings: resolvedSettings(specs, given), classes: 50257, standing });
  };
  expect(line('vanilla-kd', { temperature: 4 })).toBe('now 0.5 CE + 8 KL');
  expect(line('rail-kd')).toBe('now 0.33 CE + 1.33 KL + 0.33 distance');
  expect(line('label-smoothing')).toBe('K = 50,257: now 0.900002 and 1.99e-6');
  expect(line('annealing-kd', {}, 0.5)).toBe('now t = 4, φ = 0.7');
  expect(line('annealing-kd', {}, 0.9)).toBe('now phase 2');
  expect(line('mate-kd')).toBe('now p 0.3 · n_G 10 · n_S 100');
  expect(line('fine-tune')).toBe('no settings of its own');
});
