/** Where the parts of a run's methods begin, as its plan says, for charts. Pure. */
import { nearest } from '../charts/decimate';
import type { LineChartSpec } from '../charts/spec';
import type { Axis, RunSeries } from '../series';
import type { RunRecord } from '../storeRuns';

/** The position of a step on another axis: as reported, or as it will be at the present pace. */
export function positionOf(series: RunSeries | undefined, step: number, axis: Axis): number {
  if (axis === 'step' || step === 0) return step;
  const last = series?.step.at(-1) ?? NaN;
  if (!series || !(last > 0)) return 0;
  const positions = series.positions(axis);
  if (step > last) return (positions.at(-1)! / last) * step;
  return positions[nearest(series.step.view(), step)]!;
}

/** A stretch of one part, in steps counted over all stages; `end` is behind its last step. */
export interface Stretch {
  stage: number;
  part: string;
  start: number;
  end: number;
}

export function stretchesOf({ planned, totalSteps }: Pick<RunRecord, 'planned' | 'totalSteps'>): Stretch[] {
  const parts = planned?.parts ?? [];
  return parts.map(({ stage, step, part }, i) => {
    const next = parts[i + 1];
    // A stage with one part has none in the list, so the next one need not begin where this one ends.
    return { stage, part, start: step, end: next ? next.step : totalSteps + 1 };
  });
}

/** Parts in sequence are marked where they begin; of parts that alternate the first kind becomes bands. */
export function partMarks(
  run: RunRecord,
  series: RunSeries | undefined,
  axis: Axis,
): Pick<LineChartSpec, 'marks' | 'bands' | 'bandLabel'> {
  const stretches = stretchesOf(run);
  const counts = new Map<string, number>();
  const kind = ({ stage, part }: Stretch) => `${stage} ${part}`;
  for (const one of stretches) counts.set(kind(one), (counts.get(kind(one)) ?? 0) + 1);
  const alternates = (one: Stretch) => counts.get(kind(one))! > 1;
  const at = (step: number) => positionOf(series, step, axis);
  const first = stretches.find(alternates);
  const marks = stretches
    .filter((one) => one === first || !alternates(one))
    .map(({ start, part }) => ({ x: at(start), label: part }));
  if (!first) return { marks };
  const bands = stretches
    .filter((one) => kind(one) === kind(first))
    .map(({ start, end }) => ({ from: at(start), to: at(end) }));
  return { marks, bands, bandLabel: `grey: ${first.part}` };
}
