/** Where a run's stages and the parts of their methods begin, as its plan says, for charts. Pure. */
import type { LineChartSpec, Mark } from '../charts/spec';
import type { Axis, RunSeries } from '../series';
import type { RunRecord } from '../storeRuns';
import { positionOf } from './positions';

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

/**
 * Where the parts of methods begin, among the marks of `stages`. Parts in sequence are marked; of parts that alternate the first kind becomes bands.
 */
export function partMarks(
  run: RunRecord,
  series: RunSeries | undefined,
  axis: Axis,
  stages: readonly Mark[] = [],
): Pick<LineChartSpec, 'marks' | 'bands' | 'bandLabel'> {
  const stretches = stretchesOf(run);
  const counts = new Map<string, number>();
  const kind = ({ stage, part }: Stretch) => `${stage} ${part}`;
  for (const one of stretches) counts.set(kind(one), (counts.get(kind(one)) ?? 0) + 1);
  const alternates = (one: Stretch) => counts.get(kind(one))! > 1;
  const at = (step: number) => positionOf(series, step, axis);
  const first = stretches.find(alternates);
  const marks: Mark[] = [...stages];
  for (const [i, one] of stretches.entries()) {
    // A stage's name stands where its first part begins.
    if (stages.length > 0 && stretches[i - 1]?.stage !== one.stage) continue;
    if (one === first || !alternates(one)) marks.push({ x: at(one.start), label: one.part });
  }
  marks.sort((a, b) => a.x - b.x);
  if (!first) return { marks };
  const bands = stretches
    .filter((one) => kind(one) === kind(first))
    .map(({ start, end }) => ({ from: at(start), to: at(end) }));
  return { marks, bands, bandLabel: `grey: ${first.part}` };
}
