/**
 * The studio's one store. Each slice is a file: the recipe (`storeRecipe`), the session (`storeSession`), a task
 * (`storeTask`), stages' own data (`storeStages`), what a run will need (`storeEstimate`), what methods cost (`storeMethodCosts`), the runs
 * (`storeRuns`), what models expect of a token (`storeSoftTarget`) and what the page itself remembers
 * (`storeView`). Metric series live outside React in
 * `series.ts`. Components read it with `useStudio` and a selector.
 */
import { create } from 'zustand';
import { persist } from 'zustand/middleware';
import { rememberedStorage } from './remembered';
import { createDatasetSlice, type DatasetSlice } from './storeDataset';
import { createEstimateSlice, type EstimateSlice } from './storeEstimate';
import { createMethodCostsSlice, type MethodCostsSlice } from './storeMethodCosts';
import { createRecipeSlice, restoreRecipe, type RecipeSlice } from './storeRecipe';
import { createRunsSlice, type RunsSlice } from './storeRuns';
import { createSessionSlice, HUB_URL, type SessionSlice } from './storeSession';
import { createSoftTargetSlice, type SoftTargetSlice } from './storeSoftTarget';
import { createStagesSlice, type StagesSlice } from './storeStages';
import { createTaskSlice, type TaskSlice } from './storeTask';
import { createViewSlice, type ViewSlice } from './storeView';

export type StudioState = RecipeSlice &
  SessionSlice &
  DatasetSlice &
  TaskSlice &
  StagesSlice &
  EstimateSlice &
  MethodCostsSlice &
  RunsSlice &
  SoftTargetSlice &
  ViewSlice;

export const useStudio = create<StudioState>()(
  persist(
    (...args) => ({
      ...createRecipeSlice(...args),
      ...createSessionSlice(...args),
      ...createTaskSlice(...args),
      ...createStagesSlice(...args),
      ...createDatasetSlice(...args),
      ...createEstimateSlice(...args),
      ...createMethodCostsSlice(...args),
      ...createRunsSlice(...args),
      ...createSoftTargetSlice(...args),
      ...createViewSlice(...args),
    }),
    {
      name: 'decant',
      version: 1,
      storage: rememberedStorage,
      partialize: ({ recipe, hubUrl, singleKeys, memoryBudget }) => ({
        recipe,
        hubUrl,
        singleKeys,
        memoryBudget,
      }),
      // Local storage is outside: an older build, or a hand, may have written anything into it.
      merge: (stored, state) => {
        const { recipe, hubUrl, singleKeys, memoryBudget } = (stored ?? {}) as Record<string, unknown>;
        return {
          ...state,
          recipe: restoreRecipe(recipe),
          hubUrl: typeof hubUrl === 'string' ? hubUrl : HUB_URL,
          singleKeys: singleKeys !== false,
          memoryBudget: typeof memoryBudget === 'number' && memoryBudget > 0 ? memoryBudget : null,
        };
      },
    },
  ),
);
