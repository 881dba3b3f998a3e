/**
 * One optimiser step: micro-batches, gradients, update. A step is one or more *micro-steps*, functions that
 * neither await nor read back, so that each can be traced once and replayed: the first one sets the gradients,
 * later ones add to them, and the last one updates the weights. Loss, terms and gradient norm stay on the device
 * in one tensor until somebody wants to see them.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Tensor1D } from '@tensorflow/tfjs-core';
import type { Batch } from '../data/batches';
import { hostTensor } from '../engine/host';
import { withServingOps } from '../engine/mode';
import type { AdamW } from '../engine/ops/adamw';
import { clearGradients, valueAndGradients } from '../engine/parameter';
import type { Step } from '../engine/plan/cache';
import type { StepCost } from '../engine/plan/trace';
import { TrainingError } from '../errors';
import type { LossInputs, Run } from '../methods/method';
import type { Model } from '../model/gpt2';
import { frozenView } from '../model/params';
import { learningRateAt } from './schedule';
import type { StageRun, StepPlan } from './stage';
import { enterEpoch, optimizerOf, planStep } from './stage';
import type { Task } from './task';

export interface StepOutcome {
  /** On the device: loss, its terms in the order of `terms`, padding, and last the gradient norm before clipping. */
  values: Tensor1D;
  terms: readonly string[];
  learningRate: number;
  /** Tokens in this step. */
  tokens: number;
  /** The values were read, or nobody will. The next step of the stage overwrites them otherwise. */
  release(): void;
}

/** What a micro-step reads from the host while it runs or is replayed. */
export interface MicroBatch {
  batch: Batch;
  /** 1 / scored rows of the whole step. */
  scale: number;
  /** Which of the stage's micro-batches this is, from 0. */
  number: number;
}

const scoredRows = ({ labels }: Batch) =>
  labels.reduce((count, label) => count + (label === -100 ? 0 : 1), 0);

/** The model that plays a role in this part, frozen unless the part trains it. */
function cast(run: StageRun, { part }: StepPlan): { student: Model; teacher: Model | null } {
  const trains = part.trains ?? ['student'];
  const freeze = (model: Model) => ({ ...model, params: frozenView(model.params) });
  const copy = run.copy;
  const teacher = part.teacher === 'copy' ? copy && freeze(copy) : run.teacher;
  if (trains.includes('copy')) return { student: copy!, teacher };
  return { student: trains.includes('student') ? run.student : freeze(run.student), teacher };
}

// A forward pass takes 3 L + 1 streams of noise.
const STREAMS_OF_A_PASS = 2 ** 16;

/**
 * How this part runs a model: with dropout where it learns, with another mask for every pass of a micro-batch.
 * Call it outside the tape; its seed must outlive the backward pass.
 */
function runnerOf(
  { stage, dropoutSeeds }: StageRun,
  learner: Model | null,
  input: () => MicroBatch,
  task: Task,
): (model: Model) => Run {
  const { dropout: rate, recompute } = stage;
  const draw = () => {
    dropoutSeeds.counter = input().number;
    return Int32Array.of(dropoutSeeds.next());
  };
  const seed = rate > 0 && learner ? hostTensor([1], 'int32', draw) : undefined;
  let passes = 0;
  return (model) => (tokens, options) => {
    const dropout = model === learner && seed && { rate, seed, stream: STREAMS_OF_A_PASS * passes++ };
    return task.run(model, tokens, { ...options, recompute, ...(dropout ? { dropout } : {}) });
  };
}

/** Adds the gradients of the batch that is up. Returns the loss and its terms, padded to [1 + terms of the method]. */
function accumulate(run: StageRun, plan: StepPlan, input: () => MicroBatch, task: Task): Tensor1D {
  const { part } = plan;
  const models = cast(run, plan);
  const options = { hiddenStates: part.needs.includes('hiddenStates') };
  const { batch, length } = input().batch;
  return tf.tidy(() => {
    const { tokens, labels } = task.inputs(() => input().batch, { batch, length }, run.student.config);
    const learns = part.trains?.some((group) => group !== 'extra') ?? true;
    const runner = runnerOf(run, learns ? models.student : null, input, task);
    const runnable = (model: Model) => ({ ...model, run: runner(model) });
    // Outside the tape, which would keep the teacher's activations until the backward pass has ended.
    const teacher = part.needs.includes('teacherOutput')
      ? task.run(models.teacher!, tokens, options)
      : undefined;
    let kept!: Tensor1D;
    valueAndGradients(() => {
      let student: ReturnType<Task['run']> | undefined;
      const inputs = {
        // Run when first asked for: a part that trains the method's own weights alone may not need it.
        get student() {
          return (student ??= runner(models.student)(tokens, options));
        },
        teacher,
        models: { student: runnable(models.student), teacher: models.teacher && runnable(models.teacher) },
        tokens,
        targets: {
          labels,
          scale: () => input().scale,
          chunkBytes: run.stage.logitsMegabytes * 2 ** 20,
        },
        share: 1 / run.stage.gradAccumSteps,
        schedule: (at) => () => at(run.progress!),
        drawn: (shape, dtype, draw) => hostTensor(shape, dtype, () => draw(run.random)),
        extra: run.extra,
        state: run.state,
      } as LossInputs;
      const loss = part.loss(inputs, run.stage.settings);
      const terms = Object.keys(loss.terms);
      run.terms.set(plan.position.part, terms);
      const blanks = Array.from({ length: run.method.terms.length - terms.length }, () => tf.scalar(0));
      kept = tf.keep(tf.stack([loss.total, ...Object.values(loss.terms), ...blanks]) as Tensor1D);
      return run.lossScale ? run.lossScale.steepen(loss.total) : loss.total;
    }, plan.trained);
    return kept;
  });
}

/** Where a micro-batch stands in its step. */
interface Place {
  first: boolean;
  last: boolean;
}

/** One micro-batch; the last one updates the weights and returns the step's values. */
function microStep(
  run: StageRun,
  plan: StepPlan,
  optimizer: AdamW,
  { first, last }: Place,
  input: () => MicroBatch,
  task: Task,
): Tensor[] {
  try {
    const values = accumulate(run, plan, input, task);
    const sum = run.sums.get(plan.position.part);
    if (sum) {
      sum.add(values, first);
      values.dispose();
    }
    if (!last) return [];
    const result = tf.tidy(() =>
      tf.concat1d([(sum?.value ?? values) as Tensor1D, tf.reshape(optimizer.update(), [1])]),
    );
    if (!sum) values.dispose();
    return [result];
  } catch (error) {
    clearGradients(plan.trained);
    throw error;
  }
}

/** What a step draws on the host before anything runs. */
interface Drawn {
  plan: StepPlan;
  batches: Batch[];
  scale: number;
}

function draw(run: StageRun, step: number): Drawn {
  const plan = planStep(run, step);
  const batches = Array.from({ length: run.stage.gradAccumSteps }, () => run.batches.next());
  run.lastBatch = batches[0]!;
  enterEpoch(run);
  // One mean over the whole step, so that 2 x 4 rows give what 8 give.
  const scored = batches.reduce((sum, batch) => sum + scoredRows(batch), 0);
  run.progress = { step: plan.position.step, steps: plan.position.steps, epoch: run.epoch };
  return { plan, batches, scale: 1 / Math.max(1, scored) };
}

/** Names the plan of a micro-step: what its commands depend on, besides the stage. */
function planKey(
  run: StageRun,
  { position }: StepPlan,
  { first, last }: Place,
  { batch, length }: Batch,
): string {
  return [
    position.part,
    first ? 'first' : 'next',
    last ? 'last' : '',
    batch,
    length,
    JSON.stringify(run.state),
  ].join('|');
}

/**
 * A micro-step as it is traced, before any has run. A trace computes nothing: gradients that an earlier micro-batch
 * would have left are put in place for it and taken away again.
 */
function tracedStep(
  run: StageRun,
  plan: StepPlan,
  optimizer: AdamW,
  place: Place,
  task: Task,
): Step<MicroBatch> {
  return (input) => {
    const { part } = plan.position;
    if (!place.first) {
      for (const parameter of run.used.get(part) ?? []) parameter.gradient = parameter.accumulator;
    }
    const outputs = microStep(run, plan, optimizer, place, input, task);
    if (place.first)
      run.used.set(
        part,
        plan.trained.filter(({ gradient }) => gradient),
      );
    clearGradients(plan.trained);
    return outputs;
  };
}

/** Traces the micro-steps of a step that have no plan yet. */
async function preparePlans(
  run: StageRun,
  { plan, batches }: Drawn,
  optimizer: AdamW,
  task: Task,
): Promise<void> {
  for (const [i, batch] of batches.entries()) {
    const place = { first: i === 0, last: i === batches.length - 1 };
    const micro = tracedStep(run, plan, optimizer, place, task);
    await withServingOps(run.student.config, () =>
      run.plans.prepare(planKey(run, plan, place, batch), micro, { batch, scale: 1, number: i }),
    );
  }
}

/** What the micro-steps of step `step` cost, in their order, each by `traceOne`; nothing runs. */
export function costsOfStep(
  run: StageRun,
  step: number,
  task: Task,
  traceOne: (micro: () => readonly Tensor[]) => StepCost,
): StepCost[] {
  const { plan, batches } = draw(run, step);
  const costs = new Map<string, StepCost>();
  return withServingOps(run.student.config, () => {
    const optimizer = optimizerOf(run, step, plan);
    optimizer.advance(plan.optimizer);
    return batches.map((batch, i) => {
      const place = { first: i === 0, last: i === batches.length - 1 };
      const key = planKey(run, plan, place, batch);
      const micro = tracedStep(run, plan, optimizer, place, task);
      const cost = costs.get(key) ?? traceOne(() => micro(() => ({ batch, scale: 1, number: i })));
      costs.set(key, cost);
      return cost;
    });
  });
}

/** Runs step `step` (from 0) of a stage: gradAccumSteps micro-batches, one update. */
export async function trainStep(run: StageRun, step: number, { task }: { task: Task }): Promise<StepOutcome> {
  const drawn = draw(run, step);
  const { plan, batches, scale } = drawn;
  const {
    learningRate: _peak,
    warmupSteps: _warmup,
    schedule: _schedule,
    finalFraction: _final,
    ...hyper
  } = plan.optimizer;
  const learningRate = learningRateAt(plan.position.step, plan.position.steps, plan.optimizer);
  const optimizer = withServingOps(run.student.config, () => optimizerOf(run, step, plan));
  optimizer.advance({ ...hyper, learningRate });
  await preparePlans(run, drawn, optimizer, task);
  return withServingOps(run.student.config, () => {
    const results = batches.map((batch, i) => {
      const place = { first: i === 0, last: i === batches.length - 1 };
      const micro = (input: () => MicroBatch) => microStep(run, plan, optimizer, place, input, task);
      return run.plans.run(planKey(run, plan, place, batch), micro, {
        batch,
        scale,
        number: step * batches.length + i,
      });
    });
    const result = results.at(-1)!;
    return {
      values: result.tensors[0] as Tensor1D,
      terms: run.terms.get(plan.position.part)!,
      learningRate,
      tokens: batches.reduce((total, { batch, length }) => total + batch * length, 0),
      release: () => result.release(),
    };
  });
}

/**
 * `trainStep`, which must leave as many tensors and bytes behind as it found, besides its outcome. Throws
 * TrainingError when it does not; not for the first steps, in which moments and plans are made.
 */
export async function flatStep(run: StageRun, step: number, options: { task: Task }): Promise<StepOutcome> {
  const before = tf.memory();
  const made = run.made;
  const outcome = await trainStep(run, step, options);
  const after = tf.memory();
  // A replayed step writes its outcome into a tensor that was there before.
  const own = after.numTensors > before.numTensors ? 1 : 0;
  const tensors = after.numTensors - own - before.numTensors;
  const bytes = after.numBytes - own * outcome.values.size * 4 - before.numBytes;
  if (run.made === made && (tensors !== 0 || bytes !== 0)) {
    outcome.release();
    throw new TrainingError(
      `step ${step + 1} of ${run.method.label} left ${tensors} tensors and ${bytes} bytes behind`,
    );
  }
  return outcome;
}
