/**
 * The training loop: batch → gradients → clip → update, every few steps a report, every m steps an evaluation.
 * It works through the stages of a recipe with the methods they name and never asks which method it has.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { BatchIterator } from '../data/batches';
import { readTensor } from '../engine/device';
import { withServingOps } from '../engine/mode';
import { CancelledError, TrainingError } from '../errors';
import type { Method } from '../methods/method';
import type { Model } from '../model/gpt2';
import type { Recipe, Stage } from '../recipe/recipe';
import type { ControlledLoop } from './control';
import type { GoodWeights } from './goodWeights';
import { keepGoodWeights } from './goodWeights';
import type { TrainingSnapshot } from './snapshot';
import { restoreStage, restoreWeights, takeSnapshot } from './snapshot';
import type { StageRun } from './stage';
import { closeStage, openStage, planStep } from './stage';
import type { StepOutcome } from './step';
import { trainStep } from './step';
import type { Task } from './task';

/** One reported step. Losses in nats, times in milliseconds of training (pauses and evaluations left out). */
export interface TrainingStep {
  stage: number;
  /** Of a method with several parts, the one this step belongs to. */
  part?: string;
  /** Counted over all stages, from 1. */
  step: number;
  loss: number;
  /** Weighted, so that they add up to `loss`. */
  terms: Record<string, number>;
  learningRate: number;
  /** Before clipping. */
  gradNorm: number;
  /** Training tokens seen so far. */
  tokens: number;
  timeMs: number;
}

export type TrainingEvent =
  | ({ type: 'step' } & TrainingStep)
  | { type: 'state'; state: 'running' | 'paused' | 'evaluating' }
  /** A new epoch of a method that draws something for each. */
  | { type: 'epoch'; stage: number; epoch: number; state: unknown };

export interface TrainingOptions {
  recipe: Recipe;
  methods: readonly Method[];
  task: Task;
  /** Trained in place; the caller owns both models. */
  student: Model;
  teacher: Model | null;
  /** The batches of a stage, from its start. */
  batches(stage: Stage, index: number): BatchIterator;
  /** Measures the student after `step` steps and says so to whom it may concern. */
  evaluate?(step: number, signal: AbortSignal): Promise<void>;
  control: ControlledLoop;
  onEvent(event: TrainingEvent): void;
  /** Report every so many steps. Default: as often as reading back costs little, at least about ten times a second. */
  reportEvery?: number;
  snapshotEvery?: number;
  onSnapshot?(snapshot: TrainingSnapshot): Promise<void>;
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
// Reading back waits for the queue (about 4 ms on a GPU); also the longest time that commands wait for the queue.
const REPORT_MS = 100;
// Moments and pipelines are made in the first steps; from the third on a step leaves nothing behind.
const WARM_STEPS = 2;

/** What the loop counts, over all stages. */
interface Tally {
  step: number;
  tokens: number;
  loss: number;
  timeMs: number;
  /** When training last started or was last read, in `performance.now()`; null while it stands. */
  since: number | null;
  reportedStep: number;
  reportEvery: number;
}

/** Trains the student through every stage of the recipe. Throws TrainingError when the loss breaks down. */
export async function train(options: TrainingOptions): Promise<TrainingResult> {
  const { recipe, methods, student, teacher, resume, control } = options;
  const tally: Tally = {
    step: resume?.step ?? 0,
    tokens: resume?.tokens ?? 0,
    loss: resume?.loss ?? NaN,
    timeMs: resume?.timeMs ?? 0,
    since: null,
    reportedStep: resume?.step ?? 0,
    reportEvery: options.reportEvery ?? 1,
  };
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
    if (unread) await report(options, run, step - 1, unread, tally, good);
    unread = null;
  };
  onEvent({ type: 'state', state: 'running' });
  while (step < run.steps) {
    const decision = await control.next();
    if (decision !== 'step') {
      await read();
      if (decision === 'stop') return 'stopped';
      if (decision === 'evaluate') await evaluate(options, tally);
      else await standStill(options, tally);
      continue;
    }
    const { epoch } = run;
    unread?.values.dispose();
    tally.since ??= performance.now();
    const oneStep = step - first < WARM_STEPS ? trainStep : flatStep;
    unread = withServingOps(run.student.config, () => oneStep(run, step, options));
    if (run.epoch !== epoch && run.state !== undefined) {
      onEvent({ type: 'epoch', stage: run.index, epoch: run.epoch, state: run.state });
    }
    tally.step++;
    tally.tokens += unread.tokens;
    step++;

    const isLast = step === run.steps;
    const keeps = tally.step % KEEP_EVERY === 0;
    const evaluates = recipe.evaluation.every > 0 && tally.step % recipe.evaluation.every === 0;
    const snapshots = options.snapshotEvery !== undefined && tally.step % options.snapshotEvery === 0;
    const due = tally.step - tally.reportedStep >= tally.reportEvery;
    if (due || isLast || keeps || evaluates || snapshots) await read();
    if (keeps) good.keep(tally.step);
    if (snapshots) await options.onSnapshot?.(await takeSnapshot(run, step, tally));
    if (evaluates || (isLast && run.index === recipe.stages.length - 1)) await evaluate(options, tally);
  }
  return 'finished';
}

async function standStill({ control, onEvent }: TrainingOptions, tally: Tally): Promise<void> {
  stopClock(tally);
  onEvent({ type: 'state', state: 'paused' });
  await control.wait();
  onEvent({ type: 'state', state: 'running' });
}

/** A step that must leave as many tensors and bytes behind as it found, besides its outcome. */
function flatStep(run: StageRun, step: number, options: TrainingOptions): StepOutcome {
  const before = tf.memory();
  const optimizers = run.optimizers.size;
  const outcome = trainStep(run, step, options);
  const after = tf.memory();
  const tensors = after.numTensors - 1 - before.numTensors;
  const bytes = after.numBytes - outcome.values.size * 4 - before.numBytes;
  if (options.strictMemory && run.optimizers.size === optimizers && (tensors !== 0 || bytes !== 0)) {
    outcome.values.dispose();
    throw new TrainingError(
      `step ${step + 1} of ${run.method.label} left ${tensors} tensors and ${bytes} bytes behind`,
    );
  }
  return outcome;
}

/** Stops counting training time. */
function stopClock(tally: Tally): void {
  if (tally.since !== null) tally.timeMs += performance.now() - tally.since;
  tally.since = null;
}

/** Reads a step's numbers back, all in one, and thereby waits for the queue. */
async function report(
  { onEvent, reportEvery }: TrainingOptions,
  run: StageRun,
  step: number,
  { values, terms, learningRate }: StepOutcome,
  tally: Tally,
  good: GoodWeights,
): Promise<void> {
  const before = tally.timeMs;
  const numbers = await readTensor(values);
  values.dispose();
  stopClock(tally);
  tally.since = performance.now();

  const loss = numbers[0]!;
  const gradNorm = numbers[numbers.length - 1]!;
  await refuseBreakdown(loss, gradNorm, tally.step, learningRate, run.stage.optimizer.learningRate, good);
  tally.loss = loss;
  if (reportEvery === undefined) {
    const stepMs = (tally.timeMs - before) / (tally.step - tally.reportedStep);
    tally.reportEvery = Math.max(1, Math.floor(REPORT_MS / stepMs));
  }
  tally.reportedStep = tally.step;
  onEvent({
    type: 'step',
    stage: run.index,
    ...(run.method.parts.length > 1 ? { part: planStep(run, step).part.id } : {}),
    step: tally.step,
    loss,
    terms: Object.fromEntries(terms.map((term, i) => [term, numbers[i + 1]!])),
    learningRate,
    gradNorm,
    tokens: tally.tokens,
    timeMs: tally.timeMs,
  });
}

/** Throws TrainingError for a loss that is not finite or exactly 0, after putting the last good weights back. */
async function refuseBreakdown(
  loss: number,
  gradNorm: number,
  step: number,
  learningRate: number,
  peak: number,
  good: GoodWeights,
): Promise<void> {
  const broken = !Number.isFinite(loss) ? loss : gradNorm;
  if (Number.isFinite(broken) && loss !== 0) return;
  await good.restore();
  const kept = good.step === 0 ? 'the weights from before training' : `the weights of step ${good.step}`;
  if (loss === 0) {
    throw new TrainingError(
      `Loss became exactly 0 at step ${step}. Back to ${kept}.`,
      'No token of the batch was scored, or the student already equals its target; look at the data and at the weights of the terms.',
    );
  }
  const what = `${Number.isFinite(loss) ? 'The gradient' : 'Loss'} became ${Number.isNaN(broken) ? 'not a number' : 'infinite'}`;
  throw new TrainingError(
    `${what} at step ${step} (learning rate ${shortNumber(learningRate)}). Back to ${kept}.`,
    `Try a learning rate of ${shortNumber(peak / 5)} instead of ${shortNumber(peak)}.`,
  );
}

const shortNumber = (x: number) =>
  x !== 0 && x < 0.001 ? Number(x.toPrecision(2)).toExponential() : String(Number(x.toPrecision(2)));

/** Has the student measured; a stop cuts the measurement short. */
async function evaluate(
  { evaluate: measure, control, onEvent }: TrainingOptions,
  tally: Tally,
): Promise<void> {
  stopClock(tally);
  if (measure) {
    onEvent({ type: 'state', state: 'evaluating' });
    try {
      await measure(tally.step, control.signal);
    } catch (error) {
      if (!(error instanceof CancelledError && control.signal.aborted)) throw error;
    }
    onEvent({ type: 'state', state: 'running' });
  }
  control.evaluated();
}
