/** A run's charts as data: which series, references and ends they have. Pure. */
import { formatCompact, formatFigure, formatRate, formatTick } from '../charts/format';
import type { LineChartSpec, LineSeries, Reference } from '../charts/spec';
import { BEFORE, INK, RUN_STYLES, TEACHER, termStyle } from '../charts/styles';
import type { Axis, Break, RunSeries } from '../series';
import { partMarks } from './parts';
import { isPipeline, isZeroShot, learns, stageMarks } from './pipeline';
import { positionOf } from './positions';
import { setName } from '../stageWords';
import { isActive, type EvalPoint, type RunRecord } from '../storeRuns';
import type { MethodCard } from '../../worker/protocol';
import { protocolWords } from './protocolWords';

export interface RunCharts {
  loss: LineChartSpec;
  perplexity: LineChartSpec;
  learningRate: LineChartSpec;
  gradNorm: LineChartSpec;
  speed: LineChartSpec;
}

type Methods = readonly Pick<MethodCard, 'id' | 'terms' | 'needsTeacher'>[];

/**
 * Where the axis ends: the plan's last step, or an estimate of its tokens or time. Charts of a run of several stages end
 * together, also where something was measured in some of them only.
 */
export function plannedEnd(run: RunRecord, series: RunSeries | undefined, axis: Axis): number {
  if (!isActive(run)) return isPipeline(run) ? (series?.positions(axis).at(-1) ?? 0) : 0;
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
    notes: zeroShotNotes(run, evals),
  };
}

/** A text that nothing was learned from yet, behind a stage of another one. Before the first stage it is so anyway. */
function zeroShotNotes({ recipe }: RunRecord, evals: readonly EvalPoint[]): Map<number, string> {
  const notes = new Map<number, string>();
  for (const [index, point] of evals.entries())
    if (point.at === 'end' && isZeroShot(recipe, point)) notes.set(index, 'zero-shot');
  return notes;
}

/** A line for each text that the student was measured on. */
function perplexityLines(run: RunRecord, series: RunSeries | undefined, axis: Axis): LineSeries[] {
  const texts = measuredTexts(run);
  if (texts.length < 2)
    return [perplexitySeries(run, series, axis, { label: 'student', style: RUN_STYLES[0]! })];
  return texts.map((text, i) =>
    perplexitySeries(
      run,
      series,
      axis,
      { label: setName(text), style: RUN_STYLES[i % RUN_STYLES.length]! },
      text,
    ),
  );
}

/**
 * What the student had before training, and its teacher, on the recipe's own text; of teachers on other texts each line
 * says which, since one is no measure for the other.
 */
export function perplexityReferences(run: RunRecord): Reference[] {
  const texts = measuredTexts(run);
  const of = (text: string | undefined) => (texts.length < 2 ? '' : `, ${setName(text!)}`);
  const before =
    run.evals.find((one) => one.step === 0)?.perplexity ?? run.result?.perplexityBefore?.perplexity;
  const references: Reference[] = [];
  if (before !== undefined)
    references.push({
      ...{ id: 'before', label: `before training${of(texts[0])}`, value: before },
      style: BEFORE,
    });
  const teachers = run.result?.teacherOn ?? {};
  for (const [i, text] of texts.entries()) {
    const found = teachers[text];
    const measured = found && 'perplexity' in found ? found : i === 0 ? run.result?.teacherPerplexity : null;
    if (measured)
      references.push({
        ...{ id: i === 0 ? 'teacher' : `teacher ${text}`, label: `teacher${of(text)}` },
        ...{ value: measured.perplexity, style: TEACHER },
      });
  }
  return references;
}

/** The unit of a loss; a stage of a task counts rows. */
function natsWords(run: RunRecord): string {
  if (!learns(run, 'task')) return 'nats per token';
  return learns(run, 'lm') ? 'nats per token or row' : 'nats per row';
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
  const marks = partMarks(run, series, axis, stageMarks(run, series, axis, methods));
  const common = { xUnit: axis, xEnd: plannedEnd(run, series, axis), xNow: x.at(-1) };
  const terms = series ? termOrder(run, series, methods) : [];
  const termLines =
    terms.length > 1
      ? terms.map((term, i) => line(term.id, term.label, series!.terms.get(term.id)!.view(), termStyle(i)))
      : [];
  const scored = run.evals.at(-1);
  const nats = natsWords(run);
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
