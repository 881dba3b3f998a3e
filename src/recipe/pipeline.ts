/**
 * A recipe whose stages learn from data of their own: what each learns from, what is measured, and which orders make
 * no sense. Validation sets are told apart by a label that every figure carries, so that no curve mixes two.
 */
import { RecipeError } from '../errors';
import { partOf, sameText, type RecipeData, type Source, type TaskData } from './data';
import type { Recipe, Stage } from './recipe';

type Pipeline = Pick<Recipe, 'data' | 'stages' | 'teacher'>;

/** What a stage learns from: its own data, or else the recipe's. */
export const dataOf = ({ data }: Pick<Recipe, 'data'>, stage: Pick<Stage, 'data'>): RecipeData =>
  stage.data ?? data;

export interface ValidationSet {
  /** Unique in its recipe: `demo`, `file:wiki.txt`, `glue/rte`. */
  label: string;
  /** The first data of the recipe that has this validation set. */
  data: RecipeData;
}

/** What tells one validation set from another. A text for both is split, so that its held-out part is meant. */
function keyOf(data: RecipeData): string {
  const [train, validation] = [partOf(data.train), partOf(data.validation)];
  const held = sameText(train, validation);
  if (data.kind === 'lm') return JSON.stringify(['lm', validation, held]);
  return JSON.stringify(['task', data.task, data.labels, validation, data.validationMismatched, held]);
}

/**
 * What a run is measured on, to be compared with that of other runs: the set, and what cleaning leaves of it where a
 * part of the training text is held out. The demo text has a validation text of its own, whatever one trains on.
 */
export function measuredOn(data: RecipeData): string {
  if (data.kind === 'task') return keyOf(data);
  const { source } = partOf(data.validation);
  if (source === 'demo') return JSON.stringify(['lm', partOf(data.validation)]);
  const held = partOf(data.train).source === source;
  return JSON.stringify([keyOf(data), held ? (data.cleaning ?? null) : null]);
}

export function nameOf(validation: Source): string {
  const { source, column, fraction } = partOf(validation);
  const share = fraction < 1 ? ` (${Number((100 * fraction).toPrecision(3))} %)` : '';
  return `${source}${column === undefined ? '' : `:${column}`}${share}`;
}

/** All validation sets of a recipe: that of its data first, then those of stages, each once. */
export function validationSets(recipe: Pick<Recipe, 'data' | 'stages'>): ValidationSet[] {
  const sets = new Map<string, ValidationSet>();
  const labels = new Set<string>();
  for (const data of [recipe.data, ...recipe.stages.map((stage) => dataOf(recipe, stage))]) {
    if (sets.has(keyOf(data))) continue;
    const name = data.kind === 'task' ? data.task : nameOf(data.validation);
    let label = name;
    for (let n = 2; labels.has(label); n++) label = `${name} ${n}`;
    labels.add(label);
    sets.set(keyOf(data), { label, data });
  }
  return [...sets.values()];
}

/** The label of the validation set that belongs to `data`. */
export function labelOf(recipe: Pick<Recipe, 'data' | 'stages'>, data: RecipeData): string {
  return validationSets(recipe).find((set) => keyOf(set.data) === keyOf(data))!.label;
}

/** Equal for data of one task, which share a head. */
export const taskKey = ({ task, labels }: Pick<TaskData, 'task' | 'labels'>): string =>
  JSON.stringify([task, labels]);

/** Texts come first, then tasks, each in one piece. `path`: `stages`. Returns the tasks by their keys. */
function checkOrder(path: string, stages: readonly RecipeData[]): Map<string, TaskData> {
  const tasks = new Map<string, TaskData>();
  let last: { data: TaskData; index: number } | undefined;
  for (const [index, data] of stages.entries()) {
    if (data.kind === 'task') {
      const key = taskKey(data);
      if (last && taskKey(last.data) !== key && tasks.has(key)) {
        throw new RecipeError(
          `${path}.${index} learns ${data.task} again after ${last.data.task}, and every task begins anew`,
          'Put the stages of a task next to each other.',
        );
      }
      tasks.set(key, data);
      last = { data, index };
    } else if (last) {
      throw new RecipeError(
        `${path}.${index} learns from text after ${path}.${last.index} has made a classifier for ${last.data.task}`,
        'Put the stages that learn from text before those of tasks.',
      );
    }
  }
  return tasks;
}

/** Throws RecipeError where the stages' data do not go together. */
export function checkPipeline(recipe: Pipeline): void {
  const stages = recipe.stages.map((stage) => dataOf(recipe, stage));
  const taught = (recipe.teacher.stages ?? []).map((stage) => dataOf(recipe, stage));
  const tasks = checkOrder('stages', stages);
  const taughtTasks = [...checkOrder('teacher.stages', taught).values()];
  const { data } = recipe;
  if (data.kind === 'task' && stages.length > 0 && !tasks.has(taskKey(data))) {
    throw new RecipeError(
      `data is the task ${data.task}, and no stage learns it`,
      'Name as data what the run is measured on, or give a stage this task.',
    );
  }
  const [teaches] = taughtTasks;
  if (teaches && (tasks.size > 1 || taughtTasks.length > 1)) {
    throw new RecipeError(
      `teacher.stages learn ${teaches.task}, and a teacher has one head for the tasks of a run`,
      'Give each task that is distilled a run of its own, which starts from the folder of the student.',
    );
  }
  if (teaches && !tasks.has(taskKey(teaches))) {
    throw new RecipeError(
      `teacher.stages learn ${teaches.task}, and no stage of the student does`,
      'Give a stage this task as its data, or leave teacher.stages out.',
    );
  }
}
