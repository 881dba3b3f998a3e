import { expect, test } from 'vitest';
import { RecipeError } from '../errors';
import { parseRecipe } from './recipe';
import type { MethodSettings } from './settings';

const methods: MethodSettings[] = [
  {
    id: 'vanilla-kd',
    settings: {
      alpha: {
        kind: 'number',
        label: 'Weight',
        default: 0.5,
        min: 0,
        max: 1,
        step: 0.05,
        hint: '',
        source: '',
      },
      form: {
        kind: 'choice',
        label: 'Form',
        default: 'a',
        choices: [
          { value: 'a', label: 'A' },
          { value: 'b', label: 'B' },
        ],
        hint: '',
        source: '',
      },
    },
  },
];

const recipe = (change: Record<string, unknown> = {}) => ({
  version: 1,
  teacher: { model: 'demo' },
  selection: { strategy: 'uniform', keep: 6 },
  stages: [{ method: 'vanilla-kd', steps: 10 }],
  ...change,
});

const refusal = (value: unknown): RecipeError => {
  try {
    parseRecipe(value, methods);
  } catch (error) {
    if (error instanceof RecipeError) return error;
    throw error;
  }
  throw new Error('the recipe was accepted');
};

test('defaults are filled in, those of the method too', () => {
  const parsed = parseRecipe(recipe(), methods);
  expect(parsed.seed).toBe(1);
  expect(parsed.data).toEqual({ kind: 'lm', train: 'demo', validation: 'demo', contextLength: 128 });
  expect(parsed.stages[0]!.settings).toEqual({ alpha: 0.5, form: 'a' });
  expect(parsed.stages[0]!.optimizer.gradClip).toBe(1);
});

test('parsing a parsed recipe changes nothing', () => {
  const once = parseRecipe(recipe(), methods);
  expect(parseRecipe(once, methods)).toEqual(once);
});

test('an unknown field is refused with its path', () => {
  expect(
    refusal(recipe({ stages: [{ method: 'vanilla-kd', steps: 1, optimizer: { lr: 1 } }] })).message,
  ).toBe('stages.0.optimizer.lr is not a field of a recipe');
});

test('a setting that the method does not have is refused with the ones it has', () => {
  const error = refusal(recipe({ stages: [{ method: 'vanilla-kd', steps: 1, settings: { gamma: 1 } }] }));
  expect(error.message).toBe('stages.0.settings.gamma is not a setting of vanilla-kd');
  expect(error.hint).toContain('alpha, form');
});

test('a setting beyond its limits is refused with both', () => {
  expect(
    refusal(recipe({ stages: [{ method: 'vanilla-kd', steps: 1, settings: { alpha: 2 } }] })).message,
  ).toBe('stages.0.settings.alpha is 2, expected a number from 0 to 1');
  expect(
    refusal(recipe({ stages: [{ method: 'vanilla-kd', steps: 1, settings: { form: 'c' } }] })).message,
  ).toBe('stages.0.settings.form is "c"');
});

test('an unknown method, a missing version and a stage without a length are refused', () => {
  expect(refusal(recipe({ stages: [{ method: 'magic', steps: 1 }] })).message).toContain('stages.0.method');
  expect(refusal({ ...recipe(), version: undefined }).message).toContain('no version');
  expect(refusal(recipe({ version: 2 })).message).toContain('version 2');
  expect(refusal(recipe({ stages: [{ method: 'vanilla-kd' }] })).message).toContain('stages.0');
  expect(refusal(recipe({ stages: [{ method: 'vanilla-kd', steps: 1, epochs: 1 }] })).message).toContain(
    'stages.0',
  );
  expect(refusal([]).message).toContain('not a JSON object');
});

test('a source of text may name a column, one of rows may not', () => {
  const part = { source: 'file:a.parquet', column: 'body' };
  const data = (given: object) => parseRecipe(recipe({ data: given }), methods).data;
  expect(data({ train: part })).toMatchObject({ train: { ...part, fraction: 1 }, validation: 'demo' });
  expect(() => data({ kind: 'task', task: 'glue/rte', train: part })).toThrow(/^data/);
});
