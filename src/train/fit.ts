/**
 * The nearest set-ups that fit: given what a recipe needs and a limit, tries changes in the order of least harm.
 * Pure; what a recipe needs is asked of the caller, who may trace it or count it.
 *
 * First what leaves the result as it is (smaller batches, more of them a step; smaller chunks of logits; recompute), then what changes it by a
 * rounding (an f16 teacher), then what changes it (a shorter context, fewer layers). A change that is enough alone is
 * offered alone; where none is, the harmless ones are taken together, and the first of them as little as possible.
 */
import { rowLength, withRowLength } from '../recipe/data';
import { dataOf } from '../recipe/pipeline';
import type { Recipe, Stage } from '../recipe/recipe';

export type Way = 'accumulate' | 'smaller-chunks' | 'recompute' | 'f16-teacher' | 'shorter' | 'fewer-layers';

/** What a recipe needs; of every stage, in order. */
export interface Need {
  bytes: number;
  stageBytes: readonly number[];
  largestBytes: number;
  /** Of one step of every stage, added up. */
  flops: number;
}

export interface Limits {
  bytes: number;
  /** Of one buffer. */
  largestBytes: number;
}

export interface Fit {
  /** What was changed, in order. */
  ways: Way[];
  recipe: Recipe;
  need: Need;
  /** Work of a step over that of the recipe as it was; 1: the same. */
  work: number;
}

/** What a recipe needs; null where it cannot run at all. */
export type NeedOf = (recipe: Recipe) => Promise<Need | null> | Need | null;

export const fits = ({ bytes, largestBytes }: Need, limits: Limits): boolean =>
  bytes <= limits.bytes && largestBytes <= limits.largestBytes;

const SHORTEST_CONTEXT = 32;

/** Changes of one kind, mildest first. `over`: which stages need it. */
type Variants = (recipe: Recipe, over: readonly boolean[]) => Recipe[];

function changeStages(
  recipe: Recipe,
  over: readonly boolean[],
  change: (stage: Stage) => Stage,
): Recipe | null {
  const stages = recipe.stages.map((stage, i) => (over[i] ? change(stage) : stage));
  return stages.some((stage, i) => stage !== recipe.stages[i]) ? { ...recipe, stages } : null;
}

/** The largest divisor of a batch that is at most `most`; the accumulation makes up for the rest. */
function inBatchesOf(most: number): (stage: Stage) => Stage {
  return (stage) => {
    const { batchSize, gradAccumSteps } = stage;
    if (batchSize <= most) return stage;
    let size = most;
    while (batchSize % size !== 0) size--;
    return { ...stage, batchSize: size, gradAccumSteps: (gradAccumSteps * batchSize) / size };
  };
}

const accumulate: Variants = (recipe, over) => {
  const batches = recipe.stages.flatMap(({ batchSize }, i) => (over[i] ? [batchSize] : []));
  const sizes = batches.flatMap((batch) =>
    Array.from({ length: batch - 1 }, (_, i) => i + 1).filter((size) => batch % size === 0),
  );
  const mildestFirst = [...new Set(sizes)].sort((a, b) => b - a);
  return mildestFirst.flatMap((size) => changeStages(recipe, over, inBatchesOf(size)) ?? []);
};

const smallerChunks: Variants = (recipe, over) => {
  const most = Math.max(...recipe.stages.map(({ logitsMegabytes }) => logitsMegabytes));
  const sizes: number[] = [];
  for (let size = most >> 1; size >= 1; size >>= 1) sizes.push(size);
  return sizes.flatMap(
    (size) =>
      changeStages(recipe, over, (stage) =>
        stage.logitsMegabytes <= size ? stage : { ...stage, logitsMegabytes: size },
      ) ?? [],
  );
};

const recompute: Variants = (recipe, over) => {
  const changed = changeStages(recipe, over, (stage) =>
    stage.recompute ? stage : { ...stage, recompute: true },
  );
  return changed ? [changed] : [];
};

const f16Teacher: Variants = (recipe) =>
  recipe.teacher.precision === 'f16' ? [] : [{ ...recipe, teacher: { ...recipe.teacher, precision: 'f16' } }];

/** The stages with data of their own in rows of at most so many tokens. */
const shortened = ({ stages }: Recipe, length: number): Stage[] =>
  stages.map((stage) => {
    const { data } = stage;
    return data && rowLength(data) > length ? { ...stage, data: withRowLength(data, length) } : stage;
  });

const shorter: Variants = (recipe) => {
  const variants: Recipe[] = [];
  const longest = Math.max(...recipe.stages.map((stage) => rowLength(dataOf(recipe, stage))));
  for (let length = longest >> 1; length >= SHORTEST_CONTEXT; length >>= 1)
    variants.push({
      ...recipe,
      data: withRowLength(recipe.data, Math.min(length, rowLength(recipe.data))),
      stages: shortened(recipe, length),
    });
  return variants;
};

const fewerLayers: Variants = (recipe) => {
  const { selection } = recipe;
  if (!selection || !('keep' in selection)) return [];
  return Array.from({ length: selection.keep - 1 }, (_, i) => ({
    ...recipe,
    selection: { ...selection, keep: selection.keep - 1 - i },
  }));
};

/** The ways that keep what the student learns, in the order of least harm. */
const HARMLESS: readonly [Way, Variants][] = [
  ['accumulate', accumulate],
  ['smaller-chunks', smallerChunks],
  ['recompute', recompute],
  ['f16-teacher', f16Teacher],
];
const HARMFUL: readonly [Way, Variants][] = [
  ['shorter', shorter],
  ['fewer-layers', fewerLayers],
];

/** Asks for every recipe once. */
function remember(needOf: NeedOf): (recipe: Recipe) => Promise<Need | null> {
  const known = new Map<string, Promise<Need | null>>();
  return (recipe) => {
    const key = JSON.stringify(recipe);
    const need = known.get(key) ?? Promise.resolve(needOf(recipe));
    known.set(key, need);
    return need;
  };
}

/** The first that fits; what a stronger change needs is never more, so halves are left out at a time. */
async function mildest(
  variants: readonly Recipe[],
  fitting: (recipe: Recipe) => Promise<Need | null>,
): Promise<{ recipe: Recipe; need: Need } | null> {
  let [low, high] = [0, variants.length];
  let found: { recipe: Recipe; need: Need } | null = null;
  while (low < high) {
    const middle = (low + high) >> 1;
    const recipe = variants[middle]!;
    const need = await fitting(recipe);
    if (need) [found, high] = [{ recipe, need }, middle];
    else low = middle + 1;
  }
  return found;
}

/**
 * Set-ups near `recipe` that fit, least harm first; empty when it fits as it is, or when nothing here helps.
 * `needOf` may throw, which ends the search.
 */
export async function findFits(recipe: Recipe, needOf: NeedOf, limits: Limits): Promise<Fit[]> {
  const ask = remember(needOf);
  const now = await ask(recipe);
  if (now && fits(now, limits)) return [];
  // A stage that fits is left alone, unless it is the whole that does not.
  const over = recipe.stages.map((_, i) => (now?.stageBytes[i] ?? Infinity) > limits.bytes);
  if (!over.includes(true)) over.fill(true);
  const fitting = async (candidate: Recipe) => {
    const need = await ask(candidate);
    return need && fits(need, limits) ? need : null;
  };
  const found: Fit[] = [];
  const add = (ways: Way[], { recipe: changed, need }: { recipe: Recipe; need: Need }) =>
    found.push({ ways, recipe: changed, need, work: now ? need.flops / now.flops : 1 });

  for (const [way, variants] of HARMLESS) {
    const fit = await mildest(variants(recipe, over), fitting);
    if (fit) add([way], fit);
  }
  if (found.length > 0) return found;

  // Not one alone: each as strong as it goes, until it is enough.
  let strongest = recipe;
  let least = now?.bytes ?? Infinity;
  const ways: Way[] = [];
  for (const [way, variants] of HARMLESS) {
    const stronger = variants(strongest, over).at(-1);
    const need = stronger && (await ask(stronger));
    // A way that frees nothing here is no part of the way out.
    if (!stronger || (need && need.bytes >= least)) continue;
    least = need?.bytes ?? least;
    ways.push(way);
    strongest = stronger;
    if (ways.length < 2 || !(await fitting(strongest))) continue;
    const { without, ...mild } = await relaxed(recipe, over, ways, fitting);
    add(without ? ways.slice(1) : [...ways], mild);
    break;
  }
  for (const [way, variants] of HARMFUL) {
    const alone = await mildest(variants(recipe, over), fitting);
    if (alone) add([way], alone);
    else if (found.length === 0) {
      const together = await mildest(variants(strongest, over), fitting);
      if (together) add([...ways, way], together);
    }
  }
  return found;
}

/**
 * `ways` together, which fit when all are as strong as they go: the first as mild as the others allow, or left out
 * (`without`).
 */
async function relaxed(
  recipe: Recipe,
  over: readonly boolean[],
  ways: readonly Way[],
  fitting: (recipe: Recipe) => Promise<Need | null>,
): Promise<{ recipe: Recipe; need: Need; without: boolean }> {
  const [first, ...rest] = ways.map((way) => HARMLESS.find(([id]) => id === way)![1]);
  const candidates = [recipe, ...first!(recipe, over)].map((candidate) =>
    rest.reduce((changed, variants) => variants(changed, over).at(-1) ?? changed, candidate),
  );
  const found = (await mildest(candidates, fitting))!;
  return { ...found, without: found.recipe === candidates[0] };
}
