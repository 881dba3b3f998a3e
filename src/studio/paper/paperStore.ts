/** The paper's tables and recipes as the page shows them, and a recipe of the paper taken into the form. */
import { create } from 'zustand';
import type { PaperRecipe } from '../../paper/recipes';
import { parseRecipe, type Recipe } from '../../recipe/recipe';
import { useStudio } from '../store';
import { modelRefOf, textRefOf } from '../recipeRefs';

/** What the dialog opens with: the row that a browser is done with soonest. */
export const FIRST_RECIPE = 'table-7-gpt2-pseudo';

interface PaperState {
  /** Table 1's MNLI and QNLI read the other way round. */
  swapped: boolean;
  /** The recipe that the dialog shows; null: closed. */
  chosen: string | null;
  setSwapped: (swapped: boolean) => void;
  choose: (id: string | null) => void;
}

export const usePaper = create<PaperState>()((set) => ({
  swapped: false,
  chosen: null,
  setSwapped: (swapped) => set({ swapped }),
  choose: (chosen) => set({ chosen }),
}));

/** The recipe with all defaults, its methods' among them. */
export const completed = ({ recipe }: PaperRecipe): Recipe =>
  parseRecipe(recipe, useStudio.getState().methods);

/**
 * Puts a recipe of the paper into the form and loads its model and its text. Without the model the form is as it was,
 * and the teacher's card says why; without the text its card says so, and another one can be chosen.
 */
export async function takeRecipe(paper: PaperRecipe): Promise<void> {
  const recipe = completed(paper);
  const { recipe: before, replaceRecipe, go, loadTeacher } = useStudio.getState();
  // The recipe first: it says which of the teacher's blocks are fetched.
  replaceRecipe(recipe);
  go('compose');
  if (useStudio.getState().teacher?.ref !== recipe.teacher.model)
    await loadTeacher(modelRefOf(recipe.teacher.model));
  const { teacher, recipe: now } = useStudio.getState();
  if (teacher?.ref !== recipe.teacher.model) {
    useStudio.setState({ recipe: before });
    return;
  }
  const { data } = recipe;
  // Loading a model cuts the loaded text anew and names it in the recipe.
  useStudio.setState({ recipe: { ...now, data } });
  if (data.kind === 'task') return;
  // The text of before is none of this recipe's, and must not be put into it when windows change.
  useStudio.setState({ text: null });
  await useStudio.getState().loadText(textRefOf(data, recipe.seed));
}
