/** Domains, ticks and their words for one line chart. Pure. */
import { formatCompact, formatCount, formatTick } from './format';
import { endTicks, linearDomain, linearTicks, logDomain, logTicks } from './scale';
import { lowerBound } from './decimate';
import type { ChartView, LineChartSpec, LineSeries, XUnit } from './spec';

export interface Tick {
  value: number;
  text: string;
}

/** The x range that is shown: the zoom, or from 0 to the planned end. */
export function xDomain(spec: LineChartSpec, view: ChartView): [number, number] {
  if (view.zoom) return [view.zoom[0], view.zoom[1]];
  const last = Math.max(0, ...spec.series.map((one) => one.x.at(-1) ?? 0));
  return [0, Math.max(spec.xEnd, last) || 1];
}

export function xTicks(domain: readonly [number, number], unit: XUnit, most: number): Tick[] {
  const divisor = unit === 'time' ? timeUnit(domain[1]).ms : 1;
  const [low, high] = [domain[0] / divisor, domain[1] / divisor];
  // Steps are counted: an axis of three steps has no tick at half a step.
  const room = unit === 'step' ? Math.min(most, Math.max(2, Math.floor(high - low) + 1)) : most;
  const values = low === 0 ? endTicks(high, room) : linearTicks(low, high, room);
  return values.map((value, i) => ({
    value: value * divisor,
    text: i === values.length - 1 ? named(value, domain[1], unit) : plain(value, unit),
  }));
}

function timeUnit(ms: number): { ms: number; name: string } {
  if (ms < 120_000) return { ms: 1000, name: 's' };
  if (ms < 7_200_000) return { ms: 60_000, name: 'min' };
  return { ms: 3_600_000, name: 'h' };
}

function plain(value: number, unit: XUnit): string {
  if (unit === 'tokens')
    return value >= 10_000 ? formatCompact(value).replace(/\.?0+ /, ' ') : formatCount(value);
  return formatTick(unit === 'time' ? Number(value.toPrecision(3)) : value);
}

function named(value: number, end: number, unit: XUnit): string {
  if (unit === 'step') return `step ${formatCount(value)}`;
  if (unit === 'tokens') return `${plain(value, unit)} tokens`;
  return `${plain(value, unit)} ${timeUnit(end).name}`;
}

/** Words for an x position: `step 212`, `1.30 M tokens`, `84 s`. */
export function xText(x: number, unit: XUnit): string {
  if (unit === 'step') return `step ${formatCount(Math.round(x))}`;
  if (unit === 'tokens') return `${formatCompact(Math.round(x))} tokens`;
  const scale = timeUnit(x);
  return `${formatTick(Number((x / scale.ms).toPrecision(3)))} ${scale.name}`;
}

/** Share of the values at each end that "clip outliers" leaves outside the axis. */
const CLIPPED_SHARE = 0.01;

export interface ValueRange {
  low: number;
  high: number;
  /** Points outside, hidden on purpose. */
  hidden: number;
}

function visibleValues(series: readonly LineSeries[], domain: readonly [number, number]): number[] {
  const values: number[] = [];
  for (const one of series) {
    const from = Math.max(0, lowerBound(one.x, domain[0]) - 1);
    const to = Math.min(one.x.length, lowerBound(one.x, domain[1]) + 1);
    for (let i = from; i < to; i++) if (Number.isFinite(one.y[i]!)) values.push(one.y[i]!);
  }
  return values;
}

/** Lowest and highest value in view; with `clip` only up to the 1st and 99th percentile. */
export function valueRange(
  series: readonly LineSeries[],
  domain: readonly [number, number],
  options: { clip: boolean; log: boolean },
): ValueRange | null {
  const values = visibleValues(series, domain).filter((value) => !options.log || value > 0);
  if (values.length === 0) return null;
  let low = Infinity;
  let high = -Infinity;
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  if (!options.clip || values.length < 10) return { low, high, hidden: 0 };
  const sorted = Float64Array.from(values).sort();
  low = sorted[Math.floor((sorted.length - 1) * CLIPPED_SHARE)]!;
  high = sorted[Math.ceil((sorted.length - 1) * (1 - CLIPPED_SHARE))]!;
  const hidden = values.filter((value) => value < low || value > high).length;
  return { low, high, hidden };
}

/** The y domain that holds a range, and its ticks. */
export function yAxis(
  range: { low: number; high: number },
  log: boolean,
  most: number,
  write: (value: number) => string,
): { domain: [number, number]; ticks: Tick[] } {
  const domain = log ? logDomain(range.low, range.high) : linearDomain(range.low, range.high, most);
  const values = log ? logTicks(domain[0], domain[1], most) : linearTicks(domain[0], domain[1], most);
  return { domain, ticks: values.map((value) => ({ value, text: write(value) })) };
}
