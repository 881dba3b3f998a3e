/**
 * What a recipe's run will need on this device, before anything of it is loaded, and set-ups near it that fit. Only
 * the teacher's config is read. Costs are traced between other work, one set-up at a time, and not while a run trains.
 */
import { usesKernels } from '../../engine/mode';
import { DecantError, PlanError, TrainingError } from '../../errors';
import { METHODS } from '../../methods/index';
import { taskOf } from '../../data/tasks';
import { parameterCount, parseConfig, type ClassifierConfig, type GPT2Config } from '../../model/config';
import type { TaskData } from '../../recipe/data';
import { dataOf } from '../../recipe/pipeline';
import { parseRecipe, type Recipe } from '../../recipe/recipe';
import { findFits, fits, type Need } from '../../train/fit';
import { noParts, sumOf } from '../../train/memoryParts';
import { predictRun, type RunPrediction } from '../../train/predict';
import type { CommandBody, DeviceInfo, Estimate } from '../protocol';
import type { KnownModel, ModelRegistry } from './models';
import { errorReport, type Task } from './task';
import { keptLayers, wantsTeacher } from './teacher';

export interface EstimateServices {
  models: ModelRegistry;
  /** The model of a recipe's `teacher.model`, loaded if it is not. */
  openModel(ref: string, task: Task): Promise<KnownModel>;
  device(): DeviceInfo;
  /** Of the machine, as far as it says. */
  memoryBytes: number | undefined;
  /** Why there is no time for it now; undefined when there is. */
  busy(): string | undefined;
}

const F32 = 4;
// What a machine is taken to have that does not say.
const USUAL_MEMORY = 8e9;
// The rest is for the system, the page and other programs.
const SHARE = 0.5;

/** Lets other commands, a cancellation among them, have their turn. */
const breathe = () => new Promise<void>((resolve) => void setTimeout(resolve, 0));

/** A recipe's teacher as far as costs go. */
interface Source {
  config: GPT2Config;
  /** Null for a new model. */
  known: KnownModel | null;
}

/** Bytes of other models' weights that are on the device and stay there during a run. */
function heldBytes(models: ModelRegistry, { known }: Source, recipe: Recipe): number {
  let bytes = 0;
  for (const model of models.all()) {
    if (model === known && wantsTeacher(recipe)) continue;
    if (model.checkpoint === null) bytes += model.card.bytes;
    else {
      for (const name of model.checkpoint.tensors.keys()) bytes += (model.resident(name)?.size ?? 0) * F32;
    }
  }
  return bytes;
}

/** Weights, moments and gradients by counting; what a step needs besides is not known without a trace. */
function countWeights(student: GPT2Config, teacher: GPT2Config | null): RunPrediction {
  const bytes = parameterCount(student) * F32;
  const parts = {
    ...noParts(),
    teacher: teacher ? parameterCount(teacher) * F32 : 0,
    student: bytes,
    goodWeights: bytes,
    moments: 2 * bytes,
    gradients: bytes,
  };
  const largestBytes = student.vocabSize * student.nEmbd * F32;
  const total = sumOf(parts);
  const evaluation = { dispatches: 0, flops: 0, parts, bytes: total, largestBytes };
  return { stages: [], evaluation, parts, bytes: total, largestBytes };
}

/** The head of the recipe's task. Only its size counts, and which token is padding does not matter. */
function classifierOf(recipe: Recipe): { classifier?: ClassifierConfig } {
  const datas = [recipe.data, ...recipe.stages.map((stage) => dataOf(recipe, stage))];
  const task = datas.find((data): data is TaskData => data.kind === 'task');
  return task ? { classifier: { labels: [...taskOf(task).classes], padTokenId: 0 } } : {};
}

function needOf({ bytes, stages, largestBytes }: RunPrediction, held: number): Need {
  return {
    bytes: bytes + held,
    stageBytes: stages.map((stage) => stage.bytes + held),
    largestBytes,
    flops: stages.reduce((sum, { flops }) => sum + flops, 0),
  };
}

export function createEstimates(services: EstimateServices) {
  const { models, device, busy, memoryBytes } = services;

  async function sourceOf({ teacher: { model } }: Recipe, task: Task): Promise<Source> {
    if (typeof model !== 'string')
      return { config: parseConfig({ model_type: 'gpt2', ...model.config }), known: null };
    const known = await services.openModel(model, task);
    return { config: known.config, known };
  }

  /** Traced where it can be; counted on wasm and cpu, and for steps that cannot be replayed. */
  function predict(
    recipe: Recipe,
    source: Source,
  ): { basis: Estimate['basis']; reason?: string; prediction: RunPrediction } {
    const layers = keptLayers(recipe, source.config.nLayer);
    const student = { ...source.config, nLayer: layers.length };
    const teacher = wantsTeacher(recipe) ? source.config : null;
    const counted = (reason: string) =>
      ({ basis: 'weights', reason, prediction: countWeights(student, teacher) }) as const;
    if (device().backend !== 'webgpu')
      return counted('On the processor the memory of activations is not known in advance.');
    if (!usesKernels()) return counted('The kernels do not run here, so activations are not counted.');
    try {
      const options = { recipe, methods: METHODS, student, teacher, ...classifierOf(recipe) };
      return { basis: 'trace', prediction: predictRun(options) };
    } catch (error) {
      if (!(error instanceof PlanError)) throw error;
      return counted(`Activations are not counted: ${error.message}.`);
    }
  }

  return async (
    { recipe: input, budget }: CommandBody & { type: 'estimate' },
    task: Task,
  ): Promise<Estimate> => {
    const recipe = parseRecipe(input, METHODS);
    const info = device();
    const source = await sourceOf(recipe, task);
    const held = heldBytes(models, source, recipe);
    const assumed = Math.floor((memoryBytes ?? USUAL_MEMORY) * SHARE);
    const limits = { bytes: budget ?? assumed, largestBytes: info.limits.maxBufferSize };
    let problem: unknown;
    const ask = async (candidate: Recipe): Promise<ReturnType<typeof predict> | null> => {
      await breathe();
      task.check();
      const reason = busy();
      if (reason) throw new TrainingError(reason, 'Pause or stop the run, or wait until it has ended.');
      try {
        return predict(candidate, source);
      } catch (error) {
        // A context that the model cannot read, a tensor that the device cannot bind.
        if (!(error instanceof DecantError)) throw error;
        problem ??= error;
        return null;
      }
    };
    const now = await ask(recipe);
    const failure = problem;
    const first = now && needOf(now.prediction, held);
    const search = now?.basis !== 'weights' && !(first && fits(first, limits));
    const found = search
      ? await findFits(
          recipe,
          async (candidate) => {
            const result = candidate === recipe ? now : await ask(candidate);
            return result && needOf(result.prediction, held);
          },
          limits,
        )
      : [];
    const { prediction, basis, reason } = now ?? {
      basis: 'weights' as const,
      reason: undefined,
      prediction: countWeights(
        { ...source.config, nLayer: keptLayers(recipe, source.config.nLayer).length },
        wantsTeacher(recipe) ? source.config : null,
      ),
    };
    const { stages, parts, bytes, largestBytes } = prediction;
    return {
      basis,
      ...(reason === undefined ? {} : { reason }),
      parts: { ...parts, held },
      bytes: bytes + held,
      largestBytes,
      stages: stages.map(({ method, dispatches, flops, parts: own, bytes: total, largestBytes: widest }) => ({
        method,
        dispatches,
        flops,
        parts: { ...own, held },
        bytes: total + held,
        largestBytes: widest,
      })),
      limits: info.limits,
      budget: { bytes: limits.bytes, assumed: budget === undefined },
      fits: now !== null && fits(needOf(prediction, held), limits),
      ...(now === null ? { problem: errorReport(failure) } : {}),
      nearest: found.map(({ ways, recipe: changed, need, work }) => ({
        ways,
        recipe: changed,
        bytes: need.bytes,
        work,
      })),
    };
  };
}
