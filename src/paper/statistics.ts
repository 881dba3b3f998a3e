/**
 * Means over seeds, and how much a method differs from another one that had the same seeds.
 * Source: "Student", "The Probable Error of a Mean", Biometrika 6 (1908); the distribution function for whole degrees
 * of freedom in Abramowitz and Stegun, "Handbook of Mathematical Functions", 26.7.3 and 26.7.4.
 */
export interface Summary {
  mean: number;
  /** Of the sample (n − 1 in the denominator); null for a single value, which has no spread. */
  sd: number | null;
  n: number;
}

export interface PairedDifference {
  /** Mean of aᵢ − bᵢ. */
  mean: number;
  /** Ends of the confidence interval of the mean; null for a single pair, which says nothing about its spread. */
  low: number | null;
  high: number | null;
  n: number;
  /** Whether the interval leaves out zero; null for a single pair. False reads "not distinguishable". */
  distinguishable: boolean | null;
}

/** Mean and standard deviation. Throws RangeError without values. */
export function summarise(values: readonly number[]): Summary {
  const n = values.length;
  if (n === 0) throw new RangeError('there are no values to summarise');
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, sd: n < 2 ? null : Math.sqrt(squares / (n - 1)), n };
}

/** P(|X| <= √df tan θ), X of Student's distribution with `df` degrees of freedom. θ from 0 to π/2. */
function centralShare(theta: number, df: number): number {
  const [sine, cosine] = [Math.sin(theta), Math.cos(theta)];
  const odd = df % 2 === 1;
  let term = odd ? sine * cosine : sine;
  let sum = df === 1 ? 0 : term;
  for (let k = odd ? 3 : 2; k < df; k += 2) {
    term *= (cosine ** 2 * (k - 1)) / k;
    sum += term;
  }
  return odd ? (2 / Math.PI) * (theta + sum) : sum;
}

/** The t for which a share `level` of Student's distribution lies between −t and t. df is whole and at least 1. */
export function studentT(level: number, df: number): number {
  let [low, high] = [0, Math.PI / 2];
  // The share grows with θ; 60 halvings leave less than float64 can tell apart.
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (centralShare(middle, df) < level) low = middle;
    else high = middle;
  }
  return Math.sqrt(df) * Math.tan((low + high) / 2);
}

/**
 * How much `a` lies above `b`, where aᵢ and bᵢ have the same seed: the mean difference with its t interval.
 * Throws RangeError when the two are not of one length, or empty.
 */
export function pairedDifference(a: readonly number[], b: readonly number[], level = 0.95): PairedDifference {
  if (a.length !== b.length) throw new RangeError(`${a.length} values cannot be paired with ${b.length}`);
  const { mean, sd, n } = summarise(a.map((value, i) => value - b[i]!));
  if (sd === null) return { mean, low: null, high: null, n, distinguishable: null };
  const reach = (studentT(level, n - 1) * sd) / Math.sqrt(n);
  const [low, high] = [mean - reach, mean + reach];
  return { mean, low, high, n, distinguishable: low > 0 || high < 0 };
}
