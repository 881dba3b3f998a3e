/** The charts of a task's metrics as data. Pure. */
import type { LineChartSpec, LineSeries, Reference } from '../charts/spec';
import { formatCount } from '../charts/format';
import { BEFORE, RUN_STYLES, TEACHER } from '../charts/styles';
import type { Axis, RunSeries } from '../series';
import { setName } from '../stageWords';
import type { RunRecord } from '../storeRuns';
import { formatMetric, isAccuracy, metricWords } from '../task/metrics';
import type { MethodCard } from '../../worker/protocol';
import { learns, stageMarks } from './pipeline';
import { positionOf } from './positions';
import { metricsOf, scoresBySet } from './scores';
import { plannedEnd } from './specs';

type Methods = readonly Pick<MethodCard, 'id' | 'needsTeacher'>[];

/** In charts a share is per cent, a correlation what it is. */
export const chartValue = (metric: string, value: number): number =>
  metricWords(metric).percent ? 100 * value : value;

export const formatCharted = (metric: string) => (value: number) =>
  formatMetric(metric, metricWords(metric).percent ? value / 100 : value);

/** `Accuracy, %` */
export const metricTitle = (metric: string): string =>
  `${metricWords(metric).label}${metricWords(metric).percent ? ', %' : ''}`;

/** A metric of a run as a line of points. */
export function scoreSeries(
  run: RunRecord,
  series: RunSeries | undefined,
  axis: Axis,
  metric: string,
  look: Pick<LineSeries, 'label' | 'style'>,
): LineSeries {
  const scores = [...run.scores].sort((a, b) => a.step - b.step);
  return {
    id: run.id,
    ...look,
    x: Float64Array.from(scores, (one) => positionOf(series, one.step, axis)),
    y: Float64Array.from(scores, (one) => chartValue(metric, one.metrics[metric] ?? NaN)),
    measured: true,
  };
}

/** What answering the most frequent label gets, and the teacher. */
export function scoreReferences(run: RunRecord, metric: string): Reference[] {
  const references: Reference[] = [];
  const majority = run.scores[0]?.majority;
  if (isAccuracy(metric) && majority !== undefined)
    references.push({
      id: 'majority',
      label: 'majority',
      value: chartValue(metric, majority),
      style: BEFORE,
    });
  const teacher = run.result?.teacherScores?.metrics[metric];
  if (teacher !== undefined)
    references.push({ id: 'teacher', label: 'teacher', value: chartValue(metric, teacher), style: TEACHER });
  return references;
}

/** A chart for each metric of each task of the run, their own first; one that is empty while nothing was measured. */
export function scoreCharts(
  run: RunRecord,
  series: RunSeries | undefined,
  axis: Axis,
  methods: Methods,
): LineChartSpec[] {
  if (!learns(run, 'task')) return [];
  const sets = [...scoresBySet(run.scores)];
  if (sets.length < 2) return taskCharts(run, series, axis, methods);
  const charts = sets.map(([label, scores]) =>
    taskCharts({ ...run, scores }, series, axis, methods, `${setName(label)}: `),
  );
  return [...charts.map(([own]) => own!), ...charts.flatMap(([, ...others]) => others)];
}

/** The charts of a run's only task; `of` begins their titles. */
function taskCharts(
  run: RunRecord,
  series: RunSeries | undefined,
  axis: Axis,
  methods: Methods,
  of = '',
): LineChartSpec[] {
  const known = metricsOf(run);
  const rows = run.scores[0]?.rows;
  return (known.length > 0 ? known : ['accuracy']).map((metric, i) => ({
    title: `${of}${metricTitle(metric)}`,
    unit: i === 0 && rows !== undefined ? `${formatCount(rows)} validation rows` : '',
    series: [scoreSeries(run, series, axis, metric, { label: 'student', style: RUN_STYLES[0]! })],
    references: scoreReferences(run, metric),
    xUnit: axis,
    xEnd: plannedEnd(run, series, axis),
    xNow: series?.positions(axis).at(-1),
    marks: stageMarks(run, series, axis, methods),
    markBest: true,
    higherIsBetter: true,
    formatValue: formatCharted(metric),
  }));
}
