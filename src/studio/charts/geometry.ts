/**
 * Where everything of a line chart stands, in pixels. Pure: the component draws it, the tests look at it.
 * Text is never scaled, so a geometry is made for one width and height.
 */
import {
  bandsOf,
  bestOf,
  CHARACTER,
  coordinate,
  endLabelsOf,
  endsOf,
  gapsOf,
  marksOf,
  notesOf,
  referencesOf,
  todoOf,
} from './annotations';
import { valueRange, xDomain, xTicks, yAxis, type Tick } from './axes';
import { lowerBound, minMaxIndices } from './decimate';
import type { DrawnLine, Frame, Geometry, Point } from './drawn';
import { formatTick } from './format';
import { scaleOf, type Scale } from './scale';
import { smooth } from './smooth';
import { BEFORE } from './styles';
import type { ChartView, LineChartSpec, LineSeries } from './spec';

/** Markers closer than this would run into one another. */
const MARKER_ROOM = 7;
const TOP = 8;
const MARKED_TOP = 20;

/** Draws a spec into a frame; null while there is nothing to draw. */
export function geometryOf(spec: LineChartSpec, view: ChartView, frame: Frame): Geometry | null {
  const domain = xDomain(spec, view);
  const drawn = spec.series.map((one) => ({ one, values: shownValues(one, view.smoothing) }));
  const { planned } = spec;
  const future = planned && { id: 'planned', label: '', style: BEFORE, measured: true, ...planned };
  const found = valueRange(future ? [...spec.series, future] : spec.series, domain, view);
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
    marks: marksOf(spec, x, plot),
    notes: notesOf(spec, x, y, plot),
    bands: bandsOf(spec, x, plot),
    planned: future && future.x.length > 0 ? lineOf(future, future.y, x, y, 0).path : '',
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
    // The marks' names stand above the lines.
    top: spec.marks?.length ? MARKED_TOP : TOP,
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
