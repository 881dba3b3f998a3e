/**
 * Writes `recipes/paper` from `src/paper/recipes.ts`:
 *
 *   node scripts/run.mjs scripts/write-paper-recipes.ts
 */
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { paperRecipes } from '../src/paper/recipes';

/** The files as they must be, by name. */
export const paperRecipeFiles = (): Map<string, string> =>
  new Map(paperRecipes().map(({ id, recipe }) => [`${id}.json`, `${JSON.stringify(recipe, null, 2)}\n`]));

export function main(root: string): void {
  const folder = join(root, 'recipes', 'paper');
  mkdirSync(folder, { recursive: true });
  const files = paperRecipeFiles();
  for (const name of readdirSync(folder)) if (!files.has(name)) rmSync(join(folder, name));
  for (const [name, text] of files) writeFileSync(join(folder, name), text);
  console.log(`${files.size} recipes in recipes/paper`);
}
