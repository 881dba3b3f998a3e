/** The rows of a sweep, and what they say together. */
import { pairedDifference, summarise, type PairedDifference, type Summary } from '../paper/statistics';
import type { Strategy } from '../recipe/recipe';
import type { FullReport } from './runReport';
import type { Candidate } from './sweepFile';

/** What every other method is compared with. */
const BASELINE = 'fine-tune';

export interface Row {
  variant?: string;
  method?: string;
  strategy?: Strategy;
  keep: number;
  seed: number;
  layers: number[];
  parameters: number;
  perplexityBefore?: number;
  perplexityAfter?: number;
  /** Of a task, instead of perplexities. */
  metricsBefore?: Record<string, number>;
  metrics?: Record<string, number>;
  steps: number;
  tokensPerSecond: number;
  wallMs: number;
}

export function rowOf(candidate: Candidate, report: FullReport): Row {
  const { variant, method, strategy, keep, seed } = candidate;
  const { layers, parameters, steps, tokensPerSecond, wallMs } = report;
  const { perplexityBefore, perplexityAfter, metricsBefore, metrics } = report;
  return {
    ...(variant !== undefined && { variant }),
    ...(method !== undefined && { method }),
    ...(strategy !== undefined && { strategy }),
    keep,
    seed,
    layers,
    parameters,
    ...(perplexityBefore !== undefined && { perplexityBefore }),
    ...(perplexityAfter !== undefined && { perplexityAfter }),
    ...(metricsBefore !== undefined && { metricsBefore }),
    ...(metrics !== undefined && { metrics }),
    steps,
    tokensPerSecond,
    wallMs,
  };
}

/** One method (or one selection) over its seeds. */
export interface SweepSummary extends Summary {
  variant?: string;
  method?: string;
  strategy?: Strategy;
  keep: number;
  /** What `mean` and `sd` are of, after training: `perplexity`, or the task's first metric. */
  measure: string;
  /** Against fine-tuning of the same selection, or the same run of the first variant, seed by seed. */
  versus?: PairedDifference & { method: string };
}

/** The figure that a row is judged by, or undefined when it has none. */
function judged({ perplexityAfter, metrics }: Row): { measure: string; value: number } | undefined {
  if (perplexityAfter !== undefined) return { measure: 'perplexity', value: perplexityAfter };
  const first = Object.entries(metrics ?? {})[0];
  return first && { measure: first[0], value: first[1] };
}

/** Means over seeds, and the paired difference to fine-tuning, or else to the first variant, where the rows have it. */
export function summariseRows(rows: readonly Row[]): SweepSummary[] {
  const groups = new Map<string, { row: Row; measure: string; bySeed: Map<number, number> }>();
  const keyOf = ({ strategy, keep }: Row, method: string | undefined, variant: string | undefined) =>
    [variant, method, strategy, keep].join(' ');
  const first = rows[0]?.variant;
  for (const row of rows) {
    const found = judged(row);
    if (!found) continue;
    const key = keyOf(row, row.method, row.variant);
    const group = groups.get(key) ?? { row, measure: found.measure, bySeed: new Map<number, number>() };
    group.bySeed.set(row.seed, found.value);
    groups.set(key, group);
  }
  return [...groups.values()].map(({ row, measure, bySeed }) => {
    const { variant, method, strategy, keep } = row;
    const fineTuned = method === BASELINE ? undefined : groups.get(keyOf(row, BASELINE, variant));
    const baseline = fineTuned ?? (variant === first ? undefined : groups.get(keyOf(row, method, first)));
    const common = [...bySeed.keys()].filter((seed) => baseline?.bySeed.has(seed));
    const paired =
      baseline &&
      common.length > 0 &&
      pairedDifference(
        common.map((seed) => bySeed.get(seed)!),
        common.map((seed) => baseline.bySeed.get(seed)!),
      );
    return {
      ...(variant !== undefined && { variant }),
      ...(method !== undefined && { method }),
      ...(strategy !== undefined && { strategy }),
      keep,
      measure,
      ...summarise([...bySeed.values()]),
      ...(paired && { versus: { method: fineTuned ? BASELINE : first!, ...paired } }),
    };
  });
}

/** The rows for a spreadsheet; a task's metrics have columns of their own. */
export function csvOf(rows: readonly Row[]): string {
  const names = Object.keys(rows[0]?.metricsBefore ?? rows[0]?.metrics ?? {});
  const measured =
    names.length === 0
      ? ['perplexityBefore', 'perplexityAfter']
      : names.flatMap((name) => [`${name}Before`, `${name}After`]);
  const figures = (row: Row) =>
    names.length === 0
      ? [row.perplexityBefore, row.perplexityAfter]
      : names.flatMap((name) => [row.metricsBefore?.[name], row.metrics?.[name]]);
  return [
    [
      'strategy',
      'keep',
      'seed',
      'layers',
      'parameters',
      ...measured,
      'method',
      'steps',
      'wallMs',
      'variant',
    ].join(),
    ...rows.map((row) =>
      [
        row.strategy ?? '',
        row.keep,
        row.seed,
        row.layers.join(' '),
        row.parameters,
        ...figures(row).map((value) => value ?? ''),
        row.method ?? '',
        row.steps,
        Math.round(row.wallMs),
        row.variant ?? '',
      ].join(),
    ),
  ].join('\n');
}

const shown = (value: number | null | undefined, digits: number) => value?.toFixed(digits) ?? '';

/** What the difference to fine-tuning amounts to, in words. */
export function differenceText({ versus }: SweepSummary, digits: number): string {
  if (!versus) return '';
  const { mean, low, high, distinguishable, method } = versus;
  const signed = (value: number) => `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(digits)}`;
  if (low === null || high === null || distinguishable === null)
    return `${signed(mean)} against ${method}; one seed cannot tell whether that is a difference`;
  const interval = `${signed(mean)} (${signed(low)} to ${signed(high)})`;
  return distinguishable
    ? `${interval} against ${method}`
    : `${interval}, not distinguishable from ${method}`;
}

/** The sweep as a table for people: a line a run, then a line a method or selection. */
export function tableOf(rows: readonly Row[], summary: readonly SweepSummary[]): string[] {
  const digits = rows.some(({ metrics }) => metrics) ? 3 : 2;
  const first = (metrics: Record<string, number> | undefined) => Object.values(metrics ?? {})[0];
  const name = ({ variant, method, strategy }: Row | SweepSummary) =>
    `${(variant ?? method ?? '').padEnd(16)} ${(strategy ?? '').padEnd(15)}`;
  return [
    `${'method'.padEnd(16)} ${'strategy'.padEnd(15)} keep seed     before      after  layers`,
    ...rows.map((row) => {
      const before = shown(row.perplexityBefore ?? first(row.metricsBefore), digits);
      const after = shown(row.perplexityAfter ?? first(row.metrics), digits);
      const [keep, seed] = [String(row.keep).padStart(4), String(row.seed).padStart(4)];
      return `${name(row)} ${keep} ${seed} ${before.padStart(10)} ${after.padStart(10)}  ${row.layers.join(' ')}`;
    }),
    ...(summary.some(({ n }) => n > 1)
      ? [
          '',
          `${summary[0]!.measure}, mean ± standard deviation over seeds, difference with its 95 % interval`,
        ]
      : []),
    ...summary
      .filter(({ n }) => n > 1)
      .map((line) =>
        `${name(line)} ${String(line.keep).padStart(4)}  ${line.mean.toFixed(digits)} ± ${shown(line.sd, digits)}  ${differenceText(line, digits)}`.trimEnd(),
      ),
  ];
}
