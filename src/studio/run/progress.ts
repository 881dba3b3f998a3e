/** How far a run is, in figures. Pure. */
import type { RunSeries } from '../series';
import { isActive, type EvalPoint, type RunRecord } from '../storeRuns';
import type { MethodCard } from '../../worker/protocol';

/** Speed and time left are averaged over so many steps, to follow a machine that becomes slower or faster. */
const RECENT_STEPS = 50;

export interface Progress {
  step: number;
  totalSteps: number;
  /** Index of the stage that the last step belongs to. */
  stage: number;
  /** The part that the last step belongs to, of methods that have several. */
  part: string | undefined;
  /** Steps done within each stage. */
  stageDone: number[];
  tokens: number;
  /** Null while unknown. */
  tokensPerSecond: number | null;
  runningMs: number;
  leftMs: number | null;
}

function recentRate(series: RunSeries): { msPerStep: number; tokensPerSecond: number } | null {
  const last = series.step.length - 1;
  const first = Math.max(0, last - RECENT_STEPS, series.breaks.at(-1)?.index ?? 0);
  const steps = series.step.at(last) - series.step.at(first);
  const timeMs = series.time.at(last) - series.time.at(first);
  if (!(steps > 0) || !(timeMs > 0)) return null;
  const tokens = series.tokens.at(last) - series.tokens.at(first);
  return { msPerStep: timeMs / steps, tokensPerSecond: (tokens / timeMs) * 1000 };
}

function stageDoneOf(stageSteps: readonly number[], step: number): number[] {
  let before = 0;
  return stageSteps.map((steps) => {
    const done = Math.max(0, Math.min(steps, step - before));
    before += steps;
    return done;
  });
}

export function progressOf(run: RunRecord, series: RunSeries | undefined): Progress {
  const step = series?.step.length ? series.step.at(-1) : 0;
  const rate = series ? recentRate(series) : null;
  const stageDone = stageDoneOf(run.stageSteps, step);
  const current = stageDone.findIndex((done, i) => done < run.stageSteps[i]!);
  return {
    step,
    totalSteps: run.totalSteps,
    stage: current < 0 ? Math.max(0, run.stageSteps.length - 1) : current,
    part: series?.part,
    stageDone,
    tokens: series?.tokens.length ? series.tokens.at(-1) : 0,
    tokensPerSecond: isActive(run)
      ? (rate?.tokensPerSecond ?? null)
      : (run.result?.tokensPerSecond ?? rate?.tokensPerSecond ?? null),
    runningMs: run.result?.wallMs ?? (series?.time.length ? series.time.at(-1) : 0),
    leftMs: isActive(run) && rate && run.totalSteps > 0 ? (run.totalSteps - step) * rate.msPerStep : null,
  };
}

/** The measurement with the lowest perplexity, on the text that was measured first: the recipe's own. */
export function bestOf(evals: readonly EvalPoint[]): EvalPoint | undefined {
  return evals.reduce<EvalPoint | undefined>((best, one) => {
    if (one.data !== evals[0]!.data) return best;
    return best === undefined || one.perplexity < best.perplexity ? one : best;
  }, undefined);
}

export interface Headline {
  /** In bold: what the run is doing. */
  verb: string;
  /** What follows in grey. */
  rest: string;
  /** What comes after this stage. */
  next: string;
}

function labelOf(methods: readonly Pick<MethodCard, 'id' | 'label' | 'needsTeacher'>[], id: string) {
  return methods.find((method) => method.id === id)?.label ?? id;
}

/** `Distilling stage 1 of 2, vanilla KD · step 318 of 600`, then `fine-tune, 200 steps`. */
export function headlineOf(
  run: RunRecord,
  progress: Progress,
  methods: readonly Pick<MethodCard, 'id' | 'label' | 'needsTeacher'>[],
): Headline {
  const { stages } = run.recipe;
  const stage = stages[progress.stage];
  const method = methods.find((one) => one.id === stage?.method);
  const count = stages.length > 1 ? `stage ${progress.stage + 1} of ${stages.length}, ` : '';
  const part = progress.part === undefined ? '' : `, ${progress.part}`;
  const what = stage ? `${count}${labelOf(methods, stage.method)}${part}` : 'no training';
  const steps =
    run.totalSteps > 0
      ? ` · step ${progress.step.toLocaleString('en-US')} of ${run.totalSteps.toLocaleString('en-US')}`
      : '';
  const following = stages[progress.stage + 1];
  const followingSteps = run.stageSteps[progress.stage + 1];
  const next =
    isActive(run) && following
      ? `then ${labelOf(methods, following.method)}, ${followingSteps ?? '?'} steps`
      : '';
  return { verb: verbOf(run, method?.needsTeacher === true), rest: `${what}${steps}`, next };
}

function verbOf(run: RunRecord, distils: boolean): string {
  switch (run.state) {
    case 'preparing':
      return 'Preparing';
    case 'running':
      return distils ? 'Distilling' : 'Training';
    case 'paused':
      return 'Paused';
    case 'evaluating':
      return 'Evaluating';
    case 'stopping':
      return 'Stopping';
    case 'done':
      return 'Finished';
    case 'stopped':
      return 'Stopped';
    case 'failed':
      return 'Ended with an error';
  }
}
