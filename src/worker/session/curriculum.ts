/** All that a run's stages learn from and are measured on: one assignment for each of the recipe's data. */
import type { Tokenizer } from '../../data/tokenizer';
import { DecantError } from '../../errors';
import type { Model } from '../../model/gpt2';
import type { RecipeData } from '../../recipe/data';
import { dataOf, labelOf, taskKey, validationSets } from '../../recipe/pipeline';
import type { Recipe, Stage } from '../../recipe/recipe';
import type { EvaluationMoment, Lesson } from '../../train/trainer';
import { languageAssignment, taskAssignment, type Assignment } from './assignment';
import type { Pupil, TaskHead } from './pupil';
import type { RowRegistry } from './rows';
import type { Task } from './task';
import type { TextRegistry } from './texts';

/** What one validation set gives. */
export interface MeasuredSet {
  label: string;
  kind: RecipeData['kind'];
  assignment: Assignment;
}

export interface Curriculum {
  /** What a stage of the student, or of its teacher, learns. */
  of(stage: Pick<Stage, 'data'>): Assignment;
  /** Every validation set once, the recipe's own first. */
  sets: readonly MeasuredSet[];
  /** Of the tasks that stages or the recipe have, in their order. */
  heads: readonly TaskHead[];
}

interface CurriculumServices {
  texts: TextRegistry;
  rows: RowRegistry;
}

/** Every data of a recipe with its path there. */
export const datasOf = (recipe: Recipe) => [
  { path: 'data', data: recipe.data },
  ...(['stages', 'teacher.stages'] as const).flatMap((path) =>
    ((path === 'stages' ? recipe.stages : recipe.teacher.stages) ?? []).flatMap(({ data }, i) =>
      data ? [{ path: `${path}.${i}.data`, data }] : [],
    ),
  ),
];

/** Reads and encodes the data of a recipe, each once. Problems with those of a stage name it by its path. */
export async function readCurriculum(
  recipe: Recipe,
  tokenizer: Tokenizer,
  padTokenId: number | undefined,
  { texts, rows }: CurriculumServices,
  task: Task,
): Promise<Curriculum> {
  const assignments = new Map<string, Assignment>();
  const read = async (data: RecipeData): Promise<Assignment> =>
    data.kind === 'lm'
      ? languageAssignment(recipe, data, await texts.tokenise(data, recipe.seed, tokenizer, task))
      : taskAssignment(
          recipe,
          data,
          await rows.encode(data, recipe, tokenizer, task),
          padTokenId ?? tokenizer.endOfText,
        );
  for (const { path, data } of datasOf(recipe)) {
    const key = JSON.stringify(data);
    if (assignments.has(key)) continue;
    try {
      assignments.set(key, await read(data));
    } catch (error) {
      // Of several data one must know which it was.
      if (error instanceof DecantError && path !== 'data') error.message = `${path}: ${error.message}`;
      throw error;
    }
  }
  const assignmentOf = (data: RecipeData) => assignments.get(JSON.stringify(data))!;
  const heads = new Map([...assignments.values()].flatMap(({ head }) => (head ? [[head.key, head]] : [])));
  return {
    of: (stage) => assignmentOf(dataOf(recipe, stage)),
    sets: validationSets(recipe).map(({ label, data }) => ({
      label,
      kind: data.kind,
      assignment: assignmentOf(data),
    })),
    heads: [...heads.values()],
  };
}

/**
 * What a stage works with. A pupil gets a task's head when its first stage of the task begins; of several tasks each
 * begins from the weights before the first.
 */
export async function lessonOf(
  curriculum: Curriculum,
  pupil: Pupil,
  teacher: Model | null,
  stage: Stage,
  index: number,
): Promise<Lesson> {
  const { task, head, batches } = curriculum.of(stage);
  const several = curriculum.heads.length > 1;
  const student = head ? await (several ? pupil.branch(head) : pupil.classifier(head)) : pupil.model;
  return { task, student, teacher, batches: batches(stage, index) };
}

/**
 * What is measured at a moment. Within a stage its own validation set; at a stage's end, and before the first stage,
 * all sets that the student can answer: texts while it is a language model, a task's while it has its head.
 */
export function measuredAt(
  { sets }: Curriculum,
  recipe: Pick<Recipe, 'data' | 'stages'>,
  { stage, at }: Pick<EvaluationMoment, 'stage' | 'at'>,
): readonly MeasuredSet[] {
  const own = recipe.stages[stage] ? dataOf(recipe, recipe.stages[stage]) : recipe.data;
  if (at === 'within') return sets.filter(({ label }) => label === labelOf(recipe, own));
  const key = own.kind === 'task' ? taskKey(own) : undefined;
  return sets.filter(({ assignment }) => assignment.head?.key === key);
}
