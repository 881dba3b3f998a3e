/** What a run is judged by: the perplexity of its text, or the own metric of its task. The two never share a column. Pure. */
import { formatFigure } from '../charts/format';
import { chartValue, formatCharted, metricTitle } from '../run/scoreSpecs';
import { metricsOf } from '../run/scores';
import type { RunRecord } from '../storeRuns';
import { shortLabel } from '../task/taskWords';

export interface Measure {
  /** Equal for runs that can be compared. */
  key: string;
  /** `Perplexity`, `SST-2, accuracy, %` */
  label: string;
  /** The metric of a task; null for perplexity, and while a task has measured nothing. */
  metric: string | null;
  higherIsBetter: boolean;
  format: (value: number) => string;
}

const PERPLEXITY: Measure = {
  ...{ key: 'perplexity', label: 'Perplexity', metric: null, higherIsBetter: false, format: formatFigure },
};

export function measureOf(run: Pick<RunRecord, 'recipe' | 'scores'>): Measure {
  const { data } = run.recipe;
  if (data.kind === 'lm') return PERPLEXITY;
  // Two own files are two tasks.
  const { task, columns, labels, validation } = data;
  const key = JSON.stringify(task === 'custom' ? [task, columns, labels, validation] : [task]);
  const metric = metricsOf(run)[0] ?? null;
  const title = metric === null ? 'metric' : metricTitle(metric);
  const format = metric === null ? formatFigure : formatCharted(metric);
  return { key, label: `${shortLabel(task)}, ${title}`, metric, higherIsBetter: true, format };
}

export interface Judged {
  before: number | null;
  after: number | null;
  teacher: number | null;
}

/** A run by its own measure: perplexities, or per cent and correlations as charts have them. */
export function judge({
  recipe,
  scores,
  evals,
  result,
}: Pick<RunRecord, 'recipe' | 'scores' | 'evals' | 'result'>): Judged {
  const { metric } = measureOf({ recipe, scores });
  if (recipe.data.kind === 'lm') {
    const start = result?.perplexityBefore ?? evals.find((one) => one.step === 0);
    return {
      before: start?.perplexity ?? null,
      after: result?.perplexityAfter?.perplexity ?? null,
      teacher: result?.teacherPerplexity?.perplexity ?? null,
    };
  }
  const valueOf = (report: { metrics: Record<string, number> } | undefined) => {
    const value = metric === null ? undefined : report?.metrics[metric];
    return metric === null || value === undefined ? null : chartValue(metric, value);
  };
  return {
    before: valueOf(result?.scoresBefore ?? scores.find((one) => one.step === 0)),
    after: valueOf(result?.scoresAfter),
    teacher: valueOf(result?.teacherScores),
  };
}
