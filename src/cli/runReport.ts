/** `report.json`, what is left of a run when it has ended, and `cleaning.json` where its text was cleaned. */
import { join } from 'node:path';
import type { Recipe } from '../recipe/recipe';
import type { PerplexityReport, TaskReport } from '../worker/protocol';
import type { CliSession } from './session';
import type { TrainingOutcome } from './training';
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
  adapter: CliSession['device'];
  recipe: Recipe;
}

/** Writes the report of a run that has ended. */
export async function writeReport(
  { folder, recipe }: { folder: string; recipe: Recipe },
  { result, before }: TrainingOutcome,
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
    ...(after && ('metrics' in after ? { metrics: after.metrics } : { perplexityAfter: after.perplexity })),
    parameters: result.parameters,
    tokensPerSecond: result.tokensPerSecond,
    device: result.device,
    wallMs: result.wallMs,
  };
  const { layers, stopped, bestStep } = result;
  const evaluation = { before, after, ...(teacher && { teacher }) };
  const full: FullReport = { ...report, layers, stopped, bestStep, evaluation, adapter, recipe };
  await writeJson(join(folder, 'report.json'), full);
  if (result.cleaning) await writeJson(join(folder, 'cleaning.json'), result.cleaning);
  return { report, full, after };
}
