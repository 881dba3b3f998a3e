/** Recipes that were written elsewhere, taken into the form: those that come with Decant, the paper's, files. */
import demoPipeline from '../../recipes/pipeline-demo.json';
import paperPipeline from '../../recipes/paper-pipeline.json';
import { RecipeError } from '../errors';
import { partOf } from '../recipe/data';
import { isHubSource } from '../recipe/hubSource';
import { parseRecipe, type Recipe } from '../recipe/recipe';
import { reportOf } from './connection';
import { modelRefOf, textRefOf } from './recipeRefs';
import { inWords } from './stageWords';
import { useStudio } from './store';

/** Pipelines that are one click away. */
export const PIPELINES = [
  {
    id: 'demo',
    label: 'Demo pipeline, bundled',
    about: 'Pre-train on a fifth of the text, distil, learn a task; minutes, without a network',
    recipe: demoPipeline as unknown,
  },
  {
    id: 'paper',
    label: 'The paper’s pipeline, smaller',
    about: 'GPT-2 to 6 layers: cleaned OpenWebText, WikiText-103, RTE; from the Hub',
    recipe: paperPipeline as unknown,
  },
] as const;

/** The model's name where the page can load it. Throws RecipeError for folders and models that are made anew. */
function modelOf({ teacher: { model } }: Recipe): string {
  const loaded = useStudio.getState().teacher?.ref;
  if (typeof model === 'string' && (model === 'demo' || model === loaded || isHubSource(model))) return model;
  throw typeof model === 'string'
    ? new RecipeError(
        `teacher.model is ${model}, which is not loaded in this page`,
        'Drop its folder here first, or name a model of the Hub.',
      )
    : new RecipeError(
        'teacher.model describes a new model, and the page starts from one that is there',
        'Run this recipe with the command line.',
      );
}

/**
 * Puts a recipe into the form and loads its model and its text. Without the model the form is as it was, and the
 * teacher's card says why; without the text its card says so, and another one can be chosen. Stages' own data are
 * looked at by themselves. Throws RecipeError for a model that the page cannot load.
 */
export async function openRecipe(recipe: Recipe): Promise<void> {
  const model = modelOf(recipe);
  const { recipe: before, replaceRecipe, go, loadTeacher } = useStudio.getState();
  // The recipe first: it says which of the teacher's blocks are fetched.
  replaceRecipe(recipe);
  go('compose');
  if (useStudio.getState().teacher?.ref !== model) await loadTeacher(modelRefOf(model));
  const { teacher, recipe: now, textRef } = useStudio.getState();
  if (teacher?.ref !== model) {
    useStudio.setState({ recipe: before });
    return;
  }
  const { data } = recipe;
  // Loading a model cuts the loaded text anew and names it in the recipe.
  useStudio.setState({ recipe: { ...now, data } });
  if (data.kind === 'task') return;
  const loaded = useStudio.getState().text?.ref === partOf(data.train).source;
  // The text of before is none of this recipe's, and must not be put into it when windows change.
  useStudio.setState({ text: null });
  await useStudio.getState().loadText(loaded ? textRef : textRefOf(data, recipe.seed));
}

/** The same of what somebody wrote; what is wrong with it is said at the top of the page. */
export async function openWritten(read: () => Promise<unknown>): Promise<void> {
  const { methods, report, dismiss } = useStudio.getState();
  dismiss('run');
  try {
    await openRecipe(parseRecipe(await read(), methods));
  } catch (error) {
    const problem = reportOf(error);
    report('run', { ...problem, message: inWords(problem.message) });
  }
}

/** A recipe in a file. */
export const openRecipeFile = (file: File): Promise<void> =>
  openWritten(async () => {
    try {
      return JSON.parse(await file.text()) as unknown;
    } catch (error) {
      throw new RecipeError(
        `${file.name} is not JSON: ${(error as Error).message}`,
        'Choose a recipe file, as Export in Run writes it.',
      );
    }
  });
