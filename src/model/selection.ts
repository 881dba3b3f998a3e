/**
 * Which teacher layers a student keeps: n teacher layers, k student layers, counted from 0. Pure: the studio and
 * the command line import this file too.
 *
 * Source: "A Short Study on Compressing Decoder-Based Language Models", section 2.2, algorithm 1, appendix A.1 and
 * table 7. Where the printed table parts from its own rule, the printed set wins for that teacher and the note says
 * so; where a rule is not defined for an n or k, the note says how it was continued.
 */
import { SelectionError } from '../errors';
import { randomStream } from '../random';
import { STRATEGIES, type Strategy } from '../recipe/recipe';

export interface LayerSelection {
  /** Ascending, distinct, within 0..n-1; length k. */
  layers: number[];
  /** One or two sentences where the set is not simply what the paper's rule gives. */
  note?: string;
}

/** What the strategies are called on the page and in the paper's tables. */
export const STRATEGY_LABELS: Readonly<Record<Strategy, { label: string; paper: string; rule: string }>> = {
  uniform: { label: 'Uniform', paper: 'uniform', rule: 'Equal steps from the first layer on.' },
  'uniform-2': {
    label: 'Uniform, variant',
    paper: 'uniform-2',
    rule: 'Equal steps from the first layer on; the last one kept is the one before the last.',
  },
  'pseudo-uniform': {
    label: 'Pseudo-uniform',
    paper: 'psudo',
    rule: 'Pairs from both ends inwards: the first and the last layer are always kept.',
  },
  'bottom-half': { label: 'Bottom half', paper: '6bh', rule: 'Spread evenly over the bottom half.' },
  'top-half': { label: 'Top half', paper: '6th', rule: 'Spread evenly over the top half.' },
  random: { label: 'Random', paper: 'random', rule: 'Any k layers, drawn with the seed.' },
};

/** The rows of table 7 that its rules do not give, by strategy, n and k. */
const PRINTED: Readonly<Record<string, readonly number[]>> = {
  'uniform-2 24 6': [0, 5, 10, 15, 20, 23],
  'bottom-half 24 6': [0, 2, 4, 6, 8, 10],
  'bottom-half 36 6': [0, 2, 4, 7, 9, 12],
  'top-half 36 6': [13, 17, 21, 26, 30, 35],
};

function range(length: number, at: (i: number) => number): number[] {
  return Array.from({ length }, (_, i) => at(i));
}

const ascending = (a: number, b: number) => a - b;

/** step = floor((n-1)/(k-1)); i step. */
function uniform(n: number, k: number): LayerSelection {
  if (k === 1) return { layers: [0] };
  const step = Math.floor((n - 1) / (k - 1));
  return { layers: range(k, (i) => i * step) };
}

/** step = ceil(n/(k-1)), or the largest that stays below n-2; i step for the first k-1, then n-2. */
function uniformVariant(n: number, k: number): LayerSelection {
  const last = n - 2;
  if (k <= 2) return { layers: k === 1 ? [last] : [0, last] };
  const asked = Math.ceil(n / (k - 1));
  const step = Math.min(asked, Math.floor((n - 3) / (k - 2)));
  const layers = [...range(k - 1, (i) => i * step), last];
  if (step === asked) return { layers };
  return {
    layers,
    note:
      `The variant's step of ${asked} would reach h.${(k - 2) * asked}, past the layer before the last. ` +
      `Decant takes the largest step that fits: ${step}.`,
  };
}

/**
 * Algorithm 1, sorted: pairs (s, n-1-s) for s = 0, n/k, 2n/k, ... It is defined for k even and n a multiple of k.
 * Continued here by rounding i n/k down, which leaves no gap in the middle, and for k odd by the middle layer.
 */
function pseudoUniform(n: number, k: number): LayerSelection {
  const starts = range(Math.floor(k / 2), (i) => Math.floor((i * n) / k));
  const pairs = starts.flatMap((start) => [start, n - 1 - start]);
  if (k % 2 === 1) {
    const middle = Math.floor((n - 1) / 2);
    const kept = n % 2 === 0 ? 'one layer of the middle pair' : 'the middle layer';
    return {
      layers: [...pairs, middle].sort(ascending),
      note: `The paper defines pseudo-uniform for even k. For k = ${k} Decant keeps ${kept}: h.${middle}.`,
    };
  }
  const layers = pairs.sort(ascending);
  if (n % k === 0) return { layers };
  return {
    layers,
    note:
      `The paper defines pseudo-uniform for n a multiple of k. For ${k} of ${n} layers Decant walks inwards in ` +
      `steps of ${n}/${k}, rounded down.`,
  };
}

/** floor of k evenly spaced points over the h = n/2 layers from `first(h)` on. */
function half(strategy: 'bottom-half' | 'top-half', n: number, k: number): LayerSelection {
  const side = strategy === 'bottom-half' ? 'bottom' : 'top';
  const h = Math.ceil(n / 2);
  if (k > h) {
    throw new SelectionError(
      `the ${side} half of ${n} layers holds ${h}, and ${k} are to be kept`,
      `Keep at most ${h}, or choose another strategy.`,
    );
  }
  const first = side === 'bottom' ? 0 : n - h;
  const layers = range(k, (i) => first + (k === 1 ? 0 : Math.floor((i * (h - 1)) / (k - 1))));
  if (n % 2 === 0) return { layers };
  return {
    layers,
    note: `${n} layers have no even half; Decant counts the middle layer h.${h - 1} to both.`,
  };
}

function byRule(strategy: Strategy, n: number, k: number, seed: number): LayerSelection {
  switch (strategy) {
    case 'uniform':
      return uniform(n, k);
    case 'uniform-2':
      return uniformVariant(n, k);
    case 'pseudo-uniform':
      return pseudoUniform(n, k);
    case 'bottom-half':
    case 'top-half':
      return half(strategy, n, k);
    case 'random':
      return { layers: [...randomStream(seed, 'selection').permutation(n).subarray(0, k)].sort(ascending) };
  }
}

function checkCount(name: string, value: number): void {
  if (!Number.isSafeInteger(value) || value < 1) {
    throw new SelectionError(`${name} is ${value}, expected a whole number of at least 1`);
  }
}

/**
 * The k of n teacher layers that a strategy keeps; `seed` matters to `random` only. Throws SelectionError when the
 * strategy has no answer for n and k.
 */
export function selectLayers(strategy: Strategy, n: number, k: number, seed = 1): LayerSelection {
  if (!STRATEGIES.includes(strategy)) {
    throw new SelectionError(
      `${JSON.stringify(strategy)} is not a selection strategy`,
      `There are ${STRATEGIES.join(', ')}.`,
    );
  }
  checkCount('the number of teacher layers', n);
  checkCount('the number of layers to keep', k);
  if (k > n) {
    throw new SelectionError(
      `${k} layers are to be kept, and the teacher has ${n}`,
      `Keep between 1 and ${n} layers.`,
    );
  }
  if (k === n) return { layers: range(n, (i) => i) };
  const rule = byRule(strategy, n, k, seed);
  const printed = PRINTED[`${strategy} ${n} ${k}`];
  if (!printed) return rule;
  return {
    layers: [...printed],
    note: `Table 7 of the paper prints ${printed.join(' ')}; its own rule gives ${rule.layers.join(' ')}. The printed set is used.`,
  };
}

/**
 * A choice by hand, sorted. Throws SelectionError when it is empty, repeats a layer, or names one that the teacher
 * of n layers does not have.
 */
export function checkLayers(layers: readonly number[], n: number): number[] {
  checkCount('the number of teacher layers', n);
  if (layers.length === 0) throw new SelectionError('no layer is kept', 'Keep at least one.');
  const sorted = [...layers].sort(ascending);
  for (const [i, layer] of sorted.entries()) {
    if (!Number.isInteger(layer) || layer < 0 || layer >= n) {
      throw new SelectionError(`the teacher has no layer ${layer}`, `Its layers are 0 to ${n - 1}.`);
    }
    if (layer === sorted[i - 1]) {
      throw new SelectionError(`layer ${layer} is named twice`, 'Each teacher layer can be kept once.');
    }
  }
  return sorted;
}
