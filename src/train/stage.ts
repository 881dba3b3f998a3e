/**
 * One stage of a recipe while it runs: its method, its data, and what the method brings along (optimisers, own
 * weights, a copy of the student, state of the epoch).
 */
import type { Batch, BatchIterator } from '../data/batches';
import { createAccumulator, type Accumulator } from '../engine/accumulator';
import { readTensor } from '../engine/device';
import { createLossScale, type LossScale } from '../engine/lossScale';
import type { AdamW } from '../engine/ops/adamw';
import { createAdamW } from '../engine/ops/adamw';
import type { Parameter } from '../engine/parameter';
import { createParameter, disposeParameter, setAccumulators } from '../engine/parameter';
import { createPlanCache, type PlanCache, type PlanCacheOptions } from '../engine/plan/cache';
import { uploadNow } from '../engine/upload';
import { RecipeError } from '../errors';
import type { Method, Part, PartPosition, Progress } from '../methods/method';
import { needsTeacher, partAt, wantsCopy } from '../methods/method';
import type { Model } from '../model/gpt2';
import { disposeParams } from '../model/params';
import type { RandomStream } from '../random';
import { randomStream } from '../random';
import type { Optimizer, Recipe, Stage } from '../recipe/recipe';

export interface StageModels {
  student: Model;
  teacher: Model | null;
}

export interface StageRun extends StageModels {
  readonly index: number;
  readonly stage: Stage;
  readonly method: Method;
  readonly steps: number;
  readonly batches: BatchIterator;
  readonly random: RandomStream;
  /** The recipe's. */
  readonly seed: number;
  /** A seed of dropout for every micro-batch of the stage; its counter is the micro-batch's number. */
  readonly dropoutSeeds: RandomStream;
  readonly extra: Readonly<Record<string, Parameter>>;
  /** The student as it was when the stage began, where a part trains it or learns from it. */
  readonly copy: Model | null;
  /** One per part, by index, made when the part is first reached. */
  readonly optimizers: Map<number, AdamW>;
  /** How many optimisers and sums have been made so far. */
  made: number;
  /** The stage's micro-steps, traced. */
  readonly plans: PlanCache;
  /** Of a stage that computes in float16. */
  readonly lossScale: LossScale | null;
  /** Of every part, loss and terms added up over micro-batches, where a step has several. */
  readonly sums: Map<number, Accumulator>;
  /** Of every part, the weights that its loss uses, and the names of its terms; known from its first step on. */
  readonly used: Map<number, readonly Parameter[]>;
  readonly terms: Map<number, readonly string[]>;
  /** Of the step at hand. */
  progress: Progress | null;
  /** The first one of the last step. */
  lastBatch: Batch | null;
  epoch: number;
  /** What the method drew for this epoch. */
  state: unknown;
}

/**
 * Optimiser steps of a stage: as given, or its epochs over the `windows` of the training text, rounded up. What
 * does not fill a last batch is dropped at the end of an epoch.
 */
export function stageSteps({ steps, epochs, batchSize, gradAccumSteps }: Stage, windows: number): number {
  if (steps !== undefined) return steps;
  return Math.max(1, Math.ceil((epochs! * Math.max(1, Math.floor(windows / batchSize))) / gradAccumSteps));
}

async function copyModel({ config, params }: Model): Promise<Model> {
  const copies: Record<string, Parameter> = {};
  for (const [name, { shape, value }] of Object.entries(params)) {
    copies[name] = createParameter(name, shape, await readTensor(value));
  }
  return { config, params: copies };
}

/** What else a stage is opened with. */
export interface StageData {
  index: number;
  batches: BatchIterator;
  seed: number;
  plans: PlanCache;
  /** Default f32. */
  precision?: Recipe['precision'];
}

/** A stage before its first step. `copy`: of the student, where `wantsCopy`; the stage disposes it. */
export function makeStage(
  stage: Stage,
  method: Method,
  models: StageModels,
  copy: Model | null,
  { index, batches, seed, plans, precision }: StageData,
): StageRun {
  const random = randomStream(seed, `stage ${index} ${method.id}`);
  const context = { ...models, random };
  const extra = method.createExtra?.(context, stage.settings) ?? {};
  Object.values(extra).forEach(uploadNow);
  return {
    ...models,
    index,
    stage,
    method,
    batches,
    random,
    seed,
    dropoutSeeds: randomStream(seed, `stage ${index} dropout`),
    steps: stageSteps(stage, batches.windows),
    extra,
    copy,
    optimizers: new Map(),
    made: 0,
    plans,
    lossScale: precision === 'f16' ? createLossScale() : null,
    sums: new Map(),
    used: new Map(),
    terms: new Map(),
    progress: null,
    lastBatch: null,
    epoch: 0,
    state: method.epochState?.(context, stage.settings),
  };
}

/** Prepares a stage. Throws RecipeError when its method needs a teacher and there is none. */
export async function openStage(
  stage: Stage,
  index: number,
  method: Method,
  models: StageModels,
  batches: BatchIterator,
  seed: number,
  options: PlanCacheOptions & Pick<StageData, 'precision'> = {},
): Promise<StageRun> {
  if (needsTeacher(method) && !models.teacher) {
    throw new RecipeError(`stages.${index}: ${method.label} needs a teacher, and none is loaded`);
  }
  const copy = wantsCopy(method) ? await copyModel(models.student) : null;
  return makeStage(stage, method, models, copy, {
    index,
    batches,
    seed,
    plans: createPlanCache(options),
    precision: options.precision,
  });
}

export function closeStage(run: StageRun): void {
  run.plans.dispose();
  for (const sum of run.sums.values()) sum.dispose();
  run.sums.clear();
  for (const optimizer of run.optimizers.values()) optimizer.dispose();
  run.optimizers.clear();
  run.lossScale?.dispose();
  setAccumulators(Object.values(run.student.params), false);
  Object.values(run.extra).forEach(disposeParameter);
  if (run.copy) disposeParams(run.copy.params);
}

/** Where step `step` of the stage stands: its part, and what that part trains with which settings. */
export interface StepPlan {
  part: Part;
  position: PartPosition;
  optimizer: Optimizer;
  /** What the part updates. */
  trained: Parameter[];
}

export function planStep(run: StageRun, step: number): StepPlan {
  const { method, stage } = run;
  const position = partAt(method, stage.settings, step, run.steps);
  const part = method.parts[position.part]!;
  return {
    part,
    position,
    optimizer: { ...stage.optimizer, ...part.optimizer?.(stage.settings) },
    trained: trainedBy(run, part),
  };
}

function trainedBy(run: StageRun, part: Part): Parameter[] {
  const groups = { student: run.student.params, copy: run.copy?.params ?? {}, extra: run.extra };
  return (part.trains ?? ['student']).flatMap((group) => Object.values(groups[group]));
}

/** A fresh optimiser of what part `part` trains; the stage disposes it. */
export function makeOptimizer(run: StageRun, part: number): AdamW {
  const trained = trainedBy(run, run.method.parts[part]!);
  const optimizer = createAdamW(trained, run.lossScale ?? undefined);
  run.optimizers.set(part, optimizer);
  run.made++;
  if (run.stage.gradAccumSteps > 1) {
    setAccumulators(trained, true);
    run.sums.set(part, createAccumulator([1 + run.method.terms.length]));
  }
  return optimizer;
}

/** The optimiser of step `step`'s part. When a new one is made, those that no later step needs are given back. */
export function optimizerOf(run: StageRun, step: number, { position }: StepPlan): AdamW {
  const optimizer = run.optimizers.get(position.part);
  if (optimizer) return optimizer;
  const later = new Set<number>();
  for (let s = step; s < run.steps; s++) later.add(partAt(run.method, run.stage.settings, s, run.steps).part);
  for (const [part, old] of run.optimizers) {
    if (later.has(part)) continue;
    old.dispose();
    run.optimizers.delete(part);
  }
  return makeOptimizer(run, position.part);
}

/** Notes the epoch of the batches drawn last; a new one has the method draw its state anew. */
export function enterEpoch(run: StageRun): void {
  const { epoch } = run.batches.position;
  if (epoch === run.epoch) return;
  run.epoch = epoch;
  const context = { student: run.student, teacher: run.teacher, random: run.random };
  run.state = run.method.epochState?.(context, run.stage.settings);
}
