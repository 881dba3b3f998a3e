/** The paper's tables and recipes as the page shows them, and a recipe of the paper taken into the form. */
import { create } from 'zustand';
import type { PaperRecipe } from '../../paper/recipes';
import { parseRecipe, type Recipe } from '../../recipe/recipe';
import { useStudio } from '../store';

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
