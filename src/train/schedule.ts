/**
 * What changes over a run as a pure function of the step, so that resuming and charting need no state.
 *
 * Convention, as in Hugging Face's `get_linear_schedule_with_warmup` and `get_cosine_schedule_with_warmup`:
 * steps count from 0, the learning rate rises as step / warmupSteps (so that the first step of a warm-up has
 * learning rate 0 and changes nothing), reaches the peak at step warmupSteps, and then falls until it would
 * reach its final share at step `steps`, one step after the last.
 */
import type { Optimizer } from '../recipe/recipe';

/** Share of the peak after `progress` (0..1) of the time that follows the warm-up; 1 falling to 0. */
const DECAY: Record<Optimizer['schedule'], (progress: number) => number> = {
  constant: () => 1,
  linear: (progress) => 1 - progress,
  cosine: (progress) => 0.5 * (1 + Math.cos(Math.PI * progress)),
};

/** Learning rate of step `step` (from 0) of `steps`. */
export function learningRateAt(
  step: number,
  steps: number,
  { learningRate, warmupSteps, schedule, finalFraction }: Optimizer,
): number {
  if (step < warmupSteps) return (learningRate * step) / warmupSteps;
  const progress = Math.min(1, (step - warmupSteps) / Math.max(1, steps - warmupSteps));
  return learningRate * (finalFraction + (1 - finalFraction) * DECAY[schedule](progress));
}
