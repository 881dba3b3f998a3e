/**
 * What a run is judged by: the perplexity of its text by its protocol, or the own metric of its task. Different ones
 * never share a column. Pure.
 */
import { measuredOn, nameOf } from '../../recipe/pipeline';
import { sameProtocol, type ProtocolFields } from '../../recipe/protocols';
import type { Recipe } from '../../recipe/recipe';
import { formatFigure } from '../charts/format';
import { fieldWords } from '../run/protocolWords';
import { chartValue, formatCharted, metricTitle } from '../run/scoreSpecs';
import { metricsOf } from '../run/scores';
import { setName } from '../stageWords';
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
  /** What was measured, in words: `Demo text`, `SST-2`. */
  on: string;
  /** How a perplexity is taken; null of metrics. */
  fields: ProtocolFields | null;
}

/** Perplexities stand beside each other where text and protocol are the same. */
function perplexityMeasure({ data, evaluation }: Recipe): Measure {
  const { window, stride, text, unit } = evaluation;
  const fields = { window, stride, text, unit };
  return {
    key: JSON.stringify(['perplexity', measuredOn(data), fields]),
    ...{ label: 'Perplexity', metric: null, higherIsBetter: false, format: formatFigure },
    ...{ on: setName(nameOf(data.validation)), fields },
  };
}

export function measureOf(run: Pick<RunRecord, 'recipe' | 'scores'>): Measure {
  const { data } = run.recipe;
  if (data.kind === 'lm') return perplexityMeasure(run.recipe);
  // Two own files are two tasks.
  const { task, columns, labels, validation } = data;
  const key = JSON.stringify(task === 'custom' ? [task, columns, labels, validation] : [task]);
  const metric = metricsOf({ scores: run.scores.filter((one) => one.task === task) })[0] ?? null;
  const title = metric === null ? 'metric' : metricTitle(metric);
  const format = metric === null ? formatFigure : formatCharted(metric);
  return {
    key,
    label: `${shortLabel(task)}, ${title}`,
    metric,
    higherIsBetter: true,
    format,
    on: shortLabel(task),
    fields: null,
  };
}

/** In what a measure differs from another one: `on notes.txt`, `windows of 512`; empty where they are the same. */
export function measuredApart(one: Measure, other: Measure): string {
  if (one.key === other.key) return '';
  if (!one.fields || !other.fields) return one.fields ? 'perplexity' : `${one.on}, another task`;
  const words: string[] = [];
  if (one.on !== other.on) words.push(`on ${one.on}`);
  if (!sameProtocol(one.fields, other.fields)) words.push(usualWords(one.fields, other.fields));
  return words.join(', ') || 'on another part of the text';
}

/** The protocol, and what is usual about it where the other one departs from that. */
function usualWords(one: ProtocolFields, other: ProtocolFields): string {
  const words = [fieldWords(one)];
  if (one.text === 'raw' && other.text !== 'raw') words.push('text as it came');
  if (one.unit === 'token' && other.unit !== 'token') words.push('per token');
  return words.join(', ');
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
