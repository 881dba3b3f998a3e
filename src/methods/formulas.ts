/** Formulas that a method trains with and the page draws. Plain numbers, so that the page need not load a tensor library. */

/** A stretch of steps: how many are done, and how many there are. */
interface Stretch {
  step: number;
  steps: number;
}

/** Annealing-KD's φ at a step of phase 1: every temperature from τ down to 1 has an equal part of the phase. */
export function annealingFactor({ step, steps }: Stretch, tauMax: number): number {
  const t = tauMax - Math.floor((step * tauMax) / steps);
  return 1 - (t - 1) / tauMax;
}

/** MATE-KD's warm-up of the generator: as asked for, but at most half of a stage. */
export function mateWarmup(steps: number, warmupSteps: number): number {
  return Math.min(warmupSteps, Math.floor(steps / 2));
}

/** What a softened target gives the right class, and each other one. */
export interface SoftenedTarget {
  label: number;
  others: number;
}

/** Label smoothing: (1 − α) onehot(y) + α / K */
export function smoothedTarget(alpha: number, classes: number): SoftenedTarget {
  const others = alpha / classes;
  return { label: 1 - alpha + others, others };
}

/** TF-reg: (1 − α) onehot(y) + α p,  p_y = a,  p_k = (1 − a) / (K − 1) else */
export function regularisedTarget(alpha: number, a: number, classes: number): SoftenedTarget {
  return { label: 1 - alpha + alpha * a, others: (alpha * (1 - a)) / (classes - 1) };
}
