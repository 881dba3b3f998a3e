import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { applySetting, readRecipe } from './recipeFile';

const recipe = () => ({
  version: 1,
  teacher: { model: './teacher' },
  selection: { strategy: 'uniform', keep: 6 },
  data: { train: 'file:texts/a.txt', validation: { source: 'file:/b.txt', fraction: 0.5 } },
  stages: [{ method: 'fine-tune', steps: 3 }],
});

describe('--set', () => {
  test.each([
    ['stages.0.steps=20', (r: ReturnType<typeof recipe>) => r.stages[0]!.steps, 20],
    ['selection.strategy=top-half', (r: ReturnType<typeof recipe>) => r.selection.strategy, 'top-half'],
    ['name=12 layers', (r: object) => (r as { name?: string }).name, '12 layers'],
    ['evaluation.every=0', (r: object) => (r as { evaluation?: { every: number } }).evaluation?.every, 0],
    ['selection={"layers":[1]}', (r: object) => (r as { selection: unknown }).selection, { layers: [1] }],
    ['teacher.model=a=b', (r: ReturnType<typeof recipe>) => r.teacher.model, 'a=b'],
  ])('%s', (setting, read, expected) => {
    const changed = recipe();
    applySetting(changed, setting);
    expect((read as (r: object) => unknown)(changed)).toEqual(expected);
  });

  test.each([
    ['stages.1.steps=20', 'stages has no entry 1'],
    ['stages.x.steps=20', 'stages has no entry x'],
    ['version.a=20', 'version has no fields'],
    ['__proto__.polluted=1', 'has no field __proto__'],
    ['stages', 'has no value'],
  ])('%s is refused', (setting, message) => {
    expect(() => applySetting(recipe(), setting)).toThrow(message);
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
  });
});

describe('a recipe file', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'decant-'));
    await writeFile(join(folder, 'recipe.json'), JSON.stringify(recipe()));
    await writeFile(join(folder, 'broken.json'), '{"version": 1,');
  });

  test('has its paths made absolute from where it lies, and its defaults filled in', async () => {
    const read = await readRecipe(join(folder, 'recipe.json'), ['stages.0.steps=20']);
    expect(read.teacher.model).toBe(join(folder, 'teacher'));
    expect(read.data.train).toBe(`file:${join(folder, 'texts/a.txt')}`);
    expect(read.data.validation).toEqual({ source: 'file:/b.txt', fraction: 0.5 });
    expect(read.stages[0]).toMatchObject({ steps: 20, batchSize: 8, optimizer: { schedule: 'linear' } });
    expect(read.seed).toBe(1);
  });

  test('has the paths of its stages made absolute too', async () => {
    const stage = '{"method":"fine-tune","steps":1,"data":{"train":"file:own.txt"}}';
    const read = await readRecipe(join(folder, 'recipe.json'), [
      `stages=[${stage}]`,
      `teacher.stages=[${stage}]`,
    ]);
    const own = `file:${join(folder, 'own.txt')}`;
    expect(read.stages[0]!.data).toMatchObject({ train: own, validation: 'demo' });
    expect(read.teacher.stages![0]!.data).toMatchObject({ train: own });
  });

  test.each([
    ['demo', 'demo'],
    ['hf:openai-community/gpt2@main', 'hf:openai-community/gpt2@main'],
  ])('leaves %s as it is', async (model, expected) => {
    expect((await readRecipe(join(folder, 'recipe.json'), [`teacher.model=${model}`])).teacher.model).toBe(
      expected,
    );
  });

  test('that is not there, is not JSON, or has an unknown field is refused by name', async () => {
    await expect(readRecipe(join(folder, 'none.json'), [])).rejects.toThrow(
      'none.json: there is no such file',
    );
    await expect(readRecipe(join(folder, 'broken.json'), [])).rejects.toThrow('broken.json is not JSON');
    await expect(readRecipe(join(folder, 'recipe.json'), ['stages.0.step=20'])).rejects.toThrow(
      'stages.0.step is not a field of a recipe',
    );
  });
});
