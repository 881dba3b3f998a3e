/** Where the points of a scatter stand, in pixels, with the best front and labels that do not touch. Pure. */
import { formatTick } from './format';
import { shortened, spread } from './labels';
import { linearTicks, logTicks, niceStep, scaleOf, type Scale } from './scale';
import type { Tick } from './axes';
import type { LineStyle } from './styles';

export interface ScatterPoint {
  id: string;
  label: string;
  x: number;
  y: number;
  style: LineStyle;
}

export interface PlacedPoint extends ScatterPoint {
  at: { x: number; y: number };
  /** The label as far as there is room for it. */
  text: string;
  labelAt: { x: number; y: number; anchor: 'start' | 'end' };
}

export interface ScatterGeometry {
  plot: { left: number; right: number; top: number; bottom: number };
  xTicks: (Tick & { at: number })[];
  yTicks: (Tick & { at: number })[];
  points: PlacedPoint[];
  /** Staircase of the best front as SVG path data; empty with fewer than two points on it. */
  front: string;
}

const CHARACTER = 6.6;
/** From a point to its label. */
const AWAY = 12;

/** A range around values that ends on ticks; zero is left out where it would waste the width. */
function around(values: readonly number[], most: number): [number, number] {
  const low = Math.min(...values);
  const high = Math.max(...values);
  const step = niceStep(Math.max(high - low, high * 0.2) * 1.25, most - 1);
  const from = Math.floor(low / step - 0.15) * step;
  return [Math.max(0, from), Math.ceil(high / step + 0.15) * step];
}

/** Places points on a linear x axis and a y axis that is logarithmic unless `linear`; `front` names the ids on the best front, in order. */
export function scatterGeometry(
  points: readonly ScatterPoint[],
  front: readonly string[],
  frame: { width: number; height: number; xUnit: string; linear?: boolean },
): ScatterGeometry | null {
  const { linear = false } = frame;
  const drawn = points.filter(
    (point) => Number.isFinite(point.x) && (linear ? Number.isFinite(point.y) : point.y > 0),
  );
  if (drawn.length === 0) return null;
  const ys = drawn.map((point) => point.y);
  const yDomain = linear ? around(ys, 6) : ([Math.min(...ys) * 0.88, Math.max(...ys) * 1.1] as const);
  const yValues = linear ? linearTicks(...yDomain, 6) : logTicks(yDomain[0], yDomain[1], 6);
  const plot = { left: 44, right: frame.width - 20, top: 10, bottom: frame.height - 22 };
  const xDomain = around(
    drawn.map((point) => point.x),
    6,
  );
  const x = scaleOf(xDomain, [plot.left, plot.right], false);
  const y = scaleOf(yDomain, [plot.bottom, plot.top], !linear);
  const xValues = linearTicks(xDomain[0], xDomain[1], 7);
  const xTicks = xValues.map((value, i) => ({
    value,
    text: i === xValues.length - 1 ? `${formatTick(value)} ${frame.xUnit}` : formatTick(value),
    at: x.at(value),
  }));
  return {
    plot,
    xTicks,
    yTicks: yValues.map((value) => ({ value, text: formatTick(value), at: y.at(value) })),
    points: placeLabels(drawn, new Set(front), x, y, plot),
    front: frontPath(
      front.flatMap((id) => drawn.filter((point) => point.id === id)),
      x,
      y,
    ),
  };
}

function placeLabels(
  points: readonly ScatterPoint[],
  front: ReadonlySet<string>,
  x: Scale,
  y: Scale,
  plot: ScatterGeometry['plot'],
): PlacedPoint[] {
  const stairs = points
    .filter((point) => front.has(point.id))
    .map((point) => [x.at(point.x), y.at(point.y)] as const);
  const wishes = points.map((point) => {
    const at = { x: x.at(point.x), y: y.at(point.y) };
    const after = (plot.right + 14 - at.x - AWAY) / CHARACTER;
    const before = (at.x - AWAY - plot.left) / CHARACTER;
    const right = point.label.length < after || after > before;
    const text = shortened(point.label, right ? after : before);
    // The staircase leaves a point of the front to the right, so labels there stand below the line.
    const onStairs = stairs.some(
      ([left, height]) => Math.abs(left - at.x) < 8 && Math.abs(height - at.y) < 10,
    );
    return { point, at, right, text, wish: at.y + (onStairs && right ? 15 : 4) };
  });
  return wishes.map((one) => {
    // Labels on the same side of points in nearly the same column share its height.
    const column = wishes.filter(
      (other) => other.right === one.right && Math.abs(other.at.x - one.at.x) < 60,
    );
    const tops = column.map((other) => other.wish);
    const height = spread(tops, 14, plot.top + 8, plot.bottom - 2)[column.indexOf(one)]!;
    const labelX = one.right ? one.at.x + AWAY : one.at.x - AWAY;
    return {
      ...one.point,
      ...{ at: one.at, text: one.text },
      labelAt: { x: labelX, y: height, anchor: one.right ? 'start' : 'end' },
    };
  });
}

function frontPath(front: readonly ScatterPoint[], x: Scale, y: Scale): string {
  if (front.length < 2) return '';
  const round = (value: number) => Math.round(value * 10) / 10;
  return front
    .map((point, i) => {
      const [px, py] = [round(x.at(point.x)), round(y.at(point.y))];
      return i === 0 ? `M${px} ${py}` : `H${px}V${py}`;
    })
    .join('');
}
