import { rowLength } from '../recipe/data';
import type { useStudio } from './store';

/** Cuts the text anew when its windows get another length, by an edit or by undo. */
export function watchContextLength(store: typeof useStudio): () => void {
  return store.subscribe((state, before) => {
    if (rowLength(state.recipe.data) === rowLength(before.recipe.data)) return;
    if (state.text && state.recipe.data.kind === 'lm' && before.recipe.data.kind === 'lm')
      void state.loadText(state.textRef);
  });
}
