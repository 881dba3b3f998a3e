/** What a run is made of: its models, and what they learn from. */
import { RecipeError } from '../../errors';
import type { ClassifierConfig } from '../../model/config';
import type { Model } from '../../model/gpt2';
import { SCORE, withHead } from '../../model/heads';
import { disposeParams } from '../../model/params';
import { disposeParameter } from '../../engine/parameter';
import type { Recipe } from '../../recipe/recipe';
import { languageAssignment, taskAssignment, type Assignment } from './assignment';
import { allLayers, type KnownModel } from './models';
import type { RowRegistry } from './rows';
import type { Task } from './task';
import { freshModel, keptLayers, makeModels, makeStudent, wantsTeacher } from './teacher';
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
  student: Model;
  /** Frozen; or, where `teacher.stages` train it first, trainable and the run's own to dispose. */
  teacher: Model | null;
  ownsTeacher: boolean;
  assignment: Assignment;
}

async function assign(
  recipe: Recipe,
  name: string,
  vocabulary: Vocabulary,
  padTokenId: number | undefined,
  { texts, rows }: PrepareServices,
  task: Task,
): Promise<Assignment> {
  const { data } = recipe;
  const tokenizer = requireTokenizer(name, vocabulary);
  if (data.kind === 'lm') {
    const text = await texts.tokenise(data, recipe.seed, tokenizer, task);
    return languageAssignment(recipe, data, text);
  }
  const encoded = await rows.encode(data, recipe, tokenizer, task);
  return taskAssignment(recipe, data, encoded, padTokenId ?? tokenizer.endOfText);
}

/** Whether a classifier's classes are the task's; names that transformers made up count as any. */
export function sameClasses({ labels }: ClassifierConfig, wanted: readonly string[]): boolean {
  if (labels.length !== wanted.length) return false;
  return labels.every(
    (label, k) => label === `LABEL_${k}` || label.toLowerCase() === wanted[k]!.toLowerCase(),
  );
}

const refuseForText = (name: string): never => {
  throw new RecipeError(
    `${name} is a classifier, and the recipe's data is text`,
    'Choose a task with data.kind "task", or load a language model.',
  );
};

/** The student with the head that the run needs: the source's own where it has these classes, else a new one. */
function fitHead(
  student: Model,
  classifier: ClassifierConfig | undefined,
  name: string,
  seed: number,
): Model {
  const own = student.config.classifier;
  if (!classifier) return own ? refuseForText(name) : student;
  if (own && sameClasses(own, classifier.labels))
    return { ...student, config: { ...student.config, classifier } };
  const score = student.params[SCORE];
  if (score) disposeParameter(score);
  return withHead(student, classifier, seed);
}

function checkTeacher(
  { config, card }: KnownModel,
  recipe: Recipe,
  classifier: ClassifierConfig | undefined,
) {
  if (!classifier && config.classifier) refuseForText(card.name);
  if (!classifier || !wantsTeacher(recipe) || recipe.teacher.stages) return;
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

function checkLength({ data }: Recipe, nPositions: number): void {
  if (data.kind !== 'task' || data.maxLength <= nPositions) return;
  throw new RecipeError(
    `data.maxLength is ${data.maxLength}, and the model reads at most ${nPositions} tokens`,
    `Choose a length of up to ${nPositions}.`,
  );
}

async function prepareFresh(recipe: Recipe, services: PrepareServices, task: Task): Promise<Prepared> {
  const { model } = recipe.teacher;
  const fresh = freshModel(recipe);
  try {
    checkLength(recipe, fresh.config.nPositions);
    const vocabulary = await services.texts.vocabularyFor(model as Exclude<typeof model, string>, task);
    const assignment = await assign(recipe, 'the new model', vocabulary, undefined, services, task);
    const student = fitHead(fresh, assignment.classifier, 'the new model', recipe.seed);
    const layers = allLayers(student.config);
    return {
      ...{ recipe, layers, vocabulary, huggingFaceConfig: {}, student, assignment },
      ...{ teacher: null, ownsTeacher: false },
    };
  } catch (error) {
    disposeParams(fresh.params);
    throw error;
  }
}

/** Loads and checks everything. Throws RecipeError where model, data and stages do not go together. */
export async function prepare(recipe: Recipe, services: PrepareServices, task: Task): Promise<Prepared> {
  const { model, stages } = recipe.teacher;
  if (typeof model !== 'string') return prepareFresh(recipe, services, task);
  const source = await services.openModel(model, task);
  const { vocabulary, huggingFaceConfig, config } = source;
  const { name } = source.card;
  checkLength(recipe, config.nPositions);
  const layers = keptLayers(recipe, config.nLayer);
  const pad = config.classifier?.padTokenId;
  const assignment = await assign(recipe, name, vocabulary, pad, services, task);
  const { classifier } = assignment;
  checkTeacher(source, recipe, classifier);
  const common = { recipe, layers, vocabulary, huggingFaceConfig, assignment };
  const fit = (made: Model) => fitHead(made, classifier, name, recipe.seed);
  if (stages === undefined || stages.length === 0) {
    const { student, teacher } = await makeModels(source, layers, recipe, task);
    return { ...common, student: fit(student), teacher, ownsTeacher: false };
  }
  const student = fit(await makeStudent(source, layers, task));
  try {
    const teacher = fit(await makeStudent(source, allLayers(config), task));
    return { ...common, student, teacher, ownsTeacher: true };
  } catch (error) {
    disposeParams(student.params);
    throw error;
  }
}
