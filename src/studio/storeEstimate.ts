/** What the run of the present recipe will need, as the session last told, and what a run may take. */
import type { StateCreator } from 'zustand';
import type { Recipe } from '../recipe/recipe';
import type { Estimate } from '../worker/protocol';
import { reportOf, wasCancelled } from './connection';
import type { StudioState } from './store';

export interface EstimateSlice {
  /** The last one; of another recipe while `estimateOf` is not the present one. */
  estimate: Estimate | null;
  estimateOf: Recipe | null;
  /** Bytes that a run may take, as somebody set it here; null: as the session assumes. */
  memoryBudget: number | null;
  /** Asks for the present recipe's; a request that is still under way is cancelled. */
  askEstimate: () => Promise<void>;
  setMemoryBudget: (bytes: number | null) => void;
}

/** True when the present recipe is known not to fit. */
export function isTooLarge({ estimate, estimateOf, recipe }: StudioState): boolean {
  return estimate !== null && estimateOf === recipe && !estimate.fits;
}

export const createEstimateSlice: StateCreator<StudioState, [], [], EstimateSlice> = (set, get) => {
  let underWay: AbortController | null = null;
  return {
    estimate: null,
    estimateOf: null,
    memoryBudget: null,

    async askEstimate() {
      underWay?.abort();
      const { connection, phase, teacher, activeRunId, recipe, memoryBudget } = get();
      if (!connection || phase !== 'ready' || !teacher || activeRunId) return;
      const abort = (underWay = new AbortController());
      try {
        const estimate = await connection.request(
          { type: 'estimate', recipe, budget: memoryBudget ?? undefined },
          { signal: abort.signal },
        );
        if (underWay === abort) set({ estimate, estimateOf: recipe });
        get().dismiss('estimate');
      } catch (error) {
        if (wasCancelled(error) || underWay !== abort) return;
        set({ estimate: null, estimateOf: null, problems: { ...get().problems, estimate: reportOf(error) } });
      }
    },

    setMemoryBudget: (memoryBudget) => set({ memoryBudget }),
  };
};
