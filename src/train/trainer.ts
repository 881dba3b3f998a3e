/**
 * The training loop: batch → gradients → clip → update, every few steps a report, every m steps an evaluation.
 * It works through the stages of a recipe with the methods they name and never asks which method it has.
 */
import type { BatchIterator } from '../data/batches';
import { withServingOps } from '../engine/mode';
import { CancelledError } from '../errors';
import type { Method } from '../methods/method';
import type { Model } from '../model/gpt2';
import type { Recipe, Stage } from '../recipe/recipe';
import { changedText, type ChangedText } from './changedText';
import type { ControlledLoop } from './control';
import type { GoodWeights } from './goodWeights';
import { keepGoodWeights } from './goodWeights';
import type { TrainingSnapshot } from './snapshot';
import { restoreStage, restoreWeights, takeSnapshot } from './snapshot';
import type { StageRun } from './stage';
import { closeStage, openStage } from './stage';
import type { StepOutcome } from './step';
import { flatStep, trainStep } from './step';
import { enterPrecision, inFloat32 } from './precision';
import { report, stopClock, type Tally, type TrainingStep } from './report';
import type { Task } from './task';

export type TrainingEvent =
  | ({ type: 'step' } & TrainingStep)
  | { type: 'state'; state: 'running' | 'paused' | 'evaluating' }
  /** Kernels of a step are being compiled. */
  | { type: 'compiling'; done: number; total: number }
  /** The steps of a stage cannot be replayed, and run eagerly. */
  | { type: 'eager'; stage: number; reason: string }
  /** An epoch of a method that draws something for each has begun. */
  | { type: 'epoch'; stage: number; epoch: number; state: unknown }
  /** What the method does to a row of text now, for readers. */
  | ({ type: 'changedText'; stage: number; step: number } & ChangedText);

export interface TrainingOptions {
  recipe: Recipe;
  methods: readonly Method[];
  task: Task;
  /** Trained in place; the caller owns both models. */
  student: Model;
  teacher: Model | null;
  /** The batches of a stage, from its start. */
  batches: (stage: Stage, index: number) => BatchIterator;
  /** Measures the student after `step` steps and says so to whom it may concern. */
  evaluate?: (step: number, signal: AbortSignal) => Promise<void>;
  control: ControlledLoop;
  onEvent: (event: TrainingEvent) => void;
  /** Report every so many steps. Default: as often as reading back costs little, at least about ten times a second. */
  reportEvery?: number;
  /** A snapshot every so many steps, at the end of every stage, and when the run is stopped. */
  snapshotEvery?: number;
  onSnapshot?: (snapshot: TrainingSnapshot) => Promise<void>;
  /** Go on from here instead of from the start. */
  resume?: TrainingSnapshot;
  /** Refuse a step that leaves tensors behind; for tests and development. */
  strictMemory?: boolean;
}

export interface TrainingResult {
  /** Steps done, over all stages. */
  steps: number;
  /** The last reported one. */
  loss: number;
  tokens: number;
  /** Of training alone. */
  timeMs: number;
  stopped: boolean;
}

// A copy of the weights costs about as much as reading the model once; this bounds what a breakdown can lose.
const KEEP_EVERY = 50;
// Moments and pipelines are made in the first steps; from the third on a step leaves nothing behind.
const WARM_STEPS = 2;

/** Trains the student through every stage of the recipe. Throws TrainingError when the loss breaks down. */
export async function train(options: TrainingOptions): Promise<TrainingResult> {
  const { recipe, methods, student, teacher, resume, control, onEvent } = options;
  const tally: Tally = {
    step: resume?.step ?? 0,
    tokens: resume?.tokens ?? 0,
    loss: resume?.loss ?? NaN,
    timeMs: resume?.timeMs ?? 0,
    since: null,
    reportedStep: resume?.step ?? 0,
    reportEvery: options.reportEvery ?? 1,
    adapts: options.reportEvery === undefined,
  };
  const leavePrecision = enterPrecision(recipe.precision, student.config);
  if (resume) restoreWeights(student.params, resume.student);
  const good = keepGoodWeights(student.params, tally.step);
  let stopped = false;
  try {
    if (!resume) await evaluate(options, tally);
    for (const [index, stage] of recipe.stages.entries()) {
      if (index < (resume?.stage ?? 0)) continue;
      const method = methods.find(({ id }) => id === stage.method)!;
      const run = await openStage(
        stage,
        index,
        method,
        { student, teacher },
        options.batches(stage, index),
        recipe.seed,
        {
          plan: recipe.plan,
          precision: recipe.precision,
          onCompile: (done, total) => onEvent({ type: 'compiling', done, total }),
          onEager: (reason) => onEvent({ type: 'eager', stage: index, reason }),
        },
      );
      try {
        const resumed = resume?.stage === index ? resume : undefined;
        if (resumed) withServingOps(student.config, () => restoreStage(run, resumed));
        stopped = (await runStage(options, run, resumed?.stageStep ?? 0, tally, good)) === 'stopped';
      } finally {
        closeStage(run);
      }
      if (stopped) break;
    }
    return { steps: tally.step, loss: tally.loss, tokens: tally.tokens, timeMs: tally.timeMs, stopped };
  } finally {
    leavePrecision();
    good.dispose();
    control.finish();
  }
}

async function runStage(
  options: TrainingOptions,
  run: StageRun,
  first: number,
  tally: Tally,
  good: GoodWeights,
): Promise<'finished' | 'stopped'> {
  const { control, onEvent, recipe } = options;
  let step = first;
  let unread: StepOutcome | null = null;
  const read = async () => {
    if (unread) onEvent({ type: 'step', ...(await report(run, step - 1, unread, tally, good)) });
    unread = null;
  };
  const tellEpoch = () => {
    if (run.state !== undefined)
      onEvent({ type: 'epoch', stage: run.index, epoch: run.epoch, state: run.state });
  };
  onEvent({ type: 'state', state: 'running' });
  tellEpoch();
  while (step < run.steps) {
    const decision = await control.next();
    if (decision !== 'step') {
      await read();
      if (decision === 'stop') {
        // Nothing of a run that was stopped by hand need be trained twice.
        if (step > first) await snapshot(options, run, step, tally);
        return 'stopped';
      }
      if (decision === 'evaluate') {
        await evaluate(options, tally);
        await tellText(options, run, tally);
      } else await standStill(options, tally);
      continue;
    }
    const { epoch } = run;
    unread?.release();
    tally.since ??= performance.now();
    const oneStep = options.strictMemory && step - first >= WARM_STEPS ? flatStep : trainStep;
    unread = await oneStep(run, step, options);
    if (run.epoch !== epoch) tellEpoch();
    tally.step++;
    tally.tokens += unread.tokens;
    step++;

    const isLast = step === run.steps;
    const keeps = tally.step % KEEP_EVERY === 0;
    const evaluates = recipe.evaluation.every > 0 && tally.step % recipe.evaluation.every === 0;
    const { snapshotEvery } = options;
    const snapshots = snapshotEvery !== undefined && (isLast || tally.step % snapshotEvery === 0);
    const due = tally.step - tally.reportedStep >= tally.reportEvery;
    if (due || isLast || keeps || evaluates || snapshots) await read();
    if (keeps) good.keep(tally.step);
    if (snapshots) await snapshot(options, run, step, tally);
    const measures = evaluates || (isLast && run.index === recipe.stages.length - 1);
    if (measures) await evaluate(options, tally);
    // After the first step too: until the first evaluation there is nothing else to see.
    if (measures || (step === first + 1 && !unread)) await tellText(options, run, tally);
  }
  return 'finished';
}

/** Hands over all that is needed to go on from here, where somebody keeps it. */
async function snapshot(
  { snapshotEvery, onSnapshot }: TrainingOptions,
  run: StageRun,
  step: number,
  tally: Tally,
): Promise<void> {
  if (snapshotEvery === undefined || !onSnapshot) return;
  await onSnapshot(await takeSnapshot(run, step, tally));
}

/** Says what the method does to a text, where it does something. */
async function tellText({ task, onEvent }: TrainingOptions, run: StageRun, tally: Tally): Promise<void> {
  if (!run.method.changedWords) return;
  stopClock(tally);
  const text = await inFloat32(() => changedText(run, tally.step, task));
  if (text) onEvent({ type: 'changedText', stage: run.index, step: tally.step, ...text });
}

async function standStill({ control, onEvent }: TrainingOptions, tally: Tally): Promise<void> {
  stopClock(tally);
  onEvent({ type: 'state', state: 'paused' });
  await control.wait();
  onEvent({ type: 'state', state: 'running' });
}

/** Has the student measured; a stop cuts the measurement short. */
async function evaluate(
  { evaluate: measure, control, onEvent }: TrainingOptions,
  tally: Tally,
): Promise<void> {
  stopClock(tally);
  if (measure) {
    onEvent({ type: 'state', state: 'evaluating' });
    try {
      await inFloat32(() => measure(tally.step, control.signal));
    } catch (error) {
      if (!(error instanceof CancelledError && control.signal.aborted)) throw error;
    }
    onEvent({ type: 'state', state: 'running' });
  }
  control.evaluated();
}
