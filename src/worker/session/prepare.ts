/** What a run is made of: its models, and what they learn from. */
import { RecipeError } from '../../errors';
import { disposeParams } from '../../model/params';
import { rowLength } from '../../recipe/data';
import { dataOf } from '../../recipe/pipeline';
import type { Recipe } from '../../recipe/recipe';
import { datasOf, readCurriculum, type Curriculum } from './curriculum';
import { allLayers, type KnownModel } from './models';
import { createPupil, refuseForText, sameClasses, type Pupil } from './pupil';
import type { RowRegistry } from './rows';
import type { Task } from './task';
import {
  freshModel,
  keptLayers,
  learnsFrom,
  makeModels,
  makeStudent,
  taughtKind,
  type Teachers,
} from './teacher';
import type { TextRegistry } from './texts';
import { requireTokenizer, type Vocabulary } from './vocabulary';

export interface PrepareServices {
  texts: TextRegistry;
  rows: RowRegistry;
  /** The model of a recipe's `teacher.model`, loaded if it is not. */
  openModel(ref: string, task: Task): Promise<KnownModel>;
}

/** What a run is made of, once everything is loaded. */
export interface Prepared {
  recipe: Recipe;
  layers: number[];
  vocabulary: Vocabulary;
  /** The teacher's config.json. */
  huggingFaceConfig: unknown;
  student: Pupil;
  /** Who teaches the stages of each kind, frozen. */
  teachers: Teachers;
  /** The teacher that `teacher.stages` train before it teaches; trainable and the run's own to dispose. */
  ownTeacher: Pupil | null;
  curriculum: Curriculum;
}

const hasText = (recipe: Recipe): boolean =>
  recipe.stages.length > 0
    ? recipe.stages.some((stage) => dataOf(recipe, stage).kind === 'lm')
    : recipe.data.kind === 'lm';

function checkTeacher(
  { config, card }: KnownModel,
  recipe: Recipe,
  { heads: [first, ...others] }: Curriculum,
) {
  if (config.classifier && hasText(recipe)) refuseForText(card.name);
  if (!first || !learnsFrom(recipe, 'task') || taughtKind(recipe) === 'task') return;
  if (others.length > 0) {
    throw new RecipeError(
      'a run with several tasks distils one of them, and a teacher has one head',
      'Use methods without a teacher for its tasks, or give each task a run of its own, which starts from the folder of the student.',
    );
  }
  const { classifier } = first;
  if (!config.classifier) {
    throw new RecipeError(
      `a stage needs a teacher of the task, and ${card.name} is a language model`,
      'Have teacher.stages fine-tune it first, or load a classifier of this task.',
    );
  }
  if (sameClasses(config.classifier, classifier.labels)) return;
  throw new RecipeError(
    `${card.name} tells apart ${config.classifier.labels.join(', ')}, the task ${classifier.labels.join(', ')}`,
    'Load a classifier of this task.',
  );
}

function checkLengths(recipe: Recipe, nPositions: number): void {
  for (const { path, data } of datasOf(recipe)) {
    const length = rowLength(data);
    if (length <= nPositions) continue;
    const field = data.kind === 'task' ? 'maxLength' : 'contextLength';
    throw new RecipeError(
      `${path}.${field} is ${length}, and the model reads at most ${nPositions} tokens`,
      `Choose a length of up to ${nPositions}.`,
    );
  }
}

/** A student that no stage has as a language model is a classifier from the start. */
function fitHead(student: Pupil, recipe: Recipe, { heads: [first] }: Curriculum): void {
  if (first && !hasText(recipe)) student.classifier(first);
}

async function prepareFresh(recipe: Recipe, services: PrepareServices, task: Task): Promise<Prepared> {
  const { model } = recipe.teacher;
  const student = createPupil(freshModel(recipe), recipe.seed);
  try {
    const { config } = student.model;
    checkLengths(recipe, config.nPositions);
    const vocabulary = await services.texts.vocabularyFor(model as Exclude<typeof model, string>, task);
    const tokenizer = requireTokenizer('the new model', vocabulary);
    const curriculum = await readCurriculum(recipe, tokenizer, undefined, services, task);
    fitHead(student, recipe, curriculum);
    const layers = allLayers(config);
    return {
      ...{ recipe, layers, vocabulary, huggingFaceConfig: {}, student, curriculum },
      ...{ teachers: { lm: null, task: null }, ownTeacher: null },
    };
  } catch (error) {
    disposeParams(student.model.params);
    throw error;
  }
}

/** Loads and checks everything. Throws RecipeError where model, data and stages do not go together. */
export async function prepare(recipe: Recipe, services: PrepareServices, task: Task): Promise<Prepared> {
  const { model } = recipe.teacher;
  if (typeof model !== 'string') return prepareFresh(recipe, services, task);
  const source = await services.openModel(model, task);
  const { vocabulary, huggingFaceConfig, config } = source;
  checkLengths(recipe, config.nPositions);
  const layers = keptLayers(recipe, config.nLayer);
  const tokenizer = requireTokenizer(source.card.name, vocabulary);
  const pad = config.classifier?.padTokenId;
  const curriculum = await readCurriculum(recipe, tokenizer, pad, services, task);
  checkTeacher(source, recipe, curriculum);
  const made = await makeModels(source, layers, recipe, task);
  const student = createPupil(made.student, recipe.seed);
  try {
    fitHead(student, recipe, curriculum);
    const own = taughtKind(recipe) ? await makeStudent(source, allLayers(config), task) : null;
    const ownTeacher = own && createPupil(own, recipe.seed);
    const { teachers } = made;
    return { recipe, layers, vocabulary, huggingFaceConfig, student, teachers, ownTeacher, curriculum };
  } catch (error) {
    disposeParams(student.model.params);
    throw error;
  }
}
