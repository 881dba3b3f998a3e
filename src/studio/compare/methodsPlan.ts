/** A comparison of methods: which runs it is made of, in which order, and what they say together. Pure. */
import type { Recipe } from '../../recipe/recipe';
import type { MethodCard, RunResult } from '../../worker/protocol';
import { pairedDifference, summarise, type PairedDifference, type Summary } from '../../paper/statistics';

export const BASELINE = 'fine-tune';
export const MOST_SEEDS = 5;

type Method = Pick<MethodCard, 'id' | 'label' | 'settings' | 'needsTeacher'>;

export interface PlannedRun {
  method: string;
  label: string;
  seed: number;
  recipe: Recipe;
}

/** The method's own settings, as the form has them for the method that it shows, else their defaults. */
function settingsOf(method: Method, form: Recipe['stages'][number]) {
  if (form.method === method.id) return form.settings;
  return Object.fromEntries(Object.entries(method.settings).map(([name, spec]) => [name, spec.default]));
}

/**
 * One run a method and seed; everything but the last stage's method is the form's. A set drawn at random is kept
 * as it is for all seeds: `layers`, so that all runs have the same student. A teacher that the recipe trains first is
 * left out where no stage learns from it. Seed by seed, so that what is there when a comparison is ended can be paired.
 */
export function plannedRuns(
  recipe: Recipe,
  layers: readonly number[],
  methods: readonly Method[],
  chosen: readonly string[],
  seeds: number,
): PlannedRun[] {
  const last = recipe.stages.at(-1);
  if (!last) return [];
  const earlier = recipe.stages.slice(0, -1);
  const drawn = recipe.selection && 'strategy' in recipe.selection && recipe.selection.strategy === 'random';
  const selection = drawn ? { layers: [...layers] } : recipe.selection;
  const taken = methods.filter(({ id }) => id === BASELINE || chosen.includes(id));
  const ordered = [...taken].sort((a, b) => Number(b.id === BASELINE) - Number(a.id === BASELINE));
  const teaches = new Set(methods.filter(({ needsTeacher }) => needsTeacher).map(({ id }) => id));
  return Array.from({ length: seeds }, (_, i) => recipe.seed + i).flatMap((seed) =>
    ordered.map((method) => {
      const stages = [...earlier, { ...last, method: method.id, settings: settingsOf(method, last) }];
      const { stages: lessons, ...teacher } = recipe.teacher;
      const taught = lessons !== undefined && stages.some((stage) => teaches.has(stage.method));
      const own = { ...recipe, seed, selection, stages, teacher: taught ? recipe.teacher : teacher };
      return { method: method.id, label: method.label, seed, recipe: { ...own, name: undefined } };
    }),
  );
}

/** What is compared: perplexity, or a task's own metric in percent. */
export interface Measure {
  label: string;
  /** Of a task: the metric's name in reports. */
  metric?: string;
  lowerIsBetter: boolean;
}

const METRIC_LABELS: Readonly<Record<string, string>> = {
  accuracy: 'Accuracy, %',
  f1: 'F1, %',
  macroF1: 'Macro F1, %',
  matthews: 'Matthews × 100',
};

/** By what the first finished run reports: the first metric of a task is its own. */
export function measureOf(results: readonly RunResult[]): Measure {
  const metric = Object.keys(results.find((result) => result.scoresAfter)?.scoresAfter?.metrics ?? {})[0];
  if (metric === undefined) return { label: 'Perplexity', lowerIsBetter: true };
  return { label: METRIC_LABELS[metric] ?? metric, metric, lowerIsBetter: false };
}

/** Null for a run without an end: a comparison takes only what trained for as long as the others. */
export function valueOf(result: RunResult | null, { metric }: Measure): number | null {
  if (!result || result.stopped) return null;
  if (metric === undefined) return result.perplexityAfter?.perplexity ?? null;
  const share = result.scoresAfter?.metrics[metric];
  return share === undefined ? null : 100 * share;
}

export interface ComparedRun {
  method: string;
  label: string;
  seed: number;
  value: number | null;
  timeMs: number | null;
}

export interface MethodRow {
  method: string;
  label: string;
  values: readonly { seed: number; value: number }[];
  /** Null until a run has ended. */
  summary: Summary | null;
  /** To fine-tuning, over the seeds that both have; null for fine-tuning itself and without a pair. */
  difference: PairedDifference | null;
  timeMs: number | null;
}

/** A row a method, in the order of the runs. */
export function methodRows(runs: readonly ComparedRun[]): MethodRow[] {
  const order = [...new Map(runs.map(({ method, label }) => [method, label]))];
  const valuesOf = (id: string) =>
    runs.flatMap(({ method, seed, value }) => (method === id && value !== null ? [{ seed, value }] : []));
  const baseline = new Map(valuesOf(BASELINE).map(({ seed, value }) => [seed, value]));
  return order.map(([method, label]) => {
    const values = valuesOf(method);
    const pairs = method === BASELINE ? [] : values.filter(({ seed }) => baseline.has(seed));
    const times = runs.flatMap((run) => (run.method === method ? (run.timeMs ?? []) : []));
    return {
      method,
      label,
      values,
      summary: values.length > 0 ? summarise(values.map(({ value }) => value)) : null,
      difference:
        pairs.length > 0
          ? pairedDifference(
              pairs.map(({ value }) => value),
              pairs.map(({ seed }) => baseline.get(seed)!),
            )
          : null,
      timeMs: times.length > 0 ? summarise(times).mean : null,
    };
  });
}

/** What the interval says, in words. */
export function verdict({ difference, method }: MethodRow, { lowerIsBetter }: Measure): string {
  if (method === BASELINE) return 'the baseline';
  if (!difference) return '';
  if (difference.distinguishable === null) return 'one seed says nothing about the spread';
  if (!difference.distinguishable) return 'not distinguishable';
  return difference.mean < 0 === lowerIsBetter ? 'better' : 'worse';
}
