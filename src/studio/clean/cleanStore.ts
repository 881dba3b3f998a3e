/** The cleaning editor: whether it is open, and what was last counted. The settings themselves are the recipe's. */
import { create } from 'zustand';
import type { CleaningSettings } from '../../recipe/cleaning';
import type { RecipeData, Source } from '../../recipe/data';
import type { Recipe } from '../../recipe/recipe';
import type { CleanedDocument, ErrorReport, TextReport } from '../../worker/protocol';
import { reportOf, wasCancelled } from '../connection';
import { useStudio } from '../store';

/** The start of the text that is looked at, to choose from. */
export const PART_BYTES = [1e6, 4e6, 16e6] as const;

interface CleanState {
  open: boolean;
  /** The stage whose own text is looked at; null: the run's. */
  stage: number | null;
  /** The settings when the editor was opened. */
  openedWith: string | undefined;
  bytes: number;
  report: TextReport | null;
  /** The text that the report is of. */
  of: string | null;
  progress: number;
  counting: AbortController | null;
  compared: CleanedDocument | null;
  error: ErrorReport | null;
  show(open: boolean, stage?: number | null): void;
  setBytes(bytes: number): void;
  /** Counts the loaded text with the recipe's settings; a count in progress is given up. */
  count(): Promise<void>;
  compare(document: number): Promise<void>;
}

/** The data whose text is cleaned: the run's, or those of a stage. */
export const cleanedData = (recipe: Recipe, stage: number | null): RecipeData | undefined =>
  stage === null ? recipe.data : recipe.stages[stage]?.data;

/** The text and the cleaning that the recipe has now. */
export function cleaningNow(): { text: Source | null; cleaning: CleaningSettings | undefined } {
  const { recipe, text } = useStudio.getState();
  const { stage } = useCleaning.getState();
  const data = cleanedData(recipe, stage);
  if (data?.kind !== 'lm') return { text: null, cleaning: undefined };
  return {
    text: stage === null ? (text?.parts?.train ?? text?.ref ?? null) : data.train,
    cleaning: data.cleaning,
  };
}

export const useCleaning = create<CleanState>()((set, get) => ({
  open: false,
  stage: null,
  openedWith: undefined,
  bytes: PART_BYTES[0],
  report: null,
  of: null,
  progress: 0,
  counting: null,
  compared: null,
  error: null,

  show(open, stage = open ? null : get().stage) {
    get().counting?.abort();
    set({ stage });
    const cleaning = JSON.stringify(cleaningNow().cleaning);
    if (open) {
      set({ open, openedWith: cleaning });
      void get().count();
      return;
    }
    set({ open, stage: null });
    // A stage's text is counted by itself.
    if (stage !== null) return;
    // The text card tells what is left after cleaning.
    const { loadText, textRef } = useStudio.getState();
    if (cleaning !== get().openedWith) void loadText(textRef);
  },

  setBytes(bytes) {
    set({ bytes });
    void get().count();
  },

  async count() {
    const { connection, recipe } = useStudio.getState();
    const { text, cleaning } = cleaningNow();
    if (!connection || text === null) return;
    get().counting?.abort();
    const counting = new AbortController();
    const of = typeof text === 'string' ? text : JSON.stringify(text);
    if (get().of !== of) set({ report: null, compared: null });
    set({ counting, progress: 0, error: null });
    try {
      const { bytes } = get();
      const report = await connection.request(
        { type: 'surveyText', text, seed: recipe.seed, bytes, ...(cleaning && { cleaning }) },
        {
          signal: counting.signal,
          onEvent: (event) => {
            if (event.type === 'progress') set({ progress: event.done / event.total });
          },
        },
      );
      if (get().counting === counting) set({ report, of });
    } catch (error) {
      if (!wasCancelled(error)) set({ error: reportOf(error) });
    } finally {
      if (get().counting === counting) set({ counting: null });
    }
    if (get().report && cleaning && !counting.signal.aborted)
      await get().compare(get().compared?.document ?? 0);
  },

  async compare(document) {
    const { connection, recipe } = useStudio.getState();
    const { text, cleaning } = cleaningNow();
    if (!connection || text === null || !cleaning) return;
    const request = { type: 'cleanDocument', text, seed: recipe.seed, cleaning, document } as const;
    try {
      set({ compared: await connection.request(request) });
    } catch (error) {
      if (!wasCancelled(error)) set({ error: reportOf(error) });
    }
  },
}));
