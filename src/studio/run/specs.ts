/** A run's charts as data: which series, references and ends they have. Pure. */
import { formatCompact, formatFigure, formatRate, formatTick } from '../charts/format';
import type { LineChartSpec, LineSeries, Reference } from '../charts/spec';
import { BEFORE, INK, RUN_STYLES, TEACHER, termStyle } from '../charts/styles';
import type { Axis, Break, RunSeries } from '../series';
import { partMarks, positionOf } from './parts';
import { isActive, type RunRecord } from '../storeRuns';
import type { MethodCard } from '../../worker/protocol';
import { protocolWords } from './protocolWords';

export interface RunCharts {
  loss: LineChartSpec;
  perplexity: LineChartSpec;
  learningRate: LineChartSpec;
  gradNorm: LineChartSpec;
  speed: LineChartSpec;
}

type Methods = readonly Pick<MethodCard, 'id' | 'terms'>[];

/** Where the axis ends: the plan's last step, or an estimate of its tokens or time. */
export function plannedEnd(run: RunRecord, series: RunSeries | undefined, axis: Axis): number {
  if (!isActive(run)) return 0;
  if (axis === 'step') return run.totalSteps;
  const step = series?.step.at(-1) ?? NaN;
  const at = series?.positions(axis).at(-1) ?? NaN;
  return step > 0 && at > 0 ? (at / step) * run.totalSteps : 0;
}

/** The texts that a run was measured on: the recipe's own first, as the session measures it. */
export const measuredTexts = ({ evals }: Pick<RunRecord, 'evals'>): string[] => [
  ...new Set(evals.map(({ data }) => data)),
];

/** The measured perplexities of a run on one text, the recipe's own unless said otherwise, as a line of points. */
export function perplexitySeries(
  run: RunRecord,
  series: RunSeries | undefined,
  axis: Axis,
  look: Pick<LineSeries, 'label' | 'style'>,
  text = measuredTexts(run)[0],
): LineSeries {
  const evals = run.evals.filter(({ data }) => data === text).sort((a, b) => a.step - b.step);
  return {
    id: text === measuredTexts(run)[0] ? run.id : `${run.id} ${text}`,
    ...look,
    x: Float64Array.from(evals, (one) => positionOf(series, one.step, axis)),
    y: Float64Array.from(evals, (one) => one.perplexity),
    measured: true,
  };
}

/** A line for each text that the student was measured on. */
function perplexityLines(run: RunRecord, series: RunSeries | undefined, axis: Axis): LineSeries[] {
  const texts = measuredTexts(run);
  if (texts.length < 2)
    return [perplexitySeries(run, series, axis, { label: 'student', style: RUN_STYLES[0]! })];
  return texts.map((text, i) =>
    perplexitySeries(run, series, axis, { label: text, style: RUN_STYLES[i % RUN_STYLES.length]! }, text),
  );
}

export function perplexityReferences(run: RunRecord): Reference[] {
  const teacher = run.result?.teacherPerplexity?.perplexity;
  const before =
    run.evals.find((one) => one.step === 0)?.perplexity ?? run.result?.perplexityBefore?.perplexity;
  const references: Reference[] = [];
  if (before !== undefined)
    references.push({ id: 'before', label: 'before training', value: before, style: BEFORE });
  if (teacher !== undefined)
    references.push({ id: 'teacher', label: 'teacher', value: teacher, style: TEACHER });
  return references;
}

/** Terms in the methods' order, and after them any that no method names. */
function termOrder(run: RunRecord, series: RunSeries, methods: Methods): { id: string; label: string }[] {
  const known = run.recipe.stages.flatMap(
    (stage) => methods.find((method) => method.id === stage.method)?.terms ?? [],
  );
  const ids = [...new Set([...known.map((term) => term.id), ...series.terms.keys()])];
  return ids
    .filter((id) => series.terms.has(id))
    .map((id) => ({ id, label: known.find((term) => term.id === id)?.label ?? id }));
}

const EMPTY = new Float64Array(0);

/** The learning rate of the steps to come. */
function plannedRate(run: RunRecord, series: RunSeries | undefined, axis: Axis): LineChartSpec['planned'] {
  const { steps, values } = run.planned?.learningRate ?? { steps: [], values: [] };
  const done = series?.step.length ? series.step.at(-1) : 0;
  // Without a step there is no pace yet, and on other axes no place for those to come.
  if (!isActive(run) || (axis !== 'step' && done === 0)) return undefined;
  const first = Math.max(
    0,
    steps.findIndex((step) => step >= done),
  );
  return {
    x: Float64Array.from(steps.slice(first), (step) => positionOf(series, step, axis)),
    y: Float64Array.from(values.slice(first)),
  };
}

/** All charts of the Run place. */
export function runCharts(
  run: RunRecord,
  series: RunSeries | undefined,
  methods: Methods,
  axis: Axis,
): RunCharts {
  const x = series?.positions(axis) ?? EMPTY;
  const breaks = series?.breaks.map((one) => one.index) ?? [];
  const startsOf = (...reasons: Break['reason'][]) =>
    series?.breaks.filter((one) => reasons.includes(one.reason)).map((one) => one.index) ?? [];
  const line = (id: string, label: string, y: Float64Array | undefined, style = INK): LineSeries => ({
    id,
    label,
    style,
    x,
    y: y ?? EMPTY,
    breaks,
    restarts: startsOf('stage'),
  });
  // Another part's loss is another quantity; a term stays what it is where parts alternate.
  const total = { ...line('total', 'total', series?.loss.view()), restarts: startsOf('stage', 'part') };
  const marks = partMarks(run, series, axis);
  const common = { xUnit: axis, xEnd: plannedEnd(run, series, axis), xNow: x.at(-1) };
  const terms = series ? termOrder(run, series, methods) : [];
  const termLines =
    terms.length > 1
      ? terms.map((term, i) => line(term.id, term.label, series!.terms.get(term.id)!.view(), termStyle(i)))
      : [];
  const scored = run.evals.at(-1);
  const nats = run.recipe.data.kind === 'lm' ? 'nats per token' : 'nats per row';
  const clip = run.recipe.stages[0]?.optimizer.gradClip ?? 0;
  return {
    loss: {
      ...common,
      title: 'Loss, by term',
      unit: termLines.length > 0 ? `${nats}, weighted as they add up` : nats,
      series: [total, ...termLines],
      ...marks,
      formatValue: formatFigure,
    },
    perplexity: {
      ...common,
      title: 'Validation perplexity',
      unit: scored ? protocolWords(scored) : '',
      series: perplexityLines(run, series, axis),
      references: perplexityReferences(run),
      ...marks,
      markBest: true,
      formatValue: formatFigure,
    },
    learningRate: {
      ...common,
      title: 'Learning rate',
      unit: '',
      series: [line('learningRate', 'learning rate', series?.learningRate.view())],
      planned: plannedRate(run, series, axis),
      formatValue: formatRate,
      formatTick: formatRate,
    },
    gradNorm: {
      ...common,
      title: 'Gradient norm',
      unit: 'before clipping',
      series: [line('gradNorm', 'gradient norm', series?.gradNorm.view())],
      references:
        clip > 0 ? [{ id: 'clip', label: 'clip at', value: clip, style: BEFORE, text: String(clip) }] : [],
      formatValue: formatFigure,
    },
    speed: {
      ...common,
      title: 'Tokens per second',
      unit: '',
      series: [line('speed', 'tokens per second', series?.speed.view())],
      formatValue: formatCompact,
      formatTick,
    },
  };
}
