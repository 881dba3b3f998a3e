import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { candidatesOf, readSweep } from '../src/cli/sweepFile';
import { METHODS } from '../src/methods/index';
import { parseConfig } from '../src/model/config';
import { parseRecipe, type Recipe } from '../src/recipe/recipe';
import { paperRecipeFiles } from './write-paper-recipes';

/** Recipes with a list of methods beside them. */
const LISTS = [
  'methods-sweep.json',
  'wikitext-sweep.json',
  'wordnet-category-sweep.json',
  'wordnet-same-sense-sweep.json',
];
/** A recipe with variants beside it. */
const CLEANING = 'cleaning-sweep.json';
const folder = new URL('../recipes/', import.meta.url);
const read = (name: string): Recipe =>
  parseRecipe(JSON.parse(readFileSync(new URL(name, folder), 'utf8')), METHODS);

test('every recipe of the project is valid', () => {
  const all = readdirSync(folder).filter((name) => name.endsWith('.json'));
  const names = all.filter((name) => ![...LISTS, CLEANING].includes(name));
  expect(names).toEqual(expect.arrayContaining(['demo-sweep.json', 'demo-teacher.json', 'demo.json']));
  for (const name of names) expect(() => read(name), name).not.toThrow();
});

test.each(LISTS)(
  '%s compares methods that differ in nothing but the method, fine-tuning among them',
  async (name) => {
    const candidates = candidatesOf(await readSweep(fileURLToPath(new URL(name, folder)), []), 12, METHODS);
    expect(new Set(candidates.map(({ seed }) => seed))).toEqual(new Set([1, 2, 3]));
    expect(candidates.map(({ method }) => method)).toContain('fine-tune');
    const common = candidates.map(({ recipe }) => ({
      ...recipe,
      seed: 0,
      stages: recipe.stages.map((stage) => ({ ...stage, method: '', settings: {} })),
    }));
    for (const recipe of common) expect(recipe).toEqual(common[0]);
  },
);

test('the cleaning sweep trains on the same pages, raw and cleaned, at equal data and at equal steps', async () => {
  const candidates = candidatesOf(await readSweep(fileURLToPath(new URL(CLEANING, folder)), []), 12, METHODS);
  expect(candidates).toHaveLength(9);
  const first = (variant: string) => candidates.find((candidate) => candidate.variant === variant)!.recipe;
  const { cleaning, ...data } = first('cleaned-equal-data').data as Recipe['data'] & { cleaning?: unknown };
  expect(cleaning).toMatchObject({ minWords: 5, maxSymbols: 0.1 });
  expect(data).toEqual(first('raw').data);
  expect(first('cleaned-equal-data').stages).toEqual(first('raw').stages);
  expect(first('cleaned-equal-steps').data).toEqual(first('cleaned-equal-data').data);
});

test('the demo run distils the pseudo-uniform half for 200 steps', () => {
  const { selection, stages, teacher } = read('demo.json');
  expect(teacher.model).toBe('demo');
  expect(selection).toEqual({ strategy: 'pseudo-uniform', keep: 6 });
  expect(stages.map(({ method, steps }) => [method, steps])).toEqual([['vanilla-kd', 200]]);
});

test('the sweep differs from the demo run in what is measured only', () => {
  const { name: _name, evaluation: _evaluation, ...sweep } = read('demo-sweep.json');
  const { name: _other, evaluation: _every, ...demo } = read('demo.json');
  expect(sweep).toEqual(demo);
});

test('the teacher recipe makes a model of the bundled teacher’s sizes', () => {
  const { model } = read('demo-teacher.json').teacher;
  const bundled = JSON.parse(
    readFileSync(new URL('../public/demo/teacher/config.json', import.meta.url), 'utf8'),
  ) as unknown;
  expect(typeof model).toBe('object');
  if (typeof model === 'object') {
    expect(parseConfig({ model_type: 'gpt2', ...model.config })).toEqual(parseConfig(bundled));
  }
});

test('the paper’s recipes are what src/paper makes of its rows (write-paper-recipes.ts writes them)', () => {
  const paper = new URL('paper/', folder);
  const written = readdirSync(paper).map(
    (name) => [name, readFileSync(new URL(name, paper), 'utf8')] as const,
  );
  expect(new Map(written)).toEqual(paperRecipeFiles());
});
