/** `report.json`, what is left of a run when it has ended, and `cleaning.json` where its text was cleaned. */
import { join } from 'node:path';
import { dataOf, labelOf } from '../recipe/pipeline';
import type { Recipe } from '../recipe/recipe';
import type { PerplexityReport, TaskReport } from '../worker/protocol';
import type { CliSession } from './session';
import type { BorderLine, TrainingOutcome } from './training';
import { writeJson } from './write';

export type Measured = PerplexityReport | TaskReport;

/** What `run --json` prints. */
export interface RunReport {
  out: string;
  steps: number;
  /** Null when nothing was trained. */
  loss: number | null;
  perplexityBefore?: number;
  perplexityAfter?: number;
  metricsBefore?: Record<string, number>;
  metrics?: Record<string, number>;
  parameters: number;
  tokensPerSecond: number;
  device: string;
  wallMs: number;
}

/** The file. */
export interface FullReport extends RunReport {
  layers: number[];
  stopped: boolean;
  bestStep?: number | undefined;
  evaluation: { before?: Measured | undefined; after?: Measured | undefined; teacher?: Measured | undefined };
  /** Every stage with what was measured behind it. */
  stages: StageReport[];
  adapter: CliSession['device'];
  recipe: Recipe;
}

export interface StageReport {
  method: string;
  /** The validation set of what it learns from, by its label. */
  data: string;
  /** On every set that the student could answer then. */
  measured: BorderLine[];
}

const stageReports = (recipe: Recipe, borders: readonly BorderLine[]): StageReport[] =>
  recipe.stages.map((stage, index) => ({
    method: stage.method,
    data: labelOf(recipe, dataOf(recipe, stage)),
    measured: borders.filter((line) => line.stage === index),
  }));

/** Writes the report of a run that has ended. */
export async function writeReport(
  { folder, recipe }: { folder: string; recipe: Recipe },
  { result, before, borders }: TrainingOutcome,
  adapter: CliSession['device'],
): Promise<{ report: RunReport; full: FullReport; after: Measured | undefined }> {
  const after = result.perplexityAfter ?? result.scoresAfter;
  const teacher = result.teacherPerplexity ?? result.teacherScores;
  const report: RunReport = {
    out: folder,
    steps: result.steps,
    // A recipe without stages trains nothing and has no loss.
    loss: Number.isFinite(result.loss) ? result.loss : null,
    ...(before &&
      ('metrics' in before ? { metricsBefore: before.metrics } : { perplexityBefore: before.perplexity })),
    ...(result.perplexityAfter && { perplexityAfter: result.perplexityAfter.perplexity }),
    // A run that ends with a task has both.
    ...(result.scoresAfter && { metrics: result.scoresAfter.metrics }),
    parameters: result.parameters,
    tokensPerSecond: result.tokensPerSecond,
    device: result.device,
    wallMs: result.wallMs,
  };
  const { layers, stopped, bestStep } = result;
  const { teacherOn } = result;
  const several = teacherOn && Object.keys(teacherOn).length > 1;
  const evaluation = { before, after, ...(teacher && { teacher }), ...(several && { teacherOn }) };
  const stages = stageReports(recipe, borders);
  const full: FullReport = { ...report, layers, stopped, bestStep, evaluation, stages, adapter, recipe };
  await writeJson(join(folder, 'report.json'), full);
  if (result.cleaning) await writeJson(join(folder, 'cleaning.json'), result.cleaning);
  return { report, full, after };
}
