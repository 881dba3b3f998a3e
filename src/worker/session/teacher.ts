/** From a recipe's words to models: who teaches, which layers are kept, and the student on the device. */
import { copyParameter } from '../../engine/upload';
import { CancelledError, RecipeError, SelectionError } from '../../errors';
import { METHODS } from '../../methods/index';
import { needsTeacher } from '../../methods/method';
import { parseConfig } from '../../model/config';
import type { Model } from '../../model/gpt2';
import { disposeParams, initialiseParams, loadParams, type GPT2Params } from '../../model/params';
import { checkLayers, selectLayers } from '../../model/selection';
import type { RecipeData } from '../../recipe/data';
import { dataOf } from '../../recipe/pipeline';
import type { Recipe } from '../../recipe/recipe';
import type { Assignment } from './assignment';
import type { Curriculum, MeasuredSet } from './curriculum';
import { allLayers, type KnownModel } from './models';
import type { Task } from './task';

/** The teacher blocks that the student is made of, in order. Throws SelectionError. */
export function keptLayers(
  { selection, seed }: Pick<Recipe, 'selection' | 'seed'>,
  nLayer: number,
): number[] {
  if (selection === null) return Array.from({ length: nLayer }, (_, i) => i);
  if ('layers' in selection) return checkLayers(selection.layers, nLayer);
  return selectLayers(selection.strategy, nLayer, selection.keep, seed).layers;
}

/** The blocks to fetch for a selection, all of them where it does not fit this model. */
export function wantedLayers(purpose: Pick<Recipe, 'selection' | 'seed'>, nLayer: number): number[] {
  try {
    return keptLayers(purpose, nLayer);
  } catch (error) {
    if (error instanceof SelectionError) return keptLayers({ selection: null, seed: 0 }, nLayer);
    throw error;
  }
}

type Kind = RecipeData['kind'];

/** Who teaches the stages of each kind of data; null where none of them learns from anybody. */
export type Teachers = Record<Kind, Model | null>;

/** True when a stage of the recipe, or one of this kind, learns from a teacher. */
export function learnsFrom(recipe: Recipe, kind?: Kind): boolean {
  return recipe.stages.some(
    (stage) =>
      (kind === undefined || dataOf(recipe, stage).kind === kind) &&
      METHODS.some((known) => known.id === stage.method && needsTeacher(known)),
  );
}

/** Of which kind's stages the teacher is that `teacher.stages` train; undefined where they train none. */
export function taughtKind(recipe: Recipe): Kind | undefined {
  const last = recipe.teacher.stages?.at(-1);
  return last && dataOf(recipe, last).kind;
}

/** True when a stage learns from the teacher as it was loaded. */
export const wantsTeacher = (recipe: Recipe): boolean =>
  (['lm', 'task'] as const).some((kind) => kind !== taughtKind(recipe) && learnsFrom(recipe, kind));

/** A freshly initialised model, for a recipe that describes one instead of naming it. */
export function freshModel(recipe: Recipe): Model {
  const { model } = recipe.teacher;
  if (typeof model === 'string')
    throw new RecipeError(`teacher.model names ${model} and describes no new model`);
  if (recipe.selection !== null) {
    throw new SelectionError(
      'selection picks layers of a model that is not trained yet',
      'With teacher.model as {"config"}, selection must be null.',
    );
  }
  if (learnsFrom(recipe)) {
    throw new RecipeError(
      'a stage needs a teacher, and teacher.model describes a new model',
      'Use fine-tune, or name a trained model.',
    );
  }
  const config = parseConfig({ model_type: 'gpt2', ...model.config });
  return { config, params: initialiseParams(config, recipe.seed) };
}

/**
 * The student at the start of a run: the kept blocks of `source` with its embeddings and last layer norm, trainable.
 * What is on the device is copied there; of the rest only these tensors' bytes are read.
 */
export async function makeStudent(source: KnownModel, layers: readonly number[], task: Task): Promise<Model> {
  const { checkpoint, config, resident } = source;
  const student = { ...config, nLayer: layers.length };
  if (checkpoint === null) {
    const { params } = await source.view(layers, task);
    const copies = Object.entries(params).map(([name, weight]) => [name, copyParameter(name, weight)]);
    return { config: student, params: Object.fromEntries(copies) as GPT2Params };
  }
  const onProgress = (done: number, total: number) => {
    task.check();
    task.progress('reading the student', done * 4, total * 4, 'bytes');
  };
  return { config: student, params: await loadParams(checkpoint, config, layers, { onProgress, resident }) };
}

/** The whole teacher as it was loaded, frozen, when a stage learns from it. */
async function makeTeacher(source: KnownModel, recipe: Recipe, task: Task): Promise<Model | null> {
  if (!wantsTeacher(recipe)) return null;
  return source.view(allLayers(source.config), task, recipe.teacher.precision);
}

/** The student and the loaded teacher, for the stages that it is fit to teach. */
export async function makeModels(
  source: KnownModel,
  layers: readonly number[],
  recipe: Recipe,
  task: Task,
): Promise<{ student: Model; teachers: Teachers }> {
  const exact = recipe.teacher.precision === 'f32';
  // A teacher in float32 comes first, so that the student's weights are copies of its own.
  const first = exact ? await makeTeacher(source, recipe, task) : null;
  const student = await makeStudent(source, layers, task);
  const kind = source.config.classifier ? 'task' : 'lm';
  const nobody = { lm: null, task: null };
  if (exact) return { student, teachers: { ...nobody, [kind]: first } };
  try {
    return { student, teachers: { ...nobody, [kind]: await makeTeacher(source, recipe, task) } };
  } catch (error) {
    disposeParams(student.params);
    throw error;
  }
}

/** A run whose teachers can be measured. */
interface Measurable {
  recipe: Recipe;
  teachers: Teachers;
  curriculum: Curriculum;
}

type Found = Awaited<ReturnType<Assignment['measure']>>;

/**
 * What teachers give on the validation texts and rows of runs, by the sets' labels, measured once each. A cancelled one
 * is left out; one that the run itself has trained is measured anew.
 */
export function teacherMeasurements() {
  const known = new WeakMap<object, Map<string, Found>>();
  async function measure(
    { recipe, teachers }: Measurable,
    { kind, assignment }: MeasuredSet,
    signal: AbortSignal,
  ): Promise<Found | undefined> {
    const teacher = teachers[kind];
    if (!teacher) return undefined;
    const ofText = known.get(assignment.measuredOn) ?? new Map<string, Found>();
    known.set(assignment.measuredOn, ofText);
    const { window, stride, text, unit, maxTokens } = recipe.evaluation;
    const key = JSON.stringify([recipe.teacher, window, stride, text, unit, maxTokens]);
    const before = taughtKind(recipe) === kind ? undefined : ofText.get(key);
    if (before) return before;
    try {
      const found = await assignment.measure(teacher, { signal });
      ofText.set(key, found);
      return found;
    } catch (error) {
      if (error instanceof CancelledError) return undefined;
      throw error;
    }
  }
  return async (run: Measurable, signal: AbortSignal): Promise<Map<string, Found>> => {
    const all = new Map<string, Found>();
    for (const set of run.curriculum.sets) {
      const found = await measure(run, set, signal);
      if (found) all.set(set.label, found);
    }
    return all;
  };
}
