import { RecipeError } from '../errors';

/**
 * Brings a recipe of an older version to the present one. Version 1 is the first, so there is nothing to do
 * but to say so of any other. Throws RecipeError.
 */
export function migrate(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new RecipeError('the recipe is not a JSON object', 'A recipe starts with {"version": 1, ...}.');
  }
  const version = (value as { version?: unknown }).version;
  if (version === 1) return value;
  throw new RecipeError(
    version === undefined ? 'the recipe has no version' : `the recipe has version ${JSON.stringify(version)}`,
    'This build of Decant reads version 1.',
  );
}
