/**
 * The recipe that Compose edits, with undo and redo. It is the only copy: the board, the cards and the run
 * read it, and it is kept in the browser's local storage.
 */
import type { StateCreator } from 'zustand';
import demo from '../../recipes/demo.json';
import { recipeSchema, type Recipe, type Stage } from '../recipe/recipe';
import type { StudioState } from './store';
import { settleTeacher, withText, type TextName } from './task/taskRecipe';

/** Edits of one group that follow each other within this time are one step of undo: a slider being dragged. */
const GROUP_MS = 1000;
const HISTORY = 100;

export interface RecipeSlice {
  recipe: Recipe;
  past: readonly Recipe[];
  future: readonly Recipe[];
  lastEdit: { group: string; timeMs: number } | null;
  /** The stage that the method card shows. */
  stageIndex: number;
  edit: (change: (recipe: Recipe) => Recipe, group?: string) => void;
  editStage: (change: (stage: Stage) => Stage, group?: string) => void;
  openStage: (index: number) => void;
  undo: () => void;
  redo: () => void;
  /** Takes the place of the whole recipe, as one step of undo. */
  replaceRecipe: (recipe: Recipe) => void;
}

/** What a newcomer finds: it gives a falling curve within seconds on the bundled teacher. */
export function defaultRecipe(): Recipe {
  const { name: _, ...recipe } = demo;
  return recipeSchema.parse(recipe);
}

/** A recipe out of local storage, or the default when it is none of this version. */
export function restoreRecipe(stored: unknown): Recipe {
  const result = recipeSchema.safeParse(stored);
  return result.success && result.data.stages.length > 0 ? result.data : defaultRecipe();
}

/**
 * Teacher and text are what the session has loaded: undo changes what is done with them, not which they are. Rows of
 * tasks stay in the session, so that a task comes back as it was.
 */
function withLoaded(recipe: Recipe, { teacher, data }: Recipe, text: TextName): Recipe {
  const loaded = { ...recipe, teacher: { ...recipe.teacher, model: teacher.model } };
  if (recipe.data.kind === 'task') return loaded;
  if (data.kind === 'task') return withText(loaded, text);
  return { ...loaded, data: { ...recipe.data, train: data.train, validation: data.validation } };
}

export const createRecipeSlice: StateCreator<StudioState, [], [], RecipeSlice> = (set, get) => ({
  recipe: defaultRecipe(),
  past: [],
  future: [],
  lastEdit: null,
  stageIndex: 0,

  edit(change, group) {
    const { recipe, past, lastEdit, teacher, methods, tasks } = get();
    const next = settleTeacher(change(recipe), teacher, methods, tasks);
    if (next === recipe) return;
    const timeMs = Date.now();
    const joins = group !== undefined && lastEdit?.group === group && timeMs - lastEdit.timeMs < GROUP_MS;
    set({
      recipe: next,
      past: joins ? past : [...past.slice(1 - HISTORY), recipe],
      future: [],
      lastEdit: group === undefined ? null : { group, timeMs },
    });
  },

  editStage(change, group) {
    const { stageIndex, edit } = get();
    edit(
      (recipe) => ({
        ...recipe,
        stages: recipe.stages.map((stage, index) => (index === stageIndex ? change(stage) : stage)),
      }),
      group,
    );
  },

  openStage: (stageIndex) => set({ stageIndex }),

  undo() {
    const { recipe, past, future, stageIndex } = get();
    const previous = past.at(-1);
    if (!previous) return;
    set({
      recipe: withLoaded(previous, recipe, get().text?.parts ?? get().text?.ref ?? 'demo'),
      past: past.slice(0, -1),
      future: [recipe, ...future],
      lastEdit: null,
      stageIndex: Math.min(stageIndex, previous.stages.length - 1),
    });
  },

  redo() {
    const { recipe, past, future, stageIndex } = get();
    const next = future[0];
    if (!next) return;
    set({
      recipe: withLoaded(next, recipe, get().text?.parts ?? get().text?.ref ?? 'demo'),
      past: [...past, recipe],
      future: future.slice(1),
      lastEdit: null,
      stageIndex: Math.min(stageIndex, next.stages.length - 1),
    });
  },

  replaceRecipe(recipe) {
    get().edit(() => recipe);
    set({ stageIndex: 0 });
  },
});
