/** A run's numbers as tables for files. Pure. */
import type { RunSeries } from '../series';
import type { RunRecord } from '../storeRuns';
import { isZeroShot } from './pipeline';

export interface Table {
  head: string[];
  rows: (string | number | null)[][];
}

/** One row a training step. */
export function stepTable(series: RunSeries | undefined): Table {
  const terms = [...(series?.terms.entries() ?? [])];
  const head = [
    'step',
    'tokens',
    'time_ms',
    'loss',
    ...terms.map(([name]) => `loss_${name}`),
    'learning_rate',
    'gradient_norm',
  ];
  if (!series) return { head, rows: [] };
  const columns = [
    series.step,
    series.tokens,
    series.time,
    series.loss,
    ...terms.map(([, column]) => column),
    series.learningRate,
    series.gradNorm,
  ];
  const rows = Array.from({ length: series.step.length }, (_, i) => columns.map((column) => column.at(i)));
  return { head, rows };
}

/** One row a measurement. */
export function evaluationTable(run: Pick<RunRecord, 'evals' | 'recipe'>): Table {
  const rows = run.evals.map((one) => [
    ...[one.step, one.perplexity, one.loss, one.tokens, one.window, one.stride],
    ...[one.text, one.unit, one.protocol ?? null, one.data, one.stage + 1, one.at],
    isZeroShot(run.recipe, one) ? 'yes' : 'no',
  ]);
  const head = ['step', 'perplexity', 'loss', 'tokens', 'window', 'stride'];
  return { head: [...head, 'text', 'unit', 'protocol', 'set', 'stage', 'at', 'zero_shot'], rows };
}

/** One row a measurement of a task; metrics are shares. */
export function scoreTable(run: Pick<RunRecord, 'scores'>): Table {
  const metrics = [...new Set(run.scores.flatMap((one) => Object.keys(one.metrics)))];
  const rows = run.scores.map((one) => [
    one.step,
    ...metrics.map((metric) => one.metrics[metric] ?? null),
    one.loss,
    one.rows,
    one.majority,
    ...[one.data, one.stage + 1, one.at],
  ]);
  return { head: ['step', ...metrics, 'loss', 'rows', 'majority', 'set', 'stage', 'at'], rows };
}
