/** From what somebody chose on the page to a recipe with a task, and what a task asks of the rest of it. Pure. */
import {
  rowLength,
  type RecipeData,
  type Source,
  type TaskData,
  type TaskId,
  type TextData,
} from '../../recipe/data';
import { dataOf } from '../../recipe/pipeline';
import { recipeSchema, type Recipe, type Stage } from '../../recipe/recipe';
import type { MethodCard, ModelCard, TaskInfo } from '../../worker/protocol';

/** Windows of text are short on purpose; inputs of a task are cut at what nearly all of them need. */
const USUAL_LENGTH = 64;

/** Where the rows of a task are. */
export interface RowRefs {
  train: Source;
  validation: Source;
  validationMismatched?: Source | undefined;
}

/** The data of a named task. `demo` for the bundled ones. */
export function namedTask(task: Exclude<TaskId, 'custom'>, refs: RowRefs, maxLength: number): TaskData {
  const { train, validation, validationMismatched: second } = refs;
  return {
    ...{ kind: 'task', task, train, validation, maxLength },
    ...(second !== undefined && { validationMismatched: second }),
  };
}

/** The task's length in tokens where it has one, else the usual one, as far as the model reads. */
export function taskLength(data: RecipeData, nPositions: number): number {
  return Math.min(data.kind === 'task' ? data.maxLength : USUAL_LENGTH, nPositions);
}

/** Names of the task's classes. */
export function classesOf(data: TaskData, tasks: readonly TaskInfo[]): readonly string[] {
  if (data.task !== 'custom') return tasks.find(({ id }) => id === data.task)?.classes ?? [];
  return (data.labels ?? []).map((label) => (typeof label === 'string' ? label : label.name));
}

type Teacher = Pick<ModelCard, 'config'>;

/** Whether a loaded model already tells apart these classes; names that transformers made up count as any. */
export function knowsTask({ config: { classifier } }: Teacher, classes: readonly string[]): boolean {
  const own = classifier?.labels;
  return (
    own?.length === classes.length &&
    own.every((label, k) => label === `LABEL_${k}` || label.toLowerCase() === classes[k]!.toLowerCase())
  );
}

/**
 * How a language model learns the task before it teaches: some passes over the rows, at fine-tuning's usual rate. `data`
 * where the task is not the run's own data.
 */
export function teacherStage(data?: TaskData): Stage {
  const stage = { method: 'fine-tune', epochs: 3, batchSize: 16, ...(data && { data }) };
  const { stages } = recipeSchema.shape.teacher.parse({ model: 'demo', stages: [stage] });
  return stages![0]!;
}

type Methods = readonly Pick<MethodCard, 'id' | 'needsTeacher'>[];

/** The task that a stage learns from a teacher; null where none does. */
export function taughtTask(recipe: Pick<Recipe, 'data' | 'stages'>, methods: Methods): TaskData | null {
  for (const stage of recipe.stages) {
    const data = dataOf(recipe, stage);
    if (data.kind === 'task' && methods.some(({ id, needsTeacher }) => id === stage.method && needsTeacher))
      return data;
  }
  return null;
}

/** Whether a stage of the teacher learns a task. */
const learnsTask =
  (recipe: Pick<Recipe, 'data'>) =>
  (stage: Pick<Stage, 'data'>): boolean =>
    dataOf(recipe, stage).kind === 'task';

/**
 * A teacher of a task has to know it: a language model is fine-tuned on the rows first, a classifier of these classes is taken
 * as it is, and without a method that needs a teacher nothing is trained.
 */
export function settleTeacher(
  recipe: Recipe,
  teacher: Teacher | null,
  methods: Methods,
  tasks: readonly TaskInfo[],
): Recipe {
  if (!teacher || methods.length === 0) return recipe;
  const { stages, ...rest } = recipe.teacher;
  const taught = taughtTask(recipe, methods);
  const learns = stages?.some(learnsTask(recipe)) === true;
  if (!taught) return learns ? { ...recipe, teacher: rest } : recipe;
  if (learns || knowsTask(teacher, classesOf(taught, tasks))) return recipe;
  const own = recipe.data.kind === 'task' ? undefined : taught;
  return { ...recipe, teacher: { ...rest, stages: [...(stages ?? []), teacherStage(own)] } };
}

/** The recipe with a task in the place of its data. */
export const withTask = (recipe: Recipe, data: TaskData): Recipe => ({ ...recipe, data });

/** What both parts of the data say, or each. */
export type TextName = string | Pick<TextData, 'train' | 'validation'>;

/** The recipe with a text in the place of its data; what a task has asked of the teacher goes with the task. */
export function withText(recipe: Recipe, text: TextName): Recipe {
  const { data, teacher } = recipe;
  const { train, validation } = typeof text === 'string' ? { train: text, validation: text } : text;
  if (data.kind === 'lm') {
    const same = (a: Source, b: Source) => JSON.stringify(a) === JSON.stringify(b);
    if (same(data.train, train) && same(data.validation, validation)) return recipe;
    return { ...recipe, data: { ...data, train, validation } };
  }
  const { stages: _, ...rest } = teacher;
  const contextLength = Math.min(recipe.evaluation.window, Math.max(rowLength(data), 2));
  return { ...recipe, teacher: rest, data: { kind: 'lm', train, validation, contextLength } };
}
