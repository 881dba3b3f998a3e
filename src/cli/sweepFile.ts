/** What a sweep varies: the runs that its recipe and its lists stand for, each a complete recipe. */
import { z } from 'zod';
import { RecipeError } from '../errors';
import { selectLayers } from '../model/selection';
import { parseRecipe, STRATEGIES, type Recipe, type Strategy } from '../recipe/recipe';
import type { MethodSettings } from '../recipe/settings';
import { readJson, recipeFrom } from './recipeFile';

const methodSchema = z.strictObject({
  method: z.string().min(1),
  settings: z.record(z.string(), z.union([z.number(), z.string()])).default({}),
});
type MethodEntry = z.output<typeof methodSchema>;

/** Another recipe under a name: fields by their paths, as `--set` names them. */
const variantSchema = z.strictObject({
  name: z.string().regex(/^[\w-]+$/, 'a variant has a name of letters, digits and hyphens'),
  set: z.record(z.string().min(1), z.unknown()).default({}),
});

/** A recipe with lists of what is varied beside it; `recipes/methods-sweep.json` is one. */
const sweepSchema = z.strictObject({
  version: z.literal(1),
  name: z.string().optional(),
  recipe: z.record(z.string(), z.unknown()),
  variants: z.array(variantSchema).min(1).optional(),
  methods: z.array(methodSchema).min(1).optional(),
  strategies: z.array(z.enum(STRATEGIES)).min(1).optional(),
  keep: z.array(z.number().int().min(1)).min(1).optional(),
  seeds: z.array(z.number().int().min(0)).min(1).optional(),
});

/** Of each list that is absent, the recipe's own is taken. */
export interface SweepLists {
  methods?: readonly MethodEntry[] | undefined;
  strategies?: readonly Strategy[] | undefined;
  keep?: readonly number[] | undefined;
  seeds?: readonly number[] | undefined;
}

export interface Variant {
  name: string;
  recipe: Recipe;
}

export interface Sweep {
  recipe: Recipe;
  /** What is run instead of the recipe. */
  variants?: readonly Variant[] | undefined;
  lists: SweepLists;
}

/** Reads a recipe, or a sweep's file. Throws RecipeError with the path of the first field that is wrong. */
export async function readSweep(path: string, settings: readonly string[]): Promise<Sweep> {
  const value = await readJson(path);
  if (typeof value !== 'object' || value === null || !('recipe' in value))
    return { recipe: await recipeFrom(value, path, settings), lists: {} };
  const parsed = sweepSchema.safeParse(value);
  if (!parsed.success) {
    const { path: at, message } = parsed.error.issues[0]!;
    throw new RecipeError(`${at.map(String).join('.') || 'the sweep'}: ${message}`);
  }
  const { recipe, variants, methods, strategies, keep, seeds } = parsed.data;
  const named: Variant[] = [];
  for (const { name, set } of variants ?? []) {
    const fields = Object.entries(set).map(([field, to]) => `${field}=${JSON.stringify(to)}`);
    named.push({ name, recipe: await recipeFrom(structuredClone(recipe), path, [...settings, ...fields]) });
  }
  return {
    recipe: await recipeFrom(recipe, path, settings),
    variants: variants && named,
    lists: { methods, strategies, keep, seeds },
  };
}

/** Methods named on the command line, with the settings that the sweep's file or the recipe gives them. */
export function chosenMethods(names: readonly string[], { recipe, lists }: Sweep): MethodEntry[] {
  const last = recipe.stages.at(-1);
  const known = [...(lists.methods ?? []), ...(last ? [last] : [])];
  return names.map((method) => ({
    method,
    settings: known.find((entry) => entry.method === method)?.settings ?? {},
  }));
}

export interface Candidate {
  runId: string;
  /** Absent when the sweep has none. */
  variant?: string | undefined;
  /** Of the last stage; absent when nothing trains. */
  method?: string | undefined;
  /** Absent when the recipe lists its layers, or trains the model itself. */
  strategy?: Strategy | undefined;
  keep: number;
  seed: number;
  layers: number[];
  recipe: Recipe;
}

function withMethod(recipe: Recipe, { method, settings }: MethodEntry): Recipe {
  const last = recipe.stages.at(-1);
  if (!last)
    throw new RecipeError(
      'a sweep over methods gives the last stage its method, and the recipe has no stages',
    );
  return {
    ...recipe,
    stages: [...recipe.stages.slice(0, -1), { ...last, method, settings: { ...settings } }],
  };
}

/** The selections to try: every strategy with every size, or the recipe's own. */
function selectionsOf({ selection }: Recipe, { strategies, keep }: SweepLists): Recipe['selection'][] {
  if (!strategies && !keep) return [selection];
  const own = selection && 'strategy' in selection ? selection : undefined;
  const [named, sizes] = [strategies ?? (own && [own.strategy]), keep ?? (own && [own.keep])];
  if (!named) throw new RecipeError('--strategies is missing, and the recipe names no strategy');
  if (!sizes) throw new RecipeError('--keep is missing, and the recipe names no strategy with a size');
  return named.flatMap((strategy) => sizes.map((count) => ({ strategy, keep: count })));
}

/**
 * Every combination, checked and its layers chosen, so that an impossible one is refused before anything runs. Seeds
 * stand outermost: a sweep that is cut short has compared everything for the first of them.
 */
export function candidatesOf(
  { recipe, variants, lists }: Sweep,
  nLayer: number,
  known: readonly MethodSettings[],
): Candidate[] {
  const bases: readonly Partial<Variant>[] = variants ?? [{ recipe }];
  return (lists.seeds ?? [recipe.seed]).flatMap((seed) =>
    bases.flatMap(({ name, recipe: varied = recipe }) =>
      selectionsOf(varied, lists).flatMap((selection) =>
        (lists.methods?.map((entry) => withMethod(varied, entry)) ?? [varied]).map((base) => {
          const own = parseRecipe({ ...base, seed, selection }, known);
          return candidateOf(own, nLayer, name, lists.methods !== undefined);
        }),
      ),
    ),
  );
}

function candidateOf(
  recipe: Recipe,
  nLayer: number,
  variant: string | undefined,
  byMethod: boolean,
): Candidate {
  const { selection, seed } = recipe;
  const strategy = selection && 'strategy' in selection ? selection.strategy : undefined;
  const layers =
    selection === null
      ? Array.from({ length: nLayer }, (_, layer) => layer)
      : 'layers' in selection
        ? selection.layers
        : selectLayers(selection.strategy, nLayer, selection.keep, seed).layers;
  const method = recipe.stages.at(-1)?.method;
  const parts = [variant, byMethod ? method : undefined, strategy ?? 'own-layers', layers.length, seed];
  const runId = parts.filter((part) => part !== undefined).join('-');
  return { runId, variant, method, strategy, keep: layers.length, seed, layers, recipe };
}
