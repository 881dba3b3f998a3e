import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { recipeSchema, type Recipe } from '../recipe/recipe';
import {
  choiceOf,
  fitRecipe,
  keptLayers,
  presetStates,
  recipeTitle,
  resizeByHand,
  runName,
  servedKeep,
  studentName,
  withContext,
  withKeep,
  withLayers,
  withStrategy,
} from './selectionState';

const config = {
  nLayer: 12,
  nHead: 3,
  nEmbd: 96,
  nPositions: 128,
  vocabSize: 2048,
  nInner: 384,
  activation: 'gelu_new' as const,
  layerNormEpsilon: 1e-5,
};
const teacher = { ref: 'demo', name: 'demo', config };
const methods = [{ id: 'vanilla-kd', label: 'Vanilla KD' }];

function recipe(selection: Recipe['selection'] = { strategy: 'pseudo-uniform', keep: 6 }): Recipe {
  return recipeSchema.parse({
    version: 1,
    teacher: { model: 'demo' },
    selection,
    stages: [{ method: 'vanilla-kd', steps: 200 }],
  });
}

describe('a selection', () => {
  test('of a rule keeps what the rule gives', () => {
    expect(keptLayers(recipe(), teacher)).toEqual([0, 2, 4, 7, 9, 11]);
    expect(choiceOf(recipe())).toBe('pseudo-uniform');
  });

  test('touched by hand becomes manual, sorted and without doubles', () => {
    const edited = withLayers(recipe(), [7, 1, 7, 3]);
    expect(edited.selection).toEqual({ layers: [1, 3, 7] });
    expect(choiceOf(edited)).toBe('manual');
  });

  test('never becomes empty: the recipe stays the same object', () => {
    const before = recipe({ layers: [4] });
    expect(withLayers(before, [])).toBe(before);
  });

  test('set to what it is stays the same object, so that undo has no empty steps', () => {
    const before = recipe({ layers: [1, 4] });
    expect(withLayers(before, [4, 1])).toBe(before);
  });

  test('null keeps the whole teacher', () => {
    expect(keptLayers(recipe(null), teacher)).toHaveLength(12);
  });
});

describe('another k', () => {
  test('keeps the rule', () => {
    expect(withKeep(recipe(), teacher, 4).selection).toEqual({ strategy: 'pseudo-uniform', keep: 4 });
  });

  test('stops where the rule has no answer: six layers are in a half of twelve', () => {
    const bottom = withStrategy(recipe(), 'bottom-half', 6);
    // 12 of 12 is again an answer of every rule; 7 to 11 are none.
    expect(withKeep(bottom, teacher, 7).selection).toEqual({ strategy: 'bottom-half', keep: 6 });
    expect(servedKeep('bottom-half', 12, 9, 6, 1)).toBe(12);
  });

  test('by hand adds into the widest gap and takes out the most crowded', () => {
    expect(resizeByHand([0, 11], 12, 3)).toEqual([0, 5, 11]);
    expect(resizeByHand([0, 5, 6, 11], 12, 3)).toHaveLength(3);
    expect(resizeByHand([3], 12, 0)).toEqual([3]);
  });

  test('by hand gives any k, ascending and within the teacher', () => {
    const arbitrary = fc.integer({ min: 1, max: 40 }).chain((n) =>
      fc.record({
        n: fc.constant(n),
        k: fc.integer({ min: 1, max: n }),
        kept: fc.uniqueArray(fc.integer({ min: 0, max: n - 1 }), { minLength: 1, maxLength: n }),
      }),
    );
    fc.assert(
      fc.property(arbitrary, ({ n, k, kept }) => {
        const sorted = [...kept].sort((a, b) => a - b);
        const result = resizeByHand(sorted, n, k);
        expect(result).toEqual([...new Set(result)].sort((a, b) => a - b));
        expect(result).toHaveLength(k);
        expect(result.every((layer) => layer >= 0 && layer < n)).toBe(true);
      }),
    );
  });
});

describe('presets', () => {
  test('that cannot serve n and k say why', () => {
    const bottom = presetStates(12, 8, 1).find((state) => state.strategy === 'bottom-half')!;
    expect(bottom.layers).toEqual([]);
    expect(bottom.refusal).toContain('bottom half of 12 layers holds 6');
  });
});

describe('a new teacher', () => {
  const medium = { ref: 'hf:a/medium', name: 'medium', config: { ...config, nLayer: 24, nPositions: 64 } };

  test('gets the rule with half of its layers, and windows that it can read', () => {
    const fitted = fitRecipe(recipe(), medium);
    expect(fitted.teacher.model).toBe('hf:a/medium');
    expect(fitted.selection).toEqual({ strategy: 'pseudo-uniform', keep: 12 });
    expect(fitted.data).toMatchObject({ contextLength: 64 });
    expect(fitted.evaluation.window).toBe(64);
  });

  test('of fewer layers takes the place of a choice by hand that it cannot serve', () => {
    const small = { ref: 'demo', name: 'demo', config: { ...config, nLayer: 4 } };
    expect(fitRecipe(recipe({ layers: [0, 9] }), small).selection).toEqual({
      strategy: 'pseudo-uniform',
      keep: 2,
    });
  });

  test('that fits leaves the recipe the same object', () => {
    const before = recipe();
    expect(fitRecipe(before, teacher)).toBe(before);
  });
});

describe('names', () => {
  test('are made of teacher, layers and method', () => {
    expect(studentName(recipe(), teacher)).toBe('demo-6-pseudo');
    expect(recipeTitle(recipe(), teacher, methods)).toBe('demo to 6 layers, Vanilla KD');
    expect(recipeTitle({ ...recipe(), name: 'mine' }, teacher, methods)).toBe('mine');
  });

  test('of runs are numbered when they are taken', () => {
    const state = { recipe: recipe(), teacher, methods, runs: [{ name: 'Pseudo-uniform 6, Vanilla KD' }] };
    expect(runName(state)).toBe('Pseudo-uniform 6, Vanilla KD 2');
  });
});

test('evaluation follows the context length without overlap', () => {
  expect(withContext(recipe(), 32).evaluation).toMatchObject({ window: 32, stride: 32 });
});
