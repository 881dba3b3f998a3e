/**
 * Fewer points for the same picture: of all points that fall on one pixel column only the lowest and the
 * highest are drawn, in their order, so that no peak is lost. Pure.
 */

/** At most this many points of a series are drawn (visual.md, section 3). */
export const MOST_POINTS = 1000;

/** First index whose x is not below `value`; x ascending. */
export function lowerBound(x: ArrayLike<number>, value: number): number {
  let low = 0;
  let high = x.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (x[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Index of the point nearest to `value`, or -1 without points; x ascending. */
export function nearest(x: ArrayLike<number>, value: number): number {
  if (x.length === 0) return -1;
  const after = lowerBound(x, value);
  if (after === 0) return 0;
  if (after === x.length) return x.length - 1;
  return value - x[after - 1]! <= x[after]! - value ? after - 1 : after;
}

/**
 * Indices in [from, to) to draw, ascending, at most `most`: the first, the last, and per column the minimum
 * and maximum of y. NaN is skipped. x ascending.
 */
export function minMaxIndices(
  x: ArrayLike<number>,
  y: ArrayLike<number>,
  from: number,
  to: number,
  columns: number,
  most: number = MOST_POINTS,
): number[] {
  const kept: number[] = [];
  const push = (index: number) => {
    if (kept.at(-1) !== index) kept.push(index);
  };
  if (to - from <= most) {
    for (let i = from; i < to; i++) if (!Number.isNaN(y[i]!)) kept.push(i);
    return kept;
  }
  // The first and the last point of all are kept beside the two of every column.
  const buckets = Math.max(1, Math.min(columns, (most - 2) >> 1));
  const span = x[to - 1]! - x[from]! || 1;
  let i = from;
  push(from);
  for (let bucket = 0; bucket < buckets; bucket++) {
    const limit = bucket === buckets - 1 ? Infinity : x[from]! + (span * (bucket + 1)) / buckets;
    let low = -1;
    let high = -1;
    for (; i < to && x[i]! < limit; i++) {
      if (Number.isNaN(y[i]!)) continue;
      if (low < 0 || y[i]! < y[low]!) low = i;
      if (high < 0 || y[i]! > y[high]!) high = i;
    }
    if (low < 0) continue;
    push(Math.min(low, high));
    push(Math.max(low, high));
  }
  push(to - 1);
  return kept.filter((index) => !Number.isNaN(y[index]!));
}
