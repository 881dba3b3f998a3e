import type { CleaningSettings } from '../../recipe/cleaning';
import { useStudio } from '../store';
import { cleanedData, useCleaning } from './cleanStore';

/** A slider that is dragged asks for one count, not for fifty. */
const SETTLE_MS = 350;
let settling: ReturnType<typeof setTimeout> | undefined;

/** The cleaning of the text that is looked at, and a way to change it that counts anew. */
export function useCleaningSettings() {
  const stage = useCleaning((state) => state.stage);
  const settings = useStudio((state) => {
    const data = cleanedData(state.recipe, stage);
    return data?.kind === 'lm' ? data.cleaning : undefined;
  });
  const setStageData = useStudio((state) => state.setStageData);
  const edit = useStudio((state) => state.edit);
  const change = (cleaning: CleaningSettings | undefined) => {
    const old = cleanedData(useStudio.getState().recipe, stage);
    if (old?.kind !== 'lm') return;
    const { cleaning: _, ...raw } = old;
    const data = cleaning ? { ...raw, cleaning } : raw;
    if (stage === null) edit((recipe) => ({ ...recipe, data }), 'cleaning');
    else setStageData(stage, data, 'cleaning');
    clearTimeout(settling);
    settling = setTimeout(() => void useCleaning.getState().count(), SETTLE_MS);
  };
  return { settings, change };
}
