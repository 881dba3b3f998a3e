/**
 * Exponential moving average without the pull of its start (as Adam corrects its moments,
 * arXiv:1412.6980, section 3):
 *   s_i = w s_{i-1} + (1 - w) y_i,   out_i = s_i / (1 - w^i)
 * Linear in y, so smoothed terms still add up to the smoothed total. NaN stays NaN and is not averaged in.
 * `restarts` are indices where the average begins anew. Pure.
 */
export function smooth(y: ArrayLike<number>, weight: number, restarts: readonly number[] = []): Float64Array {
  const out = new Float64Array(y.length);
  const starts = new Set(restarts);
  let sum = 0;
  let share = 0;
  for (let i = 0; i < y.length; i++) {
    if (starts.has(i)) {
      sum = 0;
      share = 0;
    }
    const value = y[i]!;
    if (Number.isNaN(value)) {
      out[i] = NaN;
      continue;
    }
    sum = weight * sum + (1 - weight) * value;
    share = weight * share + (1 - weight);
    out[i] = share > 0 ? sum / share : value;
  }
  return out;
}
