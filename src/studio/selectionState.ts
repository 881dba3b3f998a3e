/**
 * The layer selection as the page edits it: pure functions from a recipe to a recipe. A rule stays a rule while
 * only k changes; touching a layer by hand makes the choice manual.
 */
import { selectLayers, STRATEGY_LABELS } from '../model/selection';
import { rowLength, withRowLength } from '../recipe/data';
import { STRATEGIES, type Recipe, type Strategy } from '../recipe/recipe';
import type { MethodCard, ModelCard } from '../worker/protocol';

export type Choice = Strategy | 'manual';

type Teacher = Pick<ModelCard, 'ref' | 'name' | 'config'>;

export interface PresetState {
  strategy: Strategy;
  /** The set it would give; empty when it cannot serve this n and k. */
  layers: readonly number[];
  note?: string;
  /** Why it cannot serve. */
  refusal?: string;
}

/** The layers that a recipe keeps of this teacher, ascending; empty where its rule has no answer. */
export function keptLayers(recipe: Recipe, teacher: Teacher): readonly number[] {
  const { selection, seed } = recipe;
  const n = teacher.config.nLayer;
  if (selection === null) return Array.from({ length: n }, (_, layer) => layer);
  if ('layers' in selection) return selection.layers.filter((layer) => layer < n);
  return presetState(selection.strategy, n, selection.keep, seed).layers;
}

/** True when a stage learns from the loaded teacher, which then is needed as a whole. */
export function usesTeacher(
  recipe: Recipe,
  methods: readonly Pick<MethodCard, 'id' | 'needsTeacher'>[],
): boolean {
  return recipe.stages.some((stage) =>
    methods.some(({ id, needsTeacher }) => id === stage.method && needsTeacher),
  );
}

export function choiceOf(recipe: Recipe): Choice {
  return recipe.selection !== null && 'strategy' in recipe.selection ? recipe.selection.strategy : 'manual';
}

export function presetState(strategy: Strategy, n: number, k: number, seed: number): PresetState {
  try {
    const { layers, note } = selectLayers(strategy, n, k, seed);
    return { strategy, layers, note };
  } catch (error) {
    const { message, hint } = error as Error & { hint?: string };
    return { strategy, layers: [], refusal: [message, hint].filter(Boolean).join('. ') };
  }
}

/** All presets for n and k, in the paper's order. */
export function presetStates(n: number, k: number, seed: number): PresetState[] {
  return STRATEGIES.map((strategy) => presetState(strategy, n, k, seed));
}

export function withStrategy(recipe: Recipe, strategy: Strategy, keep: number): Recipe {
  return { ...recipe, selection: { strategy, keep } };
}

/** A choice by hand; the same set again changes nothing. At least one layer stays. */
export function withLayers(recipe: Recipe, layers: readonly number[]): Recipe {
  const sorted = [...new Set(layers)].sort((a, b) => a - b);
  if (sorted.length === 0) return recipe;
  const { selection } = recipe;
  if (selection && 'layers' in selection && sorted.join() === selection.layers.join()) return recipe;
  return { ...recipe, selection: { layers: sorted } };
}

/** The nearest k to `wanted` for which the rule has an answer, looking first in the direction of the change. */
export function servedKeep(
  strategy: Strategy,
  n: number,
  wanted: number,
  from: number,
  seed: number,
): number {
  const clamped = Math.min(Math.max(wanted, 1), n);
  const towards = wanted >= from ? 1 : -1;
  const serves = (k: number) => k >= 1 && k <= n && presetState(strategy, n, k, seed).layers.length > 0;
  for (let distance = 0; distance < n; distance++) {
    for (const k of [clamped + towards * distance, clamped - towards * distance]) if (serves(k)) return k;
  }
  return from;
}

/** Adds the middle of the widest run of layers left out, or takes out the layer closest to its neighbours. */
export function resizeByHand(layers: readonly number[], n: number, k: number): number[] {
  const kept = [...layers];
  while (kept.length < Math.min(k, n)) {
    const edges = [-1, ...kept, n];
    const gaps = edges.slice(1).map((edge, i) => ({ at: i, width: edge - edges[i]! - 1 }));
    const widest = gaps.reduce((best, gap) => (gap.width > best.width ? gap : best));
    kept.splice(widest.at, 0, edges[widest.at]! + 1 + Math.floor((widest.width - 1) / 2));
  }
  while (kept.length > Math.max(k, 1)) {
    const room = kept.map((_, i) => (kept[i + 1] ?? n) - (kept[i - 1] ?? -1));
    kept.splice(room.lastIndexOf(Math.min(...room)), 1);
  }
  return kept;
}

/** Another k by the same rule, or by hand when there is none. */
export function withKeep(recipe: Recipe, teacher: Teacher, wanted: number): Recipe {
  const n = teacher.config.nLayer;
  const kept = keptLayers(recipe, teacher);
  const choice = choiceOf(recipe);
  if (choice === 'manual') return withLayers(recipe, resizeByHand(kept, n, wanted));
  const keep = servedKeep(choice, n, wanted, kept.length, recipe.seed);
  return keep === kept.length ? recipe : withStrategy(recipe, choice, keep);
}

/** Windows of this many tokens, in training and, without overlap, in evaluation. */
export function withContext(recipe: Recipe, length: number): Recipe {
  const evaluation = { ...recipe.evaluation, window: length, stride: length };
  return { ...recipe, data: withRowLength(recipe.data, length), evaluation };
}

/** Stages with data of their own in rows that the model can read; the same recipe where they are. */
function withStagesWithin(recipe: Recipe, nPositions: number): Recipe {
  if (recipe.stages.every(({ data }) => !data || rowLength(data) <= nPositions)) return recipe;
  const stages = recipe.stages.map((stage) =>
    stage.data && rowLength(stage.data) > nPositions
      ? { ...stage, data: withRowLength(stage.data, nPositions) }
      : stage,
  );
  return { ...recipe, stages };
}

/** The recipe for this teacher: its name, a selection that it can serve, and windows that it can read. */
export function fitRecipe(recipe: Recipe, teacher: Teacher): Recipe {
  const { nLayer: n, nPositions } = teacher.config;
  const long = Math.max(rowLength(recipe.data), recipe.evaluation.window) > nPositions;
  const fitted = withStagesWithin(long ? withContext(recipe, nPositions) : recipe, nPositions);
  const same = recipe.teacher.model === teacher.ref;
  const { selection } = recipe;
  const inRange = !selection || !('layers' in selection) || selection.layers.every((layer) => layer < n);
  if (same && inRange && keptLayers(recipe, teacher).length > 0) return fitted;
  const model = { ...fitted, teacher: { ...recipe.teacher, model: teacher.ref } };
  const half = Math.max(1, Math.round(n / 2));
  if (!selection || !('strategy' in selection)) return withStrategy(model, 'pseudo-uniform', half);
  const keep = same ? selection.keep : half;
  return withStrategy(model, selection.strategy, servedKeep(selection.strategy, n, keep, half, recipe.seed));
}

const SHORT_NAMES: Readonly<Record<Choice, string>> = {
  uniform: 'uniform',
  'uniform-2': 'uniform-2',
  'pseudo-uniform': 'pseudo',
  'bottom-half': 'bottom',
  'top-half': 'top',
  random: 'random',
  manual: 'by-hand',
};

/** `demo-6-pseudo` */
export function studentName(recipe: Recipe, teacher: Teacher): string {
  return `${teacher.name}-${keptLayers(recipe, teacher).length}-${SHORT_NAMES[choiceOf(recipe)]}`;
}

/** What the recipe is called while nobody has named it. */
export function recipeTitle(
  recipe: Recipe,
  teacher: Teacher | null,
  methods: readonly Pick<MethodCard, 'id' | 'label'>[],
): string {
  if (recipe.name) return recipe.name;
  const labels = recipe.stages.map(
    (stage) => methods.find((method) => method.id === stage.method)?.label ?? stage.method,
  );
  if (!teacher) return labels.join(', then ');
  return `${teacher.name} to ${keptLayers(recipe, teacher).length} layers, ${labels.join(', then ')}`;
}

/** A run's name: what sets it apart from its neighbours, numbered when it is taken. */
export function runName(state: {
  recipe: Recipe;
  teacher: Teacher | null;
  methods: readonly Pick<MethodCard, 'id' | 'label'>[];
  runs: readonly { name: string }[];
}): string {
  const { recipe, methods, teacher, runs } = state;
  const choice = choiceOf(recipe);
  const set = choice === 'manual' ? 'By hand' : STRATEGY_LABELS[choice].label;
  const method = methods.find((each) => each.id === recipe.stages.at(-1)?.method)?.label ?? '';
  const kept = teacher ? keptLayers(recipe, teacher).length : 0;
  const base = recipe.name ?? `${set} ${kept}, ${method}`;
  for (let count = 1; ; count++) {
    const name = count === 1 ? base : `${base} ${count}`;
    if (!runs.some((run) => run.name === name)) return name;
  }
}
