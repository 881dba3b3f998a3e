/** How much of a task's rows a run sees, in words. Pure. */
import type { Recipe, Stage } from '../../recipe/recipe';
import { formatCount } from '../charts/format';
import { showNumber } from '../pieces/number';

/** Training rows of a stage; null when it is given in epochs and the rows are not known. */
export function stageRows(stage: Stage, trainRows: number | null): number | null {
  if (stage.epochs !== undefined) return trainRows === null ? null : Math.round(stage.epochs * trainRows);
  return (stage.steps ?? 0) * stage.batchSize * stage.gradAccumSteps;
}

/** `1,600 rows, 0.29 epochs`; empty while the rows are not known. */
export function rowsText({ stages }: Pick<Recipe, 'stages'>, trainRows: number | null): string {
  const rows = stages.map((stage) => stageRows(stage, trainRows));
  if (rows.includes(null)) return '';
  const seen = rows.reduce<number>((sum, one) => sum + one!, 0);
  const epochs = trainRows ? `, ${showNumber(Number((seen / trainRows).toPrecision(2)))} epochs` : '';
  return `${formatCount(seen)} rows${epochs}`;
}

/** Rows that the first steps of a run have seen. */
export function rowsSeen(stages: readonly Stage[], stageDone: readonly number[]): number {
  return stages.reduce(
    (sum, stage, i) => sum + (stageDone[i] ?? 0) * stage.batchSize * stage.gradAccumSteps,
    0,
  );
}
