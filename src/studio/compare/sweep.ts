/** The zero-shot sweep: which layer sets are measured, and the table and bars they fill. Pure. */
import { STRATEGY_LABELS } from '../../model/selection';
import type { Recipe } from '../../recipe/recipe';
import { choiceOf, keptLayers, presetStates } from '../selectionState';
import type { ModelCard, SweepRow } from '../../worker/protocol';

export interface SweepEntry {
  /** A strategy's id, `manual` or `all`. */
  id: string;
  label: string;
  keep: number;
  layers: readonly number[];
  /** Why the rule has no set for this n and k. */
  refusal?: string;
  /** Null until measured. */
  row: SweepRow | null;
}

/** All rules at this k, the choice by hand when there is one, and the whole teacher. */
export function sweepEntries(
  recipe: Recipe,
  teacher: Pick<ModelCard, 'ref' | 'name' | 'config'>,
  keep: number,
): SweepEntry[] {
  const n = teacher.config.nLayer;
  const rules = presetStates(n, keep, recipe.seed).map(({ strategy, layers, refusal }) => ({
    id: strategy,
    label: STRATEGY_LABELS[strategy].label,
    keep,
    layers,
    refusal,
    row: null,
  }));
  const kept = keptLayers(recipe, teacher);
  const byHand = choiceOf(recipe) === 'manual' && kept.length > 0 && kept.length < n;
  const manual = { id: 'manual', label: 'By hand', keep: kept.length, layers: kept, row: null };
  const all = Array.from({ length: n }, (_, layer) => layer);
  return [
    ...rules,
    ...(byHand ? [manual] : []),
    { id: 'all', label: 'Teacher, all layers', keep: n, layers: all, row: null },
  ];
}

/** What is sent: each set once, since two rules may give the same. */
export function sweepCandidates(entries: readonly SweepEntry[]) {
  const sets = new Map<string, { strategy: string; keep: number; layers: number[] }>();
  for (const entry of entries) {
    if (entry.layers.length === 0) continue;
    const key = entry.layers.join();
    if (!sets.has(key))
      sets.set(key, { strategy: entry.id, keep: entry.layers.length, layers: [...entry.layers] });
  }
  return [...sets.values()];
}

/** Fills a measured row into every entry with that set. */
export function withRow(entries: readonly SweepEntry[], row: SweepRow): SweepEntry[] {
  const key = row.layers.join();
  return entries.map((entry) => (entry.layers.join() === key ? { ...entry, row } : entry));
}

export type SweepKey = 'label' | 'keep' | 'parameters' | 'perplexity';

export function sweepCell(entry: SweepEntry, key: SweepKey): string | number | null {
  if (key === 'label' || key === 'keep') return entry[key];
  return entry.row?.[key] ?? null;
}

export function sweepTable(entries: readonly SweepEntry[]) {
  return {
    head: ['layer set', 'k', 'layers', 'parameters', 'perplexity', 'tokens'],
    rows: entries.map((entry) => [
      entry.label,
      entry.keep,
      entry.layers.join(' '),
      entry.row?.parameters ?? null,
      entry.row?.perplexity ?? null,
      entry.row?.tokens ?? null,
    ]),
  };
}

/** A worst set this many times the best makes the others unreadable on an axis from zero. */
const LOG_RATIO = 8;

/** Whether a sweep's perplexities are better read on a log scale. */
export function wantsLog(entries: readonly SweepEntry[]): boolean {
  const values = entries.flatMap((entry) => (entry.row ? [entry.row.perplexity] : []));
  const finite = values.filter((value) => Number.isFinite(value));
  return finite.length > 1 && Math.max(...finite) > LOG_RATIO * Math.min(...finite);
}
