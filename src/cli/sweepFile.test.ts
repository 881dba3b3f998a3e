import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { METHODS } from '../methods/index';
import { candidatesOf, chosenMethods, readSweep } from './sweepFile';

const folder = mkdtempSync(join(tmpdir(), 'decant-sweep-'));
const recipe = {
  version: 1,
  teacher: { model: 'demo' },
  selection: { strategy: 'pseudo-uniform', keep: 6 },
  stages: [{ method: 'vanilla-kd', settings: { temperature: 4 }, steps: 20 }],
};

function written(name: string, value: unknown): string {
  const path = join(folder, name);
  writeFileSync(path, JSON.stringify(value));
  return path;
}

test('methods take the place of the last stage’s, and everything else stays', async () => {
  const methods = [{ method: 'fine-tune' }, { method: 'mate-kd', settings: { studentSteps: 5 } }];
  const path = written('sweep.json', { version: 1, recipe, methods, seeds: [1, 2] });
  const candidates = candidatesOf(await readSweep(path, ['stages.0.steps=7']), 12, METHODS);
  expect(candidates.map(({ runId }) => runId)).toEqual([
    'fine-tune-pseudo-uniform-6-1',
    'mate-kd-pseudo-uniform-6-1',
    'fine-tune-pseudo-uniform-6-2',
    'mate-kd-pseudo-uniform-6-2',
  ]);
  for (const { recipe: own, seed, layers } of candidates) {
    expect(own).toMatchObject({ seed, stages: [{ steps: 7, batchSize: 8 }] });
    expect(layers).toEqual([0, 2, 4, 7, 9, 11]);
  }
  expect(candidates[1]!.recipe.stages[0]!.settings).toMatchObject({ studentSteps: 5, generatorSteps: 10 });
});

test('a plain recipe is a sweep of one run, with its own selection and method', async () => {
  const path = written('recipe.json', { ...recipe, selection: { layers: [0, 5, 11] } });
  const candidates = candidatesOf(await readSweep(path, []), 12, METHODS);
  expect(candidates).toMatchObject([{ method: 'vanilla-kd', keep: 3, seed: 1, layers: [0, 5, 11] }]);
});

test('strategies and sizes multiply; one of the two is taken from the recipe', async () => {
  const sweep = await readSweep(written('recipe.json', recipe), []);
  const chosen = { ...sweep, lists: { strategies: ['uniform', 'top-half'] as const } };
  expect(candidatesOf(chosen, 12, METHODS).map(({ runId }) => runId)).toEqual([
    'uniform-6-1',
    'top-half-6-1',
  ]);
  expect(candidatesOf({ ...sweep, lists: { keep: [4, 3] } }, 12, METHODS)).toMatchObject([
    { strategy: 'pseudo-uniform', keep: 4 },
    { strategy: 'pseudo-uniform', keep: 3 },
  ]);
});

test('a method named on the command line has the settings of the file, else of the recipe, else its own', async () => {
  const methods = [{ method: 'mate-kd', settings: { studentSteps: 5 } }];
  const sweep = await readSweep(written('sweep.json', { version: 1, recipe, methods }), []);
  expect(chosenMethods(['mate-kd', 'vanilla-kd', 'rail-kd'], sweep)).toMatchObject([
    { method: 'mate-kd', settings: { studentSteps: 5 } },
    { method: 'vanilla-kd', settings: { temperature: 4 } },
    { method: 'rail-kd', settings: {} },
  ]);
});

test('what cannot run is refused with the field', async () => {
  const sweep = await readSweep(written('recipe.json', recipe), []);
  const methods = (name: string) => ({ ...sweep, lists: { methods: [{ method: name, settings: {} }] } });
  expect(() => candidatesOf(methods('mate'), 12, METHODS)).toThrow('stages.0.method is "mate"');
  const untrained = { recipe: { ...sweep.recipe, stages: [] }, lists: methods('fine-tune').lists };
  expect(() => candidatesOf(untrained, 12, METHODS)).toThrow('the recipe has no stages');
  const own = { recipe: { ...sweep.recipe, selection: null }, lists: { keep: [3] } };
  expect(() => candidatesOf(own, 12, METHODS)).toThrow('--strategies is missing');
  await expect(readSweep(written('bad.json', { version: 1, recipe, seeds: ['a'] }), [])).rejects.toThrow(
    'seeds.0: ',
  );
  await expect(readSweep(written('more.json', { version: 1, recipe, method: [] }), [])).rejects.toThrow(
    'method',
  );
});

test('variants are other recipes under names, changed as --set changes them', async () => {
  const variants = [{ name: 'raw' }, { name: 'cleaned', set: { 'data.cleaning': {}, 'stages.0.steps': 9 } }];
  const path = written('variants.json', { version: 1, recipe, variants, seeds: [1] });
  const candidates = candidatesOf(await readSweep(path, ['stages.0.batchSize=2']), 12, METHODS);
  expect(candidates.map(({ runId, variant }) => [runId, variant])).toEqual([
    ['raw-pseudo-uniform-6-1', 'raw'],
    ['cleaned-pseudo-uniform-6-1', 'cleaned'],
  ]);
  const [raw, cleaned] = candidates.map((candidate) => candidate.recipe);
  expect(raw!.data).not.toHaveProperty('cleaning');
  expect(cleaned!.data).toMatchObject({ cleaning: { minWords: 5, duplicates: 'exact' } });
  expect([raw!.stages[0], cleaned!.stages[0]]).toMatchObject([
    { steps: 20, batchSize: 2 },
    { steps: 9, batchSize: 2 },
  ]);
  await expect(
    readSweep(written('bad.json', { version: 1, recipe, variants: [{ name: 'a b' }] }), []),
  ).rejects.toThrow('variants.0.name: a variant has a name of letters, digits and hyphens');
});
