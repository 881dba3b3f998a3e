/** What a step of every method costs with the present layers and batch, for the list that one chooses from. */
import type { StateCreator } from 'zustand';
import type { Recipe } from '../recipe/recipe';
import { wasCancelled } from './connection';
import type { StudioState } from './store';

export interface MethodCost {
  /** Work of one step over that of plain fine-tuning; of a method with several parts, of the costliest. */
  work: number;
  /** Memory of the run beyond that of plain fine-tuning. */
  bytes: number;
}

export interface MethodCostsSlice {
  /** By method id; those that could be worked out so far. */
  methodCosts: Readonly<Record<string, MethodCost>>;
  methodCostsOf: string | null;
  /** Works out what is not known yet, method by method; a run goes first. */
  askMethodCosts: () => Promise<void>;
}

/** Enough for every set-up: what a run may take is no question here. */
const NO_LIMIT = Number.MAX_SAFE_INTEGER;
const PLAIN = 'fine-tune';

/** The recipe with this method alone. */
function withMethod({ stages, ...recipe }: Recipe, stageIndex: number, method: string): Recipe {
  const stage = stages[stageIndex] ?? stages[0]!;
  return { ...recipe, stages: [{ ...stage, method, settings: {} }] };
}

export const createMethodCostsSlice: StateCreator<StudioState, [], [], MethodCostsSlice> = (set, get) => ({
  methodCosts: {},
  methodCostsOf: null,

  async askMethodCosts() {
    const { connection, phase, teacher, recipe, stageIndex, methods } = get();
    if (!connection || phase !== 'ready' || !teacher || recipe.stages.length === 0) return;
    const key = JSON.stringify([teacher.ref, withMethod(recipe, stageIndex, PLAIN)]);
    if (get().methodCostsOf === key) return;
    set({ methodCosts: {}, methodCostsOf: key });
    const ids = [PLAIN, ...methods.map(({ id }) => id).filter((id) => id !== PLAIN)];
    let plain: { flops: number; bytes: number } | null = null;
    for (const id of ids) {
      if (get().activeRunId || get().methodCostsOf !== key) break;
      try {
        const asked = withMethod(recipe, stageIndex, id);
        const { stages, basis } = await connection.request({
          type: 'estimate',
          recipe: asked,
          budget: NO_LIMIT,
        });
        const [stage] = stages;
        // Without a trace there is no work to compare.
        if (basis !== 'trace' || !stage) return;
        plain ??= stage;
        const cost = { work: stage.flops / plain.flops, bytes: stage.bytes - plain.bytes };
        if (get().methodCostsOf === key) set({ methodCosts: { ...get().methodCosts, [id]: cost } });
      } catch (error) {
        // A method that cannot serve these layers has no cost; one that was interrupted is asked for again.
        if (wasCancelled(error)) break;
      }
    }
    if (Object.keys(get().methodCosts).length < methods.length && get().activeRunId)
      set({ methodCostsOf: null });
  },
});
