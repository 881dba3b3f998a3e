/** A recipe from a file: changed by `--set`, with its paths made absolute, checked and complete. */
import { readFile } from 'node:fs/promises';
import { dirname, isAbsolute, resolve } from 'node:path';
import { RecipeError, SourceError } from '../errors';
import type { Recipe } from '../recipe/recipe';

export const SET_OPTION = {
  set: {
    value: 'PATH=VALUE',
    multiple: true,
    help: 'changes a field, e.g. stages.0.steps=20; may be repeated',
  },
};

type Fields = Record<string, unknown>;
const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null;

/** Applies `stages.0.steps=20`. The value is JSON, or else a text. Throws RecipeError. */
export function applySetting(recipe: unknown, setting: string): void {
  const at = setting.indexOf('=');
  if (at <= 0) throw new RecipeError(`--set ${setting} has no value`, 'Write --set stages.0.steps=20.');
  const path = setting.slice(0, at).split('.');
  const text = setting.slice(at + 1);
  let value: unknown = text;
  try {
    value = JSON.parse(text);
  } catch {
    // Not JSON: a plain text such as `cosine`.
  }
  let target = recipe;
  for (const [i, key] of path.entries()) {
    const here = path.slice(0, i).join('.') || 'the recipe';
    if (!isFields(target)) throw new RecipeError(`--set ${setting}: ${here} has no fields`);
    if (key === '__proto__') throw new RecipeError(`--set ${setting}: ${here} has no field __proto__`);
    if (Array.isArray(target) && !(/^\d+$/.test(key) && Number(key) < target.length)) {
      throw new RecipeError(
        `--set ${setting}: ${here} has no entry ${key}`,
        `Its entries are 0 to ${target.length - 1}.`,
      );
    }
    if (i === path.length - 1) target[key] = value;
    else target = target[key] ??= {};
  }
}

/** Paths in a recipe are relative to its file. */
function absolutePaths(recipe: Fields, folder: string): void {
  const absolute = (path: string) => (isAbsolute(path) ? path : resolve(folder, path));
  const modelPath = (text: string) => (text === 'demo' || text.startsWith('hf:') ? text : absolute(text));
  const teacher = recipe.teacher;
  if (isFields(teacher)) {
    const { model } = teacher;
    if (typeof model === 'string') teacher.model = modelPath(model);
    else if (isFields(model) && typeof model.tokenizer === 'string')
      model.tokenizer = modelPath(model.tokenizer);
  }
  const textPath = (text: string) =>
    text.startsWith('file:') ? `file:${absolute(text.slice('file:'.length))}` : text;
  const stages = (of: unknown) => (isFields(of) && Array.isArray(of.stages) ? (of.stages as unknown[]) : []);
  for (const holder of [recipe, ...stages(recipe), ...stages(teacher)]) {
    const data = isFields(holder) ? holder.data : undefined;
    if (!isFields(data)) continue;
    for (const name of ['train', 'validation', 'validationMismatched']) {
      const part = data[name];
      if (typeof part === 'string') data[name] = textPath(part);
      else if (isFields(part) && typeof part.source === 'string') part.source = textPath(part.source);
    }
  }
}

/** The JSON document in a file. Throws SourceError without the file, RecipeError when it is not JSON. */
export async function readJson(path: string): Promise<unknown> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    const reason = missing ? 'there is no such file' : (error as Error).message;
    throw new SourceError(`cannot read ${path}: ${reason}`, undefined, { cause: error });
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new RecipeError(`${path} is not JSON: ${(error as Error).message}`, undefined, { cause: error });
  }
}

/** A recipe that stood in the file `path`, changed by `--set`. Throws RecipeError with the path of the first wrong field. */
export async function recipeFrom(value: unknown, path: string, settings: readonly string[]): Promise<Recipe> {
  for (const setting of settings) applySetting(value, setting);
  if (isFields(value)) absolutePaths(value, dirname(resolve(path)));
  const [{ parseRecipe }, { METHODS }] = await Promise.all([
    import('../recipe/recipe'),
    import('../methods/index'),
  ]);
  return parseRecipe(value, METHODS);
}

/** Reads and checks a recipe. Throws RecipeError with the path of the first wrong field, SourceError without a file. */
export const readRecipe = async (path: string, settings: readonly string[]): Promise<Recipe> =>
  recipeFrom(await readJson(path), path, settings);
