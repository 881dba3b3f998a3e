/** What is written into a line chart besides its lines: references, what is to come, gaps, the best, names. Pure. */
import type { DrawnLine, DrawnMark, DrawnReference, EndLabel, Geometry, Plot } from './drawn';
import { shortened, spread } from './labels';
import type { Scale } from './scale';
import type { LineChartSpec } from './spec';

/** Average width of a character of 11 px text with tabular figures. */
export const CHARACTER = 6.2;
/** A tenth of a pixel is enough, and values far outside a clipped axis stay short. */
export function coordinate(value: number): number {
  return Math.round(Math.max(-1e4, Math.min(1e4, value)) * 10) / 10;
}

/** Pixel heights of the lines' first and last values: where a label at that side would meet them. */
export function endsOf(lines: readonly DrawnLine[], y: Scale): { first: number[]; last: number[] } {
  const finite = (value: number) => Number.isFinite(value);
  const first = lines.flatMap((line) => line.values.find(finite) ?? []);
  const last = lines.flatMap((line) => line.values.findLast(finite) ?? []);
  return { first: first.map(y.at), last: last.map(y.at) };
}

export function referencesOf(
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

export function todoOf(spec: LineChartSpec, x: Scale, plot: Plot): Geometry['todo'] {
  const last = Math.max(0, spec.xNow ?? 0, ...spec.series.map((one) => one.x.at(-1) ?? 0));
  if (spec.xEnd <= last) return null;
  const from = Math.max(plot.left, Math.min(plot.right, x.at(last)));
  return plot.right - from < 1 ? null : { x: from, width: plot.right - from };
}

export function gapsOf(spec: LineChartSpec, x: Scale, plot: Plot): number[] {
  const positions = new Set<number>();
  for (const one of spec.series) {
    for (const index of one.breaks ?? []) {
      if (index <= 0 || index >= one.x.length) continue;
      // What begins there is said by its mark, or by the edge of a band.
      const begins = (x: number) => x > one.x[index - 1]! && x <= one.x[index]!;
      if (spec.marks?.some((mark) => begins(mark.x))) continue;
      if (spec.bands?.some((band) => begins(band.from) || begins(band.to))) continue;
      const at = (x.at(one.x[index - 1]!) + x.at(one.x[index]!)) / 2;
      if (at >= plot.left && at <= plot.right) positions.add(coordinate(at));
    }
  }
  return [...positions];
}

/** The marks in view, named where the name fits before the next one. A zoomed-in part is named at the left edge. */
export function marksOf(spec: LineChartSpec, x: Scale, plot: Plot): DrawnMark[] {
  const marks = spec.marks ?? [];
  return marks.flatMap(({ x: value, label, shorter = [] }, i) => {
    const at = x.at(value);
    const next = Math.min(plot.right, i + 1 < marks.length ? x.at(marks[i + 1]!.x) : Infinity);
    if (at > plot.right || next <= plot.left) return [];
    const from = Math.max(plot.left, at);
    const fitting = [label, ...shorter].find((text) => from + 8 + text.length * CHARACTER <= next);
    return [{ x: coordinate(from), rule: i > 0 && at > plot.left, text: fitting ?? '' }];
  });
}

/** Words at points in view, below them, or above where there is no room. */
export function notesOf(spec: LineChartSpec, x: Scale, y: Scale, plot: Plot): Geometry['notes'] {
  return spec.series.flatMap((one) =>
    [...(one.notes ?? [])].flatMap(([index, text]) => {
      const [left, top] = [x.at(one.x[index]!), y.at(one.y[index]!)];
      if (!Number.isFinite(top) || left < plot.left - 1 || left > plot.right + 1) return [];
      const anchor = left + 8 + text.length * CHARACTER > plot.right ? ('end' as const) : ('start' as const);
      const at = top + 16 > plot.bottom ? top - 9 : top + 15;
      return [{ x: coordinate(left) + (anchor === 'end' ? -6 : 6), y: coordinate(at), text, anchor }];
    }),
  );
}

/** The bands in view, at least a pixel wide. */
export function bandsOf(spec: LineChartSpec, x: Scale, plot: Plot): Geometry['bands'] {
  return (spec.bands ?? []).flatMap(({ from, to }) => {
    const [left, right] = [Math.max(plot.left, x.at(from)), Math.min(plot.right, x.at(to))];
    if (right < plot.left || left > plot.right) return [];
    return [{ x: coordinate(left), width: coordinate(Math.max(1, right - left)) }];
  });
}

/** Index of the best finite value, the lowest one unless higher is better; or -1. */
export function bestIndex(
  values: ArrayLike<number>,
  { higherIsBetter = false }: Pick<LineChartSpec, 'higherIsBetter'> = {},
): number {
  let best = -1;
  for (let i = 0; i < values.length; i++) {
    if (!Number.isFinite(values[i]!)) continue;
    const beats = best < 0 || (higherIsBetter ? values[i]! > values[best]! : values[i]! < values[best]!);
    if (beats) best = i;
  }
  return best;
}

export function bestOf(spec: LineChartSpec, x: Scale, y: Scale, plot: Plot): Geometry['best'] {
  const one = spec.series.find((candidate) => candidate.measured);
  if (!one) return null;
  const index = bestIndex(one.y, spec);
  if (index < 0) return null;
  const at = { x: x.at(one.x[index]!), y: y.at(one.y[index]!) };
  if (at.x < plot.left - 1 || at.x > plot.right + 1) return null;
  const text = `best ${spec.formatValue(one.y[index]!)}`;
  const fits = at.x + 12 + text.length * 6.6 < plot.right;
  // Left of the point lies the line that led there: above a lowest value, below a highest one.
  const below = !fits && !spec.higherIsBetter && at.y + 18 < plot.bottom;
  return {
    ...at,
    text,
    labelX: fits ? at.x + 12 : at.x - 12,
    labelY: below ? at.y + 16 : at.y - 7,
    anchor: fits ? 'start' : 'end',
    style: one.style,
    index,
  };
}

export function endLabelsOf(
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
    return [{ id: line.id, text: shortened(label, room), style: line.style, from }];
  });
  const wishes = ends.map((end) => end.from.y);
  const placed = spread(wishes, 15, plot.top + 4, plot.bottom);
  return ends.map((end, i) => ({ ...end, labelY: placed[i]! }));
}
