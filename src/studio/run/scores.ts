/** What a task's run has measured. Pure. */
import type { RunRecord, ScorePoint } from '../storeRuns';

/** The measurement with the greatest value of a metric; all of them are better when they are greater. */
export function bestScore(scores: readonly ScorePoint[], metric: string): ScorePoint | undefined {
  return scores.reduce<ScorePoint | undefined>((best, one) => {
    const value = one.metrics[metric] ?? -Infinity;
    return best === undefined || value > (best.metrics[metric] ?? -Infinity) ? one : best;
  }, undefined);
}

/** The metrics of a run, its task's own first. */
export const metricsOf = ({ scores }: Pick<RunRecord, 'scores'>): string[] =>
  Object.keys(scores[0]?.metrics ?? {});
