/**
 * One optimiser step: micro-batches, gradients, update. Nothing is awaited and nothing is read back in here;
 * loss, terms and gradient norm stay on the device in one tensor until somebody wants to see them.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor1D } from '@tensorflow/tfjs-core';
import type { Batch } from '../data/batches';
import { clearGradients, valueAndGradients } from '../engine/parameter';
import { TrainingError } from '../errors';
import type { LossInputs } from '../methods/method';
import type { Model } from '../model/gpt2';
import { frozenView } from '../model/params';
import { learningRateAt } from './schedule';
import type { StageRun, StepPlan } from './stage';
import { enterEpoch, optimizerOf, planStep } from './stage';
import type { Task } from './task';

export interface StepOutcome {
  /** On the device: loss, its terms in the order of `terms`, gradient norm before clipping. Dispose it. */
  values: Tensor1D;
  terms: readonly string[];
  learningRate: number;
  /** Tokens in this step. */
  tokens: number;
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

/** Adds one micro-batch's gradients. Returns loss and terms, [1 + number of terms], and the terms' names. */
function accumulate(
  run: StageRun,
  plan: StepPlan,
  batch: Batch,
  scale: number,
  task: Task,
): [Tensor1D, string[]] {
  const { part, position, trained } = plan;
  const models = cast(run, plan);
  const options = { hiddenStates: part.needs.includes('hiddenStates') };
  let terms: string[] = [];
  const values = tf.tidy(() => {
    const { tokens, labels } = task.upload(batch, run.student.config.vocabSize);
    const runnable = (model: Model) => ({ ...model, run: task.run.bind(task, model) });
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
          return (student ??= task.run(models.student, tokens, options));
        },
        teacher,
        models: { student: runnable(models.student), teacher: models.teacher && runnable(models.teacher) },
        tokens,
        targets: { labels, scale },
        progress: { step: position.step, steps: position.steps, epoch: run.epoch },
        extra: run.extra,
        random: run.random,
        state: run.state,
      } as unknown as LossInputs;
      const loss = part.loss(inputs, run.stage.settings);
      terms = Object.keys(loss.terms);
      kept = tf.keep(tf.stack([loss.total, ...Object.values(loss.terms)]) as Tensor1D);
      return loss.total;
    }, trained);
    return kept;
  });
  return [values, terms];
}

/** Runs step `step` (from 0) of a stage: gradAccumSteps micro-batches, one update. */
export function trainStep(run: StageRun, step: number, { task }: { task: Task }): StepOutcome {
  const plan = planStep(run, step);
  const optimizer = optimizerOf(run, step, plan);
  const batches = Array.from({ length: run.stage.gradAccumSteps }, () => run.batches.next());
  enterEpoch(run);
  // One mean over the whole step, so that 2 x 4 rows give what 8 give.
  const scale =
    1 /
    Math.max(
      1,
      batches.reduce((sum, batch) => sum + scoredRows(batch), 0),
    );
  let terms: string[] = [];
  let sum: Tensor1D | undefined;
  try {
    for (const batch of batches) {
      const [values, names] = accumulate(run, plan, batch, scale, task);
      terms = names;
      const previous: Tensor1D | undefined = sum;
      sum = previous ? tf.add(previous, values) : values;
      if (previous) tf.dispose([previous, values]);
    }
  } catch (error) {
    clearGradients(plan.trained);
    tf.dispose(sum ?? []);
    throw error;
  }
  const {
    learningRate: _peak,
    warmupSteps: _warmup,
    schedule: _schedule,
    finalFraction: _final,
    ...hyper
  } = plan.optimizer;
  const learningRate = learningRateAt(plan.position.step, plan.position.steps, plan.optimizer);
  const values = tf.tidy(() =>
    tf.concat1d([sum!, tf.reshape(optimizer.step({ ...hyper, learningRate }), [1])]),
  );
  sum!.dispose();
  return {
    values,
    terms,
    learningRate,
    tokens: batches.reduce((total, { batch, length }) => total + batch * length, 0),
  };
}

/**
 * `trainStep`, which must leave as many tensors and bytes behind as it found, besides its outcome. Throws
 * TrainingError when it does not; not for the first steps, in which moments and constants are made.
 */
export function flatStep(run: StageRun, step: number, options: { task: Task }): StepOutcome {
  const before = tf.memory();
  const made = run.optimizersMade;
  const outcome = trainStep(run, step, options);
  const after = tf.memory();
  const tensors = after.numTensors - 1 - before.numTensors;
  const bytes = after.numBytes - outcome.values.size * 4 - before.numBytes;
  if (run.optimizersMade === made && (tensors !== 0 || bytes !== 0)) {
    outcome.values.dispose();
    throw new TrainingError(
      `step ${step + 1} of ${run.method.label} left ${tensors} tensors and ${bytes} bytes behind`,
    );
  }
  return outcome;
}
