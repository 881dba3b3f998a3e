import { expect, test } from 'vitest';
import { HUB_TEXTS, hubSourceOf, hubTaskOf } from '../data/hubDatasets';
import { METHODS } from '../methods/index';
import { selectLayers } from '../model/selection';
import { partOf } from '../recipe/data';
import { parseRecipe, type Recipe } from '../recipe/recipe';
import { workOf } from './compare';
import { recipeDifferences } from './differences';
import type { OwnRun } from './own';
import { paperRecipes } from './recipes';
import { PAPER_TABLES } from './tables';
import { FAMILIES, WORKS, type Work } from './works';

const all = paperRecipes().map(({ id, work, recipe }) => ({
  id,
  work,
  recipe: parseRecipe(recipe, METHODS),
}));

const asRun = (recipe: Recipe, work: Work): OwnRun => ({
  ...{ id: 'r', name: 'r', recipe, parameters: null, state: null, device: null, timeMs: null },
  layers: work.layers ?? Array.from({ length: FAMILIES[work.teacher].layers }, (_, layer) => layer),
  ...{ zeroShot: null, preTrained: null, perplexity: null, scoredTokens: null, scores: null },
});

test('every row with figures has a recipe, and every recipe a row', () => {
  const places = new Set(WORKS.flatMap((work) => work.places.map(({ table, row }) => `${table} ${row}`)));
  const rows = PAPER_TABLES.filter(({ number }) => number !== 6).flatMap(({ number, rows: of }) =>
    of.map(({ model }) => `${number} ${model}`),
  );
  expect([...places].sort()).toEqual(rows.sort());
  expect(new Set(all.map(({ id }) => id)).size).toBe(WORKS.length);
});

test('a run of a recipe stands at the row that the recipe was made for', () => {
  for (const { id, work, recipe } of all) expect(workOf(asRun(recipe, work))?.id, id).toBe(work.id);
});

test('a rule gives the layers that are printed', () => {
  for (const { id, work, recipe } of all) {
    if (!recipe.selection || !('strategy' in recipe.selection)) continue;
    const { strategy, keep } = recipe.selection;
    const { layers } = selectLayers(strategy, FAMILIES[work.teacher].layers, keep, recipe.seed);
    expect(layers, id).toEqual(work.layers);
  }
});

test('sources are those of the data sets that Decant knows', () => {
  const known = new Set([
    ...HUB_TEXTS.flatMap((text) =>
      Object.values(text.splits).map((split) => hubSourceOf(text, split as string)),
    ),
  ]);
  for (const { id, recipe } of all) {
    const { data } = recipe;
    if (data.kind === 'task') {
      const preset = hubTaskOf(data.task)!;
      expect(partOf(data.train).source, id).toBe(hubSourceOf(preset, preset.splits.train));
      expect(partOf(data.validation).source, id).toBe(hubSourceOf(preset, preset.splits.validation!));
    }
    for (const text of [data, ...recipe.stages.flatMap((stage) => stage.data ?? [])]) {
      if (text.kind !== 'lm') continue;
      expect(known, id).toContain(partOf(text.train).source);
      expect(known, id).toContain(partOf(text.validation).source);
    }
  }
});

test('what differs from the paper is said of each', () => {
  const said = (id: string) => {
    const { recipe, work } = all.find((one) => one.id === id)!;
    return recipeDifferences(recipe, work).map(({ text }) => text);
  };
  expect(said('tables-3-4-row-2')).toEqual([
    '0.5 % of OpenWebText; the paper: 50 % of OpenWebText.',
    'Pre-training: 1 epoch; the paper: 3 epochs.',
    'Learns from 10 % of WikiText-103; the paper from all of WikiText-103.',
    '1 epoch; the paper: 6 epochs.',
    'Windows of 512 tokens without overlap. The paper does not say how it windowed.',
    'One device; the paper used 4 or 8 GPUs.',
  ]);
  expect(said('table-2-matekd-sst2')[0]).toBe(
    'The student starts from layers 0, 2, 4, 7, 9, 11 of GPT2; the paper’s is DistilGPT2.',
  );
  for (const { id } of all) expect(said(id).length, id).toBeGreaterThan(1);
});
