/** What a task's run has measured. Pure. */
import type { RunRecord, ScorePoint } from '../storeRuns';

/** The measurement with the greatest value of a metric; all of them are better when they are greater. */
export function bestScore(scores: readonly ScorePoint[], metric: string): ScorePoint | undefined {
  return scores.reduce<ScorePoint | undefined>((best, one) => {
    const value = one.metrics[metric] ?? -Infinity;
    return best === undefined || value > (best.metrics[metric] ?? -Infinity) ? one : best;
  }, undefined);
}

/** The measurements of each validation set, in the order in which they were first measured. */
export function scoresBySet(scores: readonly ScorePoint[]): Map<string, ScorePoint[]> {
  const sets = new Map<string, ScorePoint[]>();
  for (const one of scores) sets.set(one.data, [...(sets.get(one.data) ?? []), one]);
  return sets;
}

/** Those of the set that was measured last: of several tasks the one at hand. */
export const latestScores = ({ scores }: Pick<RunRecord, 'scores'>): readonly ScorePoint[] =>
  scores.filter(({ data }) => data === scores.at(-1)?.data);

/** The metrics of a run of one task, its own first. */
export const metricsOf = ({ scores }: Pick<RunRecord, 'scores'>): string[] =>
  Object.keys(scores[0]?.metrics ?? {});
