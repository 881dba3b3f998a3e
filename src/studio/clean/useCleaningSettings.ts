import type { CleaningSettings } from '../../recipe/cleaning';
import { useStudio } from '../store';
import { useCleaning } from './cleanStore';

/** A slider that is dragged asks for one count, not for fifty. */
const SETTLE_MS = 350;
let settling: ReturnType<typeof setTimeout> | undefined;

/** The recipe's cleaning, and a way to change it that counts anew. */
export function useCleaningSettings() {
  const settings = useStudio((state) =>
    state.recipe.data.kind === 'lm' ? state.recipe.data.cleaning : undefined,
  );
  const edit = useStudio((state) => state.edit);
  const change = (cleaning: CleaningSettings | undefined) => {
    edit((recipe) => {
      if (recipe.data.kind !== 'lm') return recipe;
      const { cleaning: _, ...data } = recipe.data;
      return { ...recipe, data: cleaning ? { ...data, cleaning } : data };
    }, 'cleaning');
    clearTimeout(settling);
    settling = setTimeout(() => void useCleaning.getState().count(), SETTLE_MS);
  };
  return { settings, change };
}
