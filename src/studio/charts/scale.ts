/** Positions and ticks of an axis. Pure. */

export interface Scale {
  domain: readonly [number, number];
  range: readonly [number, number];
  log: boolean;
  /** Value to pixel. */
  at(value: number): number;
  /** Pixel to value. */
  invert(pixel: number): number;
}

/** A linear or logarithmic scale. A log scale needs a positive domain. */
export function scaleOf(
  domain: readonly [number, number],
  range: readonly [number, number],
  log: boolean,
): Scale {
  const forward = log ? Math.log : (value: number) => value;
  const backward = log ? Math.exp : (value: number) => value;
  const low = forward(domain[0]);
  const span = forward(domain[1]) - low || 1;
  const width = range[1] - range[0] || 1;
  return {
    domain,
    range,
    log,
    at: (value) => range[0] + ((forward(value) - low) / span) * width,
    invert: (pixel) => backward(low + ((pixel - range[0]) / width) * span),
  };
}

/** 1, 2, 2.5 or 5 times a power of ten: the smallest such step that gives at most `count` intervals. */
export function niceStep(span: number, count: number): number {
  const rough = span / Math.max(1, count);
  const power = 10 ** Math.floor(Math.log10(rough));
  const factor = [1, 2, 2.5, 5, 10].find((candidate) => candidate * power >= rough * (1 - 1e-9)) ?? 10;
  return factor * power;
}

/** Multiples of a nice step from `low` to `high`, both ends included where they are multiples. */
export function linearTicks(low: number, high: number, most: number): number[] {
  if (!(high > low)) return [low];
  const step = niceStep(high - low, most - 1);
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

const LOG_PATTERNS = [[1, 1.5, 2, 3, 4, 5, 6, 8], [1, 2, 3, 4, 6, 8], [1, 2, 5], [1, 3], [1]];

function logMultiples(low: number, high: number, pattern: readonly number[]): number[] {
  const ticks: number[] = [];
  for (let power = Math.floor(Math.log10(low)) - 1; power <= Math.ceil(Math.log10(high)); power++) {
    for (const factor of pattern) {
      const tick = Number((factor * 10 ** power).toPrecision(12));
      if (tick >= low * (1 - 1e-9) && tick <= high * (1 + 1e-9)) ticks.push(tick);
    }
  }
  return ticks;
}

/** True log ticks: the densest familiar pattern with at most `most` ticks. */
export function logTicks(low: number, high: number, most: number): number[] {
  for (const pattern of LOG_PATTERNS) {
    const ticks = logMultiples(low, high, pattern);
    if (ticks.length <= most) return ticks.length >= 2 ? ticks : linearTicks(low, high, Math.min(4, most));
  }
  const decades = logMultiples(low, high, [1]);
  const every = Math.ceil(decades.length / most);
  return decades.filter((_, i) => i % every === 0);
}

/** A linear domain that ends on ticks, with zero in it. */
export function linearDomain(low: number, high: number, most: number): [number, number] {
  const from = Math.min(0, low);
  const to = Math.max(0, high);
  if (from === to) return [0, 1];
  const step = niceStep(to - from, most - 1);
  // Adding zero turns a negative zero into a plain one.
  return [Math.floor(from / step + 1e-9) * step + 0, Math.ceil(to / step - 1e-9) * step + 0];
}

/** A log domain widened to the next of 1, 1.5, 2, 3, 4, 5, 6, 8 times a power of ten. */
export function logDomain(low: number, high: number): [number, number] {
  const candidates = logMultiples(low / 10, high * 10, LOG_PATTERNS[0]!);
  const from = candidates.findLast((tick) => tick <= low) ?? low;
  const to = candidates.find((tick) => tick >= high && tick > from) ?? high;
  return [from, to];
}

/** Ticks from 0 to a planned end: nice ones, and the end itself as the last. */
export function endTicks(end: number, most: number): number[] {
  if (!(end > 0)) return [0];
  const ticks = linearTicks(0, end, most);
  const step = (ticks[1] ?? end) - ticks[0]!;
  const kept = ticks.filter((tick) => tick <= end - step * 0.6);
  return [...kept, end];
}
