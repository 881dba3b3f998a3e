/**
 * Where everything of a line chart stands, in pixels. Pure: the component draws it, the tests look at it.
 * Text is never scaled, so a geometry is made for one width and height.
 */
import { valueRange, xDomain, xTicks, yAxis, type Tick } from './axes';
import { lowerBound, minMaxIndices } from './decimate';
import { formatTick } from './format';
import { spread } from './labels';
import { scaleOf, type Scale } from './scale';
import { smooth } from './smooth';
import type { ChartView, LineChartSpec, LineSeries } from './spec';
import type { LineStyle } from './styles';

export interface Point {
  x: number;
  y: number;
}

export interface DrawnLine {
  id: string;
  style: LineStyle;
  /** The line itself; smoothed unless measured. */
  path: string;
  /** The raw values below a smoothed line, or nothing. */
  raw: string;
  markers: Point[];
  /** Values that the line shows, for the cursor and the legend. */
  values: Float64Array;
  x: Float64Array;
  measured: boolean;
}

export interface DrawnReference extends Point {
  id: string;
  style: LineStyle;
  text: string;
  anchor: 'start' | 'end';
  /** Where the line itself is. */
  lineY: number;
}

export interface EndLabel {
  id: string;
  text: string;
  style: LineStyle;
  from: Point;
  labelY: number;
}

export interface Plot {
  left: number;
  right: number;
  top: number;
  bottom: number;
}

export interface Geometry {
  width: number;
  height: number;
  plot: Plot;
  x: Scale;
  y: Scale;
  xTicks: (Tick & { at: number; anchor: 'start' | 'middle' | 'end' })[];
  yTicks: (Tick & { at: number })[];
  lines: DrawnLine[];
  references: DrawnReference[];
  /** What is still to come, shaded. */
  todo: { x: number; width: number } | null;
  gaps: number[];
  best:
    | (Point & { text: string; labelX: number; anchor: 'start' | 'end'; style: LineStyle; index: number })
    | null;
  endLabels: EndLabel[];
  hidden: number;
}

export interface Frame {
  width: number;
  height: number;
  small: boolean;
  endLabels: boolean;
}

/** Average width of a character of 11 px text with tabular figures. */
const CHARACTER = 6.2;
/** Markers closer than this would run into one another. */
const MARKER_ROOM = 7;

/** Draws a spec into a frame; null while there is nothing to draw. */
export function geometryOf(spec: LineChartSpec, view: ChartView, frame: Frame): Geometry | null {
  const domain = xDomain(spec, view);
  const drawn = spec.series.map((one) => ({ one, values: shownValues(one, view.smoothing) }));
  const found = valueRange(spec.series, domain, view);
  if (!found) return null;
  const log = view.log && found.low > 0;
  const range = view.zoom ? found : withReferences(found, spec, log);
  const most = frame.small ? 4 : Math.min(7, Math.max(3, Math.floor(frame.height / 44)));
  const { domain: yRange, ticks } = yAxis(range, log, most, spec.formatTick ?? formatTick);
  const plot = plotOf(frame, ticks, spec);
  const x = scaleOf(domain, [plot.left, plot.right], false);
  const y = scaleOf(yRange, [plot.bottom, plot.top], log);
  const lines = drawn.map(({ one, values }) => lineOf(one, values, x, y, view.smoothing));
  return {
    width: frame.width,
    height: frame.height,
    plot,
    x,
    y,
    xTicks: placeXTicks(domain, spec, frame, x),
    yTicks: ticks.map((tick) => ({ ...tick, at: y.at(tick.value) })),
    lines,
    references: referencesOf(spec, y, plot, endsOf(lines, y)),
    todo: todoOf(spec, x, plot),
    gaps: gapsOf(spec, x, plot),
    best: spec.markBest ? bestOf(spec, x, y, plot) : null,
    endLabels: frame.endLabels ? endLabelsOf(spec, lines, x, y, plot, frame.width) : [],
    hidden: found.hidden,
  };
}

function shownValues(one: LineSeries, weight: number): Float64Array {
  return one.measured || weight === 0 ? one.y : smooth(one.y, weight, one.restarts);
}

function withReferences(range: { low: number; high: number }, spec: LineChartSpec, log: boolean) {
  const values = (spec.references ?? []).map((one) => one.value).filter((value) => !log || value > 0);
  return { low: Math.min(range.low, ...values), high: Math.max(range.high, ...values) };
}

function plotOf(frame: Frame, ticks: readonly Tick[], spec: LineChartSpec) {
  const widest = Math.max(1, ...ticks.map((tick) => tick.text.length));
  const labels = Math.max(0, ...spec.series.map((one) => one.label.length));
  const right = frame.endLabels ? Math.min(frame.width * 0.42, labels * CHARACTER + 60) : 10;
  return {
    left: Math.ceil(widest * CHARACTER) + 9,
    right: frame.width - right,
    top: 8,
    bottom: frame.height - 22,
  };
}

function placeXTicks(domain: readonly [number, number], spec: LineChartSpec, frame: Frame, x: Scale) {
  const room = Math.floor((x.range[1] - x.range[0]) / 74);
  const ticks = xTicks(domain, spec.xUnit, Math.max(2, Math.min(frame.small ? 3 : 7, room)));
  return ticks.map((tick, i) => {
    const atEnd = i === ticks.length - 1 && x.at(tick.value) > x.range[1] - 30;
    const anchor = atEnd ? 'end' : x.at(tick.value) < x.range[0] + 4 ? 'start' : 'middle';
    return { ...tick, at: x.at(tick.value), anchor } as const;
  });
}

/** One line as SVG path data, broken where the series says so and where a value is missing. */
function pathOf(
  one: LineSeries,
  values: Float64Array,
  x: Scale,
  y: Scale,
  range: readonly [number, number],
): string {
  const columns = Math.max(1, Math.round(x.range[1] - x.range[0]));
  const kept = minMaxIndices(one.x, values, range[0], range[1], columns);
  const breaks = one.breaks ?? [];
  let path = '';
  let previous = -1;
  let nextBreak = 0;
  for (const index of kept) {
    while (nextBreak < breaks.length && breaks[nextBreak]! <= previous) nextBreak++;
    const broken = previous < 0 || (nextBreak < breaks.length && breaks[nextBreak]! <= index);
    const missing = previous >= 0 && Number.isNaN(values[index - 1]!);
    path += `${broken || missing ? 'M' : 'L'}${coordinate(x.at(one.x[index]!))} ${coordinate(y.at(values[index]!))}`;
    previous = index;
  }
  return path;
}

/** A tenth of a pixel is enough, and values far outside a clipped axis stay short. */
function coordinate(value: number): number {
  return Math.round(Math.max(-1e4, Math.min(1e4, value)) * 10) / 10;
}

function lineOf(one: LineSeries, values: Float64Array, x: Scale, y: Scale, smoothing: number): DrawnLine {
  const from = Math.max(0, lowerBound(one.x, x.domain[0]) - 1);
  const to = Math.min(one.x.length, lowerBound(one.x, x.domain[1]) + 1);
  const range = [from, to] as const;
  const smoothed = !one.measured && smoothing > 0;
  const markers: Point[] = [];
  if (one.measured && (x.range[1] - x.range[0]) / Math.max(1, to - from) >= MARKER_ROOM) {
    for (let i = from; i < to; i++) {
      if (Number.isFinite(values[i]!)) markers.push({ x: x.at(one.x[i]!), y: y.at(values[i]!) });
    }
  }
  return {
    id: one.id,
    style: one.style,
    path: pathOf(one, values, x, y, range),
    raw: smoothed ? pathOf(one, one.y, x, y, range) : '',
    markers: markers.filter((point) => point.x >= x.range[0] - 1 && point.x <= x.range[1] + 1),
    values,
    x: one.x,
    measured: one.measured === true,
  };
}

/** Pixel heights of the lines' first and last values: where a label at that side would meet them. */
function endsOf(lines: readonly DrawnLine[], y: Scale): { first: number[]; last: number[] } {
  const finite = (value: number) => Number.isFinite(value);
  const first = lines.flatMap((line) => line.values.find(finite) ?? []);
  const last = lines.flatMap((line) => line.values.findLast(finite) ?? []);
  return { first: first.map(y.at), last: last.map(y.at) };
}

function referencesOf(
  spec: LineChartSpec,
  y: Scale,
  plot: Plot,
  ends: { first: number[]; last: number[] },
): DrawnReference[] {
  const taken: number[] = [];
  const room = (heights: number[], at: number) => Math.min(...heights.map((height) => Math.abs(height - at)));
  return (spec.references ?? [])
    .filter((one) => one.value >= y.domain[0] && one.value <= y.domain[1])
    .map((one) => {
      const lineY = y.at(one.value);
      const below = lineY + 14;
      const crowded = below > plot.bottom - 2 || taken.some((other) => Math.abs(other - below) < 13);
      const labelY = crowded ? lineY - 5 : below;
      taken.push(labelY);
      const text = `${one.label} ${one.text ?? spec.formatValue(one.value)}`;
      const left = room(ends.last, labelY) < 24 && room(ends.first, labelY) > room(ends.last, labelY);
      const x = left ? plot.left + 4 : plot.right;
      return { id: one.id, style: one.style, text, lineY, x, y: labelY, anchor: left ? 'start' : 'end' };
    });
}

function todoOf(spec: LineChartSpec, x: Scale, plot: Plot): Geometry['todo'] {
  const last = Math.max(0, spec.xNow ?? 0, ...spec.series.map((one) => one.x.at(-1) ?? 0));
  if (spec.xEnd <= last) return null;
  const from = Math.max(plot.left, Math.min(plot.right, x.at(last)));
  return plot.right - from < 1 ? null : { x: from, width: plot.right - from };
}

function gapsOf(spec: LineChartSpec, x: Scale, plot: Plot): number[] {
  const positions = new Set<number>();
  for (const one of spec.series) {
    for (const index of one.breaks ?? []) {
      if (index <= 0 || index >= one.x.length) continue;
      const at = (x.at(one.x[index - 1]!) + x.at(one.x[index]!)) / 2;
      if (at >= plot.left && at <= plot.right) positions.add(coordinate(at));
    }
  }
  return [...positions];
}

/** Index of the lowest finite value, or -1. */
export function lowestIndex(values: ArrayLike<number>): number {
  let best = -1;
  for (let i = 0; i < values.length; i++) {
    if (Number.isFinite(values[i]!) && (best < 0 || values[i]! < values[best]!)) best = i;
  }
  return best;
}

function bestOf(spec: LineChartSpec, x: Scale, y: Scale, plot: Plot): Geometry['best'] {
  const one = spec.series.find((candidate) => candidate.measured);
  if (!one) return null;
  const index = lowestIndex(one.y);
  if (index < 0) return null;
  const at = { x: x.at(one.x[index]!), y: y.at(one.y[index]!) };
  if (at.x < plot.left - 1 || at.x > plot.right + 1) return null;
  const text = `best ${spec.formatValue(one.y[index]!)}`;
  const fits = at.x + 12 + text.length * 6.6 < plot.right;
  return {
    ...at,
    text,
    labelX: fits ? at.x + 12 : at.x - 12,
    anchor: fits ? 'start' : 'end',
    style: one.style,
    index,
  };
}

function endLabelsOf(
  spec: LineChartSpec,
  lines: readonly DrawnLine[],
  x: Scale,
  y: Scale,
  plot: Plot,
  width: number,
): EndLabel[] {
  const room = Math.floor((width - plot.right - 20) / CHARACTER);
  const inside = (value: number, low: number, high: number) => Math.max(low, Math.min(high, value));
  const ends = lines.flatMap((line) => {
    const last = line.values.findLastIndex((value) => Number.isFinite(value));
    if (last < 0) return [];
    const from = {
      x: inside(x.at(line.x[last]!), plot.left, plot.right),
      y: inside(y.at(line.values[last]!), plot.top, plot.bottom),
    };
    const label = spec.series.find((one) => one.id === line.id)?.label ?? line.id;
    const text = label.length > room ? `${label.slice(0, Math.max(1, room - 1))}…` : label;
    return [{ id: line.id, text, style: line.style, from }];
  });
  const wishes = ends.map((end) => end.from.y);
  const placed = spread(wishes, 15, plot.top + 4, plot.bottom);
  return ends.map((end, i) => ({ ...end, labelY: placed[i]! }));
}
