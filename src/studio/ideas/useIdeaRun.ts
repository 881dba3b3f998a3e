import { useSyncExternalStore } from 'react';
import type { SettingValues } from '../../recipe/settings';
import { seriesBook, type RunSeries } from '../series';
import { useStudio } from '../store';
import { isActive, type RunRecord } from '../storeRuns';

/** A run whose stage a picture shows: where it stands, and what it has reported. */
export interface IdeaRun {
  run: RunRecord;
  series: RunSeries | undefined;
  stage: number;
  /** Steps of the stage, done and in all. */
  done: number;
  steps: number;
  /** False once it has ended: what is drawn then is how it went. */
  active: boolean;
}

/** Where `run` stands in one of its stages. */
export function standingOf(run: RunRecord, series: RunSeries | undefined, stage: number): IdeaRun {
  const before = run.stageSteps.slice(0, stage).reduce((sum, steps) => sum + steps, 0);
  const steps = run.stageSteps[stage] ?? 0;
  const last = series?.step.length ? series.step.at(-1) : 0;
  const done = Math.max(0, Math.min(steps, last - before));
  return { run, series, stage, done, steps, active: isActive(run) };
}

/** The latest run of this visit that has this method with these settings, or nothing: the picture then is a plan. */
export function useIdeaRun(method: string, settings: Readonly<SettingValues>): IdeaRun | null {
  const runs = useStudio((state) => state.runs);
  // Drawn anew whenever the book publishes.
  useSyncExternalStore(seriesBook.subscribe, seriesBook.version);
  for (const run of runs.toReversed()) {
    const stage = run.recipe.stages.findIndex(
      (one) =>
        one.method === method &&
        Object.entries(settings).every(([name, value]) => one.settings[name] === value),
    );
    if (stage >= 0 && run.stageSteps.length > 0) return standingOf(run, seriesBook.get(run.id), stage);
  }
  return null;
}
