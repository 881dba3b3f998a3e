/** Where steps stand on a chart's axis. Pure. */
import { nearest } from '../charts/decimate';
import type { Axis, RunSeries } from '../series';

/** The position of a step on another axis: as reported, or as it will be at the present pace. */
export function positionOf(series: RunSeries | undefined, step: number, axis: Axis): number {
  if (axis === 'step' || step === 0) return step;
  const last = series?.step.at(-1) ?? NaN;
  if (!series || !(last > 0)) return 0;
  const positions = series.positions(axis);
  if (step > last) return (positions.at(-1)! / last) * step;
  return positions[nearest(series.step.view(), step)]!;
}
