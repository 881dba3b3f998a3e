/**
 * What a run will need, before anything of it is loaded: every step that it takes is traced on a device that only
 * takes notes, with models that are names and shapes. Nothing is allocated, executed or awaited.
 *
 * Device memory of a run = weights of teacher and student + the copy of the last good weights + what a stage keeps
 * from step to step (moments, accumulated gradients, a method's own weights) + one pool that the stage's plans
 * share, in which the n-th largest buffer of all plans is the n-th of the pool (`engine/plan/pool.ts`) + what
 * each plan has of its own (inputs, constants, results).
 */
import type { Batch, BatchIterator } from '../data/batches';
import { withServingOps } from '../engine/mode';
import { tapeAnchor } from '../engine/parameter';
import { createPlanCache } from '../engine/plan/cache';
import { dryRun, type DryDevice, type StepCost } from '../engine/plan/trace';
import { scoringPass, WINDOWS_PER_PASS } from '../eval/perplexity';
import { needsTeacher, wantsCopy, type Method } from '../methods/method';
import { classifyingPass, ROWS_PER_PASS } from '../eval/classify';
import type { ClassifierConfig, GPT2Config } from '../model/config';
import type { Model } from '../model/gpt2';
import { SCORE } from '../model/heads';
import { disposeParams, emptyParams, type GPT2Params } from '../model/params';
import { rowLength, type RecipeData } from '../recipe/data';
import { dataOf } from '../recipe/pipeline';
import type { Recipe, Stage } from '../recipe/recipe';
import { costsOfChangedText } from './changedText';
import { noParts, sumOf, type MemoryParts } from './memoryParts';
import { enterPrecision } from './precision';
import { closeStage, makeStage, planStep, type StageRun } from './stage';
import { costsOfStep } from './step';
import { classification } from './classification';
import { languageModelling, type Task } from './task';

export interface StageCost {
  method: string;
  /** Of one optimiser step, all its micro-batches; of the costliest part of a method. */
  dispatches: number;
  flops: number;
  parts: MemoryParts;
  /** The sum of `parts`. */
  bytes: number;
  /** The largest buffer of the stage's steps. */
  largestBytes: number;
}

export interface RunPrediction {
  stages: StageCost[];
  /** While the model is measured and nothing trains; what a recipe without stages needs. */
  evaluation: Omit<StageCost, 'method'>;
  /** Of the stage that needs most. */
  parts: MemoryParts;
  bytes: number;
  largestBytes: number;
}

export interface PredictionOptions {
  recipe: Recipe;
  methods: readonly Method[];
  student: GPT2Config;
  /** Null when no stage learns from one. */
  teacher: GPT2Config | null;
  /** Of the task, where a stage learns one. */
  classifier?: ClassifierConfig;
}

// Of float32, and of two float16 in a packed weight.
const ELEMENT_BYTES = 4;

/** Whether a stage of the recipe learns from a loaded teacher. */
export function learnsFromTeacher({ stages }: Pick<Recipe, 'stages'>, methods: readonly Method[]): boolean {
  return stages.some(({ method }) => methods.some((known) => known.id === method && needsTeacher(known)));
}

const bytesOf = ({ params }: Model) =>
  Object.values(params).reduce((sum, { value }) => sum + value.size * ELEMENT_BYTES, 0);

/** Batches of zeros, for steps that are never run; those of a task as long as its longest row may be. */
function blankBatches({ batchSize }: Stage, data: RecipeData): BatchIterator {
  const length = rowLength(data);
  const batch: Batch = {
    ids: new Int32Array(batchSize * length),
    labels: new Int32Array(data.kind === 'task' ? batchSize : batchSize * length),
    batch: batchSize,
    length,
  };
  return { windows: batchSize, next: () => batch, position: { epoch: 0, index: 0, counter: 0 } };
}

/** The first step of every part of a stage, by the part's index. */
function firstSteps(run: StageRun): Map<number, number> {
  const first = new Map<number, number>();
  for (let step = 0; step < run.steps && first.size < run.method.parts.length; step++) {
    const { part } = planStep(run, step).position;
    if (!first.has(part)) first.set(part, step);
  }
  return first;
}

/** The physical buffers that plans share, by rank. */
function poolOf(costs: readonly StepCost[]): number[] {
  const pool: number[] = [];
  for (const { bufferBytes } of costs) {
    bufferBytes.forEach((size, rank) => (pool[rank] = Math.max(pool[rank] ?? 0, size)));
  }
  return pool;
}

const largest = (costs: readonly StepCost[]): number =>
  costs.reduce((most, { largestBytes }) => Math.max(most, largestBytes), 0);

/** Adds what plans need to `parts`, split as in the step that needs most when it needs most. */
function addPlans(parts: MemoryParts, costs: readonly StepCost[]): void {
  const total = poolOf(costs).reduce((sum, size) => sum + size, 0);
  const [widest] = [...costs].sort((a, b) => b.peakBytes - a.peakBytes);
  let rest = total;
  for (const [kind, bytes] of Object.entries(widest?.bytesByKind ?? {})) {
    const part = kind === 'gradients' || kind === 'logits' || kind === 'moments' ? kind : 'activations';
    parts[part] += bytes;
    rest -= bytes;
  }
  // What lies idle at that moment because buffers are shared whole.
  parts.activations += rest;
  parts.other += [...new Set(costs)].reduce((sum, { ownBytes }) => sum + ownBytes, 0);
}

interface Setting extends PredictionOptions {
  device: DryDevice;
  /** For the stages of each kind. */
  models: Record<RecipeData['kind'], { student: Model; teacher: Model | null }>;
  /** Weights, of the models and the copy of good ones. */
  fixed: MemoryParts;
  /** What the evaluation's plans need; those of a task are made in its first stage. They live as long as the run. */
  evaluation: Record<RecipeData['kind'], StepCost[]>;
}

const tasks: Record<RecipeData['kind'], Task> = { lm: languageModelling, task: classification };

function costOfStage(setting: Setting, stage: Stage, index: number): StageCost {
  const { device, recipe, methods, fixed } = setting;
  const data = dataOf(recipe, stage);
  const models = setting.models[data.kind];
  const evaluation = setting.evaluation[data.kind];
  const task = tasks[data.kind];
  const method = methods.find(({ id }) => id === stage.method)!;
  const before = device.bytes();
  const copy = wantsCopy(method)
    ? { config: models.student.config, params: emptyParams(models.student.config) }
    : null;
  const batches = blankBatches(stage, data);
  const run = makeStage(stage, method, models, copy, {
    index,
    batches,
    seed: recipe.seed,
    plans: createPlanCache({ plan: 'off' }),
    precision: recipe.precision,
  });
  const leavePrecision = enterPrecision(recipe.precision, models.student.config);
  try {
    const steps = [...firstSteps(run).values()].map((step) => costsOfStep(run, step, task, device.trace));
    const kept = device.bytes();
    const grown = (kind: 'weights' | 'moments' | 'gradients' | 'activations' | 'other') =>
      (kept[kind] ?? 0) - (before[kind] ?? 0);
    const parts = { ...fixed };
    parts.moments += grown('moments');
    parts.gradients += grown('gradients');
    parts.other += grown('weights') + grown('activations') + grown('other');
    const beside = [...evaluation, ...costsOfChangedText(run, batches.next(), task, device.trace)];
    addPlans(parts, [...steps.flat(), ...beside]);
    const total = (read: (cost: StepCost) => number) =>
      Math.max(...steps.map((costs) => costs.reduce((sum, cost) => sum + read(cost), 0)));
    return {
      method: stage.method,
      dispatches: total(({ dispatches }) => dispatches),
      flops: total(({ flops }) => flops),
      parts,
      bytes: sumOf(parts),
      largestBytes: largest([...steps.flat(), ...beside]),
    };
  } finally {
    leavePrecision();
    closeStage(run);
  }
}

/** A model whose weights have no values, for a task with its head; one without a task is the same for both kinds. */
function emptyModel(
  config: GPT2Config,
  classifier: ClassifierConfig | undefined,
  frozen?: { packed: boolean },
) {
  const headed = classifier && !config.classifier ? { ...config, classifier } : config;
  const params = emptyParams(headed, !frozen, frozen?.packed);
  const task = { config: headed, params };
  if (headed === config) return { lm: task, task };
  // Before the task it is a language model.
  const { [SCORE]: _, ...language } = params;
  return { lm: { config, params: language as GPT2Params }, task };
}

/** The passes in which the student is measured: on text while it is a language model, on rows from its head on. */
function evaluationCosts(
  device: DryDevice,
  recipe: Recipe,
  { lm, task }: ReturnType<typeof emptyModel>,
): Setting['evaluation'] {
  const datas = [recipe.data, ...recipe.stages.map((stage) => dataOf(recipe, stage))];
  const text: StepCost[] = [];
  const rows: StepCost[] = [];
  if (datas.some(({ kind }) => kind === 'lm')) {
    const { window, stride, maxTokens } = recipe.evaluation;
    const batch = Math.min(WINDOWS_PER_PASS, maxTokens > 0 ? Math.ceil(maxTokens / stride) : Infinity);
    const zeros = () => new Int32Array(batch * window);
    const cost = withServingOps(lm.config, () => {
      const pass = scoringPass(lm.params, lm.config, { batch, window });
      return device.trace(() => pass(() => ({ tokens: zeros(), labels: zeros() })));
    });
    text.push(cost);
  }
  const longest = Math.max(0, ...datas.map((data) => (data.kind === 'task' ? rowLength(data) : 0)));
  if (longest > 0 && task.config.classifier) {
    const shape = { batch: ROWS_PER_PASS, length: longest };
    const input = {
      ids: new Int32Array(shape.batch * longest),
      lengths: new Int32Array(shape.batch).fill(1),
    };
    const pass = classifyingPass(task, shape);
    rows.push(withServingOps(task.config, () => device.trace(() => pass(() => input))));
  }
  return { lm: text, task: [...text, ...rows] };
}

function predict(device: DryDevice, options: PredictionOptions): RunPrediction {
  const { recipe, classifier } = options;
  const student = emptyModel(options.student, classifier);
  const packed = recipe.teacher.precision === 'f16';
  const teacher = options.teacher && emptyModel(options.teacher, classifier, { packed });
  try {
    const evaluation = evaluationCosts(device, recipe, student);
    const fixed = {
      ...noParts(),
      teacher: teacher ? bytesOf(teacher.task) : 0,
      student: bytesOf(student.task),
      goodWeights: bytesOf(student.task),
    };
    const models = {
      lm: { student: student.lm, teacher: teacher && teacher.lm },
      task: { student: student.task, teacher: teacher && teacher.task },
    };
    const setting = { ...options, device, models, fixed, evaluation };
    const stages = recipe.stages.map((stage, index) => costOfStage(setting, stage, index));
    const parts = { ...fixed };
    // The task's list holds the text's too.
    const passes = evaluation.task;
    addPlans(parts, passes);
    const most = (read: (cost: StepCost) => number) => Math.max(0, ...passes.map(read));
    const measuring = {
      dispatches: most(({ dispatches }) => dispatches),
      flops: most(({ flops }) => flops),
      parts,
      bytes: sumOf(parts),
      largestBytes: largest(passes),
    };
    const widest = stages.reduce<Omit<StageCost, 'method'>>(
      (one, stage) => (stage.bytes > one.bytes ? stage : one),
      measuring,
    );
    return {
      stages,
      evaluation: measuring,
      parts: widest.parts,
      bytes: widest.bytes,
      largestBytes: stages.reduce(
        (size, stage) => Math.max(size, stage.largestBytes),
        measuring.largestBytes,
      ),
    };
  } finally {
    disposeParams(student.task.params);
    if (teacher) disposeParams(teacher.task.params);
  }
}

/**
 * What a recipe's run will need on the open WebGPU device. Throws PlanError for a step that cannot be replayed, and
 * what the steps themselves throw (ShapeError for a context that the model cannot read).
 */
export function predictRun(options: PredictionOptions): RunPrediction {
  // The anchor of the tape outlives every step, so it must not be born in a dry run.
  tapeAnchor();
  return dryRun((device) => predict(device, options));
}
