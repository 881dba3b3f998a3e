/**
 * Everything a run needs to go on as if it had never stopped: with the same recipe, models and data, the next
 * losses are the same, bit for bit, on the same device. Plain data; writing it to disk is somebody else's job.
 */
import type { BatchPosition } from '../data/batches';
import { readTensor } from '../engine/device';
import type { Moments } from '../engine/ops/adamw';
import type { Parameter } from '../engine/parameter';
import { writeParameter } from '../engine/parameter';
import { ShapeError } from '../errors';
import type { StageRun } from './stage';
import { makeOptimizer } from './stage';

/** Values of weights by their names. */
export type Weights = Record<string, Float32Array>;

export interface TrainingSnapshot {
  /** Steps, training tokens and milliseconds over all stages, and the last reported loss. */
  step: number;
  tokens: number;
  timeMs: number;
  loss: number;
  /** Index of the stage and steps done in it. */
  stage: number;
  stageStep: number;
  /** Where the next batch comes from. */
  batches: BatchPosition;
  /** Draws that the method took from its random stream, the epoch, and what it drew for it. */
  randomCounter: number;
  epoch: number;
  state: unknown;
  student: Weights;
  /** The method's own weights. */
  extra: Weights;
  /** The stage's copy of the student, where there is one. */
  copy: Weights | null;
  optimizers: { part: number; steps: number; moments: Record<string, Moments> }[];
  /** Where a run has several tasks, the student before the first; kept by whoever has begun it. */
  trunk?: Weights;
  /** Of a stage in float16: the loss scale and the good steps in a row. Snapshots from before 2026-11-29 lack it. */
  lossScale?: number[] | null;
}

/** Values of weights, as they are on the device. */
export async function readWeights(parameters: Readonly<Record<string, Parameter>>): Promise<Weights> {
  const weights: Weights = {};
  for (const [name, { value }] of Object.entries(parameters)) weights[name] = await readTensor(value);
  return weights;
}

/** Puts weights back. Throws ShapeError when the snapshot belongs to another model. */
export function restoreWeights(parameters: Readonly<Record<string, Parameter>>, weights: Weights): void {
  for (const [name, parameter] of Object.entries(parameters)) {
    const values = weights[name];
    if (!values) throw new ShapeError(`the snapshot has no ${name}`, 'It was taken of another model.');
    writeParameter(parameter, Float32Array.from(values));
  }
}

/** Reads a run back between two steps; `stageStep` steps of its stage are done. */
export async function takeSnapshot(
  run: StageRun,
  stageStep: number,
  { step, tokens, timeMs, loss }: Pick<TrainingSnapshot, 'step' | 'tokens' | 'timeMs' | 'loss'>,
): Promise<TrainingSnapshot> {
  const optimizers: TrainingSnapshot['optimizers'] = [];
  for (const [part, optimizer] of run.optimizers) {
    const moments: Record<string, Moments> = {};
    for (const parameter of optimizer.parameters) {
      moments[parameter.name] = await optimizer.readMoments(parameter, readTensor);
    }
    optimizers.push({ part, steps: optimizer.steps, moments });
  }
  return {
    step,
    tokens,
    timeMs,
    loss,
    stage: run.index,
    stageStep,
    batches: run.batches.position,
    randomCounter: run.random.counter,
    epoch: run.epoch,
    state: run.state,
    student: await readWeights(run.student.params),
    extra: await readWeights(run.extra),
    copy: run.copy && (await readWeights(run.copy.params)),
    optimizers,
    lossScale: run.lossScale && [...(await readTensor(run.lossScale.state))],
  };
}

/** Brings a freshly opened stage to where the snapshot was taken; the student's weights are restored before. */
export function restoreStage(run: StageRun, snapshot: TrainingSnapshot): void {
  run.batches.position = snapshot.batches;
  run.random.counter = snapshot.randomCounter;
  run.epoch = snapshot.epoch;
  run.state = snapshot.state;
  restoreWeights(run.extra, snapshot.extra);
  if (snapshot.lossScale) run.lossScale?.write(snapshot.lossScale);
  if (run.copy && snapshot.copy) restoreWeights(run.copy.params, snapshot.copy);
  for (const { part, steps, moments } of snapshot.optimizers) {
    const optimizer = makeOptimizer(run, part);
    optimizer.steps = steps;
    for (const parameter of optimizer.parameters) optimizer.writeMoments(parameter, moments[parameter.name]!);
  }
}
