/** What a run has reported so far, as the small charts of the method cards show it. Pure. */
import { formatFigure } from '../charts/format';
import type { LineChartSpec, LineSeries } from '../charts/spec';
import { RUN_STYLES, TEACHER, termStyle } from '../charts/styles';
import { partMarks } from '../run/parts';
import type { IdeaRun } from './useIdeaRun';

/** One loss term of a run as a line, through `value`; gaps where its part is not on. */
function termLine(
  { series }: IdeaRun,
  terms: readonly { id: string; value: (weighted: number) => number }[],
  look: Pick<LineSeries, 'id' | 'label' | 'style'>,
): LineSeries {
  const x = series?.step.view() ?? new Float64Array(0);
  const columns = terms.flatMap(({ id, value }) => {
    const column = series?.terms.get(id)?.view();
    return column ? [{ column, value }] : [];
  });
  const y = Float64Array.from(x, (_, i) => {
    const found = columns.find(({ column }) => !Number.isNaN(column[i]!));
    return found ? found.value(found.column[i]!) : NaN;
  });
  return { ...look, x, y };
}

/** Ends a line where its part ended, and goes on level: what the part has reached stays in view. */
function held(line: LineSeries): LineSeries {
  const last = line.y.findLastIndex((value) => !Number.isNaN(value));
  return last < 0 ? line : { ...line, y: line.y.map((value, i) => (i > last ? line.y[last]! : value)) };
}

const common = ({ run, series, active }: IdeaRun) => ({
  unit: '',
  xUnit: 'step' as const,
  xEnd: active ? run.totalSteps : 0,
  xNow: series?.step.length ? series.step.at(-1) : 0,
  formatValue: formatFigure,
});

/** The copy's loss on the text and then the student's, on one axis. */
export function selfKdChart(now: IdeaRun, alpha: number): LineChartSpec {
  const copy = termLine(now, [{ id: 'copy', value: (loss) => loss }], {
    id: 'copy',
    label: 'copy',
    style: TEACHER,
  });
  // Terms are reported weighted; with α 0 the text has no part in the loss.
  const hard = { id: 'hard', value: (weighted: number) => (alpha > 0 ? weighted / alpha : NaN) };
  const student = termLine(now, [hard], { id: 'student', label: 'student', style: RUN_STYLES[0]! });
  return {
    ...common(now),
    title: 'Cross-entropy on the text',
    series: [held(copy), student],
    ...partMarks(now.run, now.series, 'step'),
  };
}

/** The mean of KL(x), KL(x′) and CE is minimised. */
const THIRDS = 3;

/** How far teacher and student are apart on the text and on the rewritten text; the generator's rounds are bands. */
export function mateChart(now: IdeaRun): LineChartSpec {
  const third = (weighted: number) => THIRDS * weighted;
  const onText = termLine(now, [{ id: 'soft', value: third }], {
    id: 'soft',
    label: 'KL on x',
    style: termStyle(1),
  });
  const onRewritten = termLine(
    now,
    [
      { id: 'perturbed', value: third },
      { id: 'generator', value: (negative) => -negative },
    ],
    { id: 'perturbed', label: 'KL on x′', style: termStyle(2) },
  );
  return {
    ...common(now),
    title: 'Divergence of student and teacher',
    series: [onText, onRewritten],
    ...partMarks(now.run, now.series, 'step'),
    bandLabel: 'grey: generator’s steps',
  };
}
