/** What a chart says in words and figures: values at the cursor, table rows, and the spoken summary. Pure. */
import { xText } from './axes';
import { lowerBound, nearest } from './decimate';
import { formatCount } from './format';
import { bestIndex } from './annotations';
import { smooth } from './smooth';
import type { LineChartSpec, LineSeries, XUnit } from './spec';

export interface Reading {
  id: string;
  /** Index of the point that is read, -1 without one. */
  index: number;
  x: number;
  value: number;
}

/**
 * The value of a series at x: the nearest point of a line, the last measured one of measured points. Without
 * x, the last point that has a value: a term of a part that is over keeps its last one.
 */
export function readAt(
  one: { id: string; x: Float64Array; y: Float64Array; measured?: boolean },
  x: number | null,
): Reading {
  const index = indexAt(one, x);
  return { id: one.id, index, x: one.x[index] ?? NaN, value: one.y[index] ?? NaN };
}

function indexAt(one: { x: Float64Array; y: Float64Array; measured?: boolean }, x: number | null): number {
  if (x === null) return one.y.findLastIndex((value) => !Number.isNaN(value));
  if (!one.measured) return nearest(one.x, x);
  const after = lowerBound(one.x, x);
  return one.x[after] === x ? after : after - 1;
}

export interface TableRow {
  x: number;
  values: (number | null)[];
}

/** One row for every x at which any series has a point, ascending. */
export function tableRows(series: readonly LineSeries[]): TableRow[] {
  const at = series.map(() => 0);
  const rows: TableRow[] = [];
  for (;;) {
    const x = Math.min(...series.map((one, i) => one.x[at[i]!] ?? Infinity));
    if (x === Infinity) return rows;
    const values = series.map((one, i) => {
      if (one.x[at[i]!] !== x) return null;
      const value = one.y[at[i]!++]!;
      return Number.isNaN(value) ? null : value;
    });
    rows.push({ x, values });
  }
}

/** Heads and rows of a chart's CSV, raw values in full precision. */
export function chartTable(spec: LineChartSpec): { head: string[]; rows: (number | null)[][] } {
  const head = [xHead(spec.xUnit), ...spec.series.map((one) => one.label)];
  return { head, rows: tableRows(spec.series).map((row) => [row.x, ...row.values]) };
}

export function xHead(unit: XUnit): string {
  return { step: 'Step', tokens: 'Tokens', time: 'Time, ms' }[unit];
}

/** Change over the last quarter of a line, as a share of its whole fall, that still counts as moving. */
const MOVING_SHARE = 0.02;

function trendOf(values: ArrayLike<number>): string {
  const finite = Array.from(values).filter((value) => Number.isFinite(value));
  if (finite.length < 8) return '';
  const last = finite.at(-1)!;
  const before = finite[Math.floor(finite.length * 0.75)]!;
  const span = Math.max(...finite) - Math.min(...finite);
  if (span === 0 || Math.abs(last - before) < span * MOVING_SHARE) return ' Level by now.';
  return last < before ? ' Still falling.' : ' Rising of late.';
}

/** One sentence or two with trend and best, for `role="img"`. */
export function summaryOf(spec: LineChartSpec): string {
  const live = spec.series.filter((one) => one.y.some((value) => Number.isFinite(value)));
  if (live.length === 0) return `${spec.title}: no points yet.`;
  const sentences = live.slice(0, 6).map((one) => sentenceOf(one, spec));
  const references = (spec.references ?? []).map((one) => `${one.label} ${spec.formatValue(one.value)}`);
  const tail = references.length > 0 ? ` Reference: ${references.join(', ')}.` : '';
  return `${spec.title}. ${sentences.join(' ')}${tail}${marksText(spec)}`;
}

/** Where stages and parts begin. */
function marksText({ marks = [], xUnit }: LineChartSpec): string {
  if (marks.length < 2) return '';
  const words = marks.map(({ x, label }) => `${label} from ${x === 0 ? 'the start' : xText(x, xUnit)}`);
  return ` Marked: ${words.join('; ')}.`;
}

function sentenceOf(one: LineSeries, spec: LineChartSpec): string {
  const shown = one.measured ? one.y : smooth(one.y, 0.9, one.restarts);
  const first = shown.findIndex((value) => Number.isFinite(value));
  const last = shown.findLastIndex((value) => Number.isFinite(value));
  const [from, to] = [spec.formatValue(shown[first]!), spec.formatValue(shown[last]!)];
  if (first === last) return `${one.label}: ${to} at ${xText(one.x[last]!, spec.xUnit)}.`;
  const verb = shown[last]! < shown[first]! ? 'falls' : shown[last]! > shown[first]! ? 'rises' : 'stays';
  const best = bestIndex(one.y, spec);
  const bestText =
    spec.markBest && one.measured
      ? `, best ${spec.formatValue(one.y[best]!)} at ${xText(one.x[best]!, spec.xUnit)}`
      : '';
  const move = verb === 'stays' ? `stays at ${to}` : `${verb} from ${from} to ${to}`;
  return `${one.label} ${move} by ${xText(one.x[last]!, spec.xUnit)}${bestText}.${trendOf(shown)}`;
}

/** `3 points outside` */
export function hiddenText(hidden: number): string {
  return `${formatCount(hidden)} ${hidden === 1 ? 'point' : 'points'} outside`;
}
