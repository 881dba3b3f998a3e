import { describe, expect, test } from 'vitest';
import { rowLength } from '../recipe/data';
import { recipeSchema, type Recipe, type RecipeInput } from '../recipe/recipe';
import { findFits, type Limits, type Need } from './fit';

const recipeOf = (change: Partial<RecipeInput> = {}): Recipe =>
  recipeSchema.parse({
    version: 1,
    teacher: { model: 'demo' },
    selection: { strategy: 'uniform', keep: 6 },
    data: { contextLength: 512 },
    stages: [{ method: 'vanilla-kd', steps: 10, batchSize: 8 }],
    ...change,
  });

/** Weights 10 a layer and 100 of the teacher; activations 1 for every 512 tokens and layer, half with recompute. */
function needOf(recipe: Recipe): Need {
  const keep = recipe.selection && 'keep' in recipe.selection ? recipe.selection.keep : 12;
  const fixed = 10 * keep + (recipe.teacher.precision === 'f16' ? 50 : 100);
  const stageBytes = recipe.stages.map(({ batchSize, recompute }) => {
    const activations = (keep * batchSize * rowLength(recipe.data)) / 512;
    return fixed + activations * (recompute ? 0.5 : 1);
  });
  const work = ({ recompute }: Recipe['stages'][number]) => (recompute ? 1.25 : 1);
  return {
    bytes: Math.max(...stageBytes),
    stageBytes,
    largestBytes: 10,
    flops: recipe.stages.reduce((sum, stage) => sum + work(stage), 0),
  };
}

const limit = (bytes: number): Limits => ({ bytes, largestBytes: 100 });
const shape = (recipe: Recipe) =>
  recipe.stages.map(({ batchSize, gradAccumSteps }) => `${batchSize} × ${gradAccumSteps}`).join(', ');

describe('nearest set-ups', () => {
  test('a recipe that fits needs none', async () => {
    expect(await findFits(recipeOf(), needOf, limit(208))).toEqual([]);
  });

  test('each change that is enough alone is offered alone, as mild as it can be, least harm first', async () => {
    const found = await findFits(recipeOf(), needOf, limit(190));
    expect(found.map(({ ways }) => ways)).toEqual([['accumulate'], ['recompute'], ['f16-teacher']]);
    expect(found.map(({ work }) => work)).toEqual([1, 1.25, 1]);
    expect(found.map(({ need }) => need.bytes)).toEqual([184, 184, 158]);
    expect(shape(found[0]!.recipe)).toBe('4 × 2');
    expect(found[1]!.recipe.stages[0]!.recompute).toBe(true);
    expect(found[2]!.recipe.teacher.precision).toBe('f16');
  });

  test('the product of batch and accumulation stays, whatever divides it', async () => {
    const stages = [{ method: 'fine-tune', steps: 10, batchSize: 15, gradAccumSteps: 2 }];
    const [first] = await findFits(recipeOf({ stages }), needOf, limit(191));
    expect(shape(first!.recipe)).toBe('5 × 6');
  });

  test('where none is enough alone, harmless ones are combined, the first as little as possible', async () => {
    const found = await findFits(recipeOf(), needOf, limit(163));
    expect(found[0]!.ways).toEqual(['f16-teacher']);
    const tight = await findFits(recipeOf(), needOf, limit(114));
    expect(tight[0]!.ways).toEqual(['accumulate', 'recompute', 'f16-teacher']);
    expect(shape(tight[0]!.recipe)).toBe('1 × 8');
    const wide = await findFits(
      recipeOf({ teacher: { model: 'demo', precision: 'f16' } }),
      needOf,
      limit(120),
    );
    expect(wide[0]!.ways).toEqual(['accumulate']);
    const keeps = { strategy: 'uniform' as const, keep: 2 };
    const without = await findFits(recipeOf({ selection: keeps }), needOf, limit(78));
    expect(without[0]!.ways).toEqual(['recompute', 'f16-teacher']);
  });

  test('logits come in chunks as large as fit, where they take memory at all', async () => {
    const withLogits = (recipe: Recipe): Need => {
      const need = needOf(recipe);
      const { logitsMegabytes } = recipe.stages[0]!;
      return {
        ...need,
        bytes: need.bytes + logitsMegabytes,
        stageBytes: need.stageBytes.map((bytes) => bytes + logitsMegabytes),
      };
    };
    const found = await findFits(recipeOf(), withLogits, limit(217));
    expect(found.map(({ ways }) => ways)).toContainEqual(['smaller-chunks']);
    const chunks = found.find(({ ways }) => ways[0] === 'smaller-chunks')!;
    expect(chunks.recipe.stages[0]!.logitsMegabytes).toBe(8);
  });

  test('what changes the result comes last, and only as a way out', async () => {
    const found = await findFits(recipeOf(), needOf, limit(112));
    expect(found.map(({ ways }) => ways)).toEqual([['accumulate', 'recompute', 'f16-teacher', 'shorter']]);
    const layers = await findFits(recipeOf(), needOf, limit(100));
    expect(layers.map(({ ways }) => ways)).toEqual([
      ['accumulate', 'recompute', 'f16-teacher', 'fewer-layers'],
    ]);
    expect(layers[0]!.recipe.selection).toEqual({ strategy: 'uniform', keep: 4 });
    expect(await findFits(recipeOf(), needOf, limit(10))).toEqual([]);
  });

  test('a stage that fits is left as it is', async () => {
    const stages = [
      { method: 'fine-tune', steps: 10, batchSize: 2 },
      { method: 'fine-tune', steps: 10, batchSize: 8 },
    ];
    const [first] = await findFits(recipeOf({ stages }), needOf, limit(190));
    expect(shape(first!.recipe)).toBe('2 × 1, 4 × 2');
  });

  test('a buffer that is too large counts as well, and so does a recipe that cannot run at all', async () => {
    const wide = (recipe: Recipe) => ({
      ...needOf(recipe),
      largestBytes: 30 * recipe.stages[0]!.batchSize,
    });
    const [first] = await findFits(recipeOf(), wide, limit(1000));
    expect(shape(first!.recipe)).toBe('2 × 4');
    const cannot = (recipe: Recipe) => (recipe.stages[0]!.batchSize > 4 ? null : needOf(recipe));
    expect((await findFits(recipeOf(), cannot, limit(1000)))[0]!.ways).toEqual(['accumulate']);
  });

  test('every set-up is asked for once', async () => {
    const asked: string[] = [];
    const count = (recipe: Recipe) => {
      asked.push(JSON.stringify(recipe));
      return needOf(recipe);
    };
    await findFits(recipeOf(), count, limit(112));
    expect(new Set(asked).size).toBe(asked.length);
  });
});
