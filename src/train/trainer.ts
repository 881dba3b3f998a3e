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
import type { StageModels, StageRun } from './stage';
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

/** What a stage works with. */
export interface Lesson extends StageModels {
  task: Task;
  /** From the stage's start. */
  batches: BatchIterator;
}

/** When the student is measured: before a stage's first step, between two, or behind the last one. */
export interface EvaluationMoment {
  /** Steps done, over all stages. */
  step: number;
  stage: number;
  at: 'start' | 'within' | 'end';
}

export interface TrainingOptions {
  recipe: Recipe;
  methods: readonly Method[];
  /**
   * What stage `index` works with; asked when it begins. The student is trained in place. A later stage's has every
   * weight of the one before, and may have a head more, or another one. The caller owns the models.
   */
  lesson: (stage: Stage, index: number) => Lesson | Promise<Lesson>;
  /**
   * Measures the student and says so to whom it may concern. `start` is the first stage's, or that of a stage whose
   * student is another model than before.
   */
  evaluate?: (moment: EvaluationMoment, signal: AbortSignal) => Promise<void>;
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

/** The stage at hand, from its begin to its end; `first`: steps of it that are done. */
async function openLesson(
  { recipe, methods, onEvent, resume }: TrainingOptions,
  { student, teacher, batches }: Lesson,
  index: number,
): Promise<{ run: StageRun; first: number }> {
  const stage = recipe.stages[index]!;
  const method = methods.find(({ id }) => id === stage.method)!;
  const run = await openStage(stage, index, method, { student, teacher }, batches, recipe.seed, {
    plan: recipe.plan,
    precision: recipe.precision,
    onCompile: (done, total) => onEvent({ type: 'compiling', done, total }),
    onEager: (reason) => onEvent({ type: 'eager', stage: index, reason }),
  });
  if (resume?.stage !== index) return { run, first: 0 };
  withServingOps(student.config, () => restoreStage(run, resume));
  return { run, first: resume.stageStep };
}

/** Works through the stages from the first one, or the one to resume, on. True when stopped. */
async function runStages(options: TrainingOptions, tally: Tally): Promise<boolean> {
  const { recipe, resume } = options;
  let student: Model | undefined;
  let good: GoodWeights | undefined;
  let leavePrecision = () => {};
  try {
    for (const [index, stage] of recipe.stages.entries()) {
      if (index < (resume?.stage ?? 0)) continue;
      const lesson = await options.lesson(stage, index);
      const resumes = resume?.stage === index;
      if (!student) leavePrecision = enterPrecision(recipe.precision, lesson.student.config);
      if (resumes) restoreWeights(lesson.student.params, resume.student);
      if (lesson.student !== student) {
        good?.dispose();
        good = keepGoodWeights(lesson.student.params, tally.step);
        student = lesson.student;
        if (!resumes) await evaluate(options, { step: tally.step, stage: index, at: 'start' }, tally);
      }
      const { run, first } = await openLesson(options, lesson, index);
      try {
        if ((await runStage(options, lesson, run, first, tally, good!)) === 'stopped') return true;
      } finally {
        closeStage(run);
      }
    }
    return false;
  } finally {
    leavePrecision();
    good?.dispose();
  }
}

/** Trains the student through every stage of the recipe. Throws TrainingError when the loss breaks down. */
export async function train(options: TrainingOptions): Promise<TrainingResult> {
  const { recipe, resume, control } = options;
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
  try {
    if (recipe.stages.length === 0) await evaluate(options, { step: 0, stage: 0, at: 'start' }, tally);
    const stopped = await runStages(options, tally);
    return { steps: tally.step, loss: tally.loss, tokens: tally.tokens, timeMs: tally.timeMs, stopped };
  } finally {
    control.finish();
  }
}

async function runStage(
  options: TrainingOptions,
  { task }: Lesson,
  run: StageRun,
  first: number,
  tally: Tally,
  good: GoodWeights,
): Promise<'finished' | 'stopped'> {
  const { control, onEvent, recipe } = options;
  let step = first;
  const measure = (at: EvaluationMoment['at']) =>
    evaluate(options, { step: tally.step, stage: run.index, at }, tally);
  const tell = () => tellText(options, task, run, tally);
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
        await measure('within');
        await tell();
      } else await standStill(options, tally);
      continue;
    }
    const { epoch } = run;
    unread?.release();
    tally.since ??= performance.now();
    const oneStep = options.strictMemory && step - first >= WARM_STEPS ? flatStep : trainStep;
    unread = await oneStep(run, step, { task });
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
    if (evaluates && !isLast) await measure('within');
    // After the first step too: until the first evaluation there is nothing else to see.
    if (evaluates || (step === first + 1 && !unread)) await tell();
  }
  // Also where the run was resumed behind the stage's last step: whoever stopped it may have missed this.
  await measure('end');
  if (step > first) await tell();
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
async function tellText(
  { onEvent }: TrainingOptions,
  task: Task,
  run: StageRun,
  tally: Tally,
): Promise<void> {
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
  moment: EvaluationMoment,
  tally: Tally,
): Promise<void> {
  stopClock(tally);
  if (measure) {
    onEvent({ type: 'state', state: 'evaluating' });
    try {
      await inFloat32(() => measure(moment, control.signal));
    } catch (error) {
      if (!(error instanceof CancelledError && control.signal.aborted)) throw error;
    }
    onEvent({ type: 'state', state: 'running' });
  }
  control.evaluated();
}
