/** What teacher and student expect of one token of the held-out text, for the picture of a soft target. */
import type { StateCreator } from 'zustand';
import type { Distribution, ErrorReport } from '../worker/protocol';
import { reportOf, wasCancelled } from './connection';
import { keptLayers } from './selectionState';
import type { StudioState } from './store';

/** Where the picture looks. */
export interface SoftTargetView {
  passage: number;
  position: number;
  /** A run whose student is compared; null: the student before training. */
  runId: string | null;
}

export interface SoftTargetSlice {
  softTargetView: SoftTargetView;
  /** The last answer; of another place or student while `softTargetOf` is not the present key. */
  softTarget: Distribution | null;
  softTargetOf: string | null;
  softTargetProblem: ErrorReport | null;
  lookAt: (change: Partial<SoftTargetView>) => void;
  /** Asks for what is looked at, unless it is there; a request under way for something else is cancelled. */
  askSoftTarget: () => Promise<void>;
}

type Asked = Pick<
  StudioState,
  'phase' | 'teacher' | 'text' | 'recipe' | 'activeRunId' | 'softTargetView' | 'runs'
>;

/** The student that is compared: a run's while there is one of that name, else the teacher's kept layers. */
function studentOf({ teacher, recipe, runs, softTargetView: { runId } }: Asked) {
  const run = runs.find((one) => one.id === runId && one.result !== null);
  if (run && run.recipe.teacher.model === teacher?.ref) return { runId: run.id };
  return { layers: teacher ? [...keptLayers(recipe, teacher)] : [] };
}

/** What is to be shown, as one string; null while nothing can be asked: a run goes first. */
export function softTargetKey(state: Asked): string | null {
  const { phase, teacher, text, recipe, activeRunId, softTargetView } = state;
  if (phase !== 'ready' || !teacher || !text || activeRunId || recipe.data.kind !== 'lm') return null;
  const student = studentOf(state);
  if (student.layers?.length === 0) return null;
  const { passage, position } = softTargetView;
  return JSON.stringify([teacher.ref, text.ref, recipe.data, recipe.seed, student, passage, position]);
}

export const createSoftTargetSlice: StateCreator<StudioState, [], [], SoftTargetSlice> = (set, get) => {
  let underWay: { key: string; abort: AbortController } | null = null;
  return {
    softTargetView: { passage: 0, position: 8, runId: null },
    softTarget: null,
    softTargetOf: null,
    softTargetProblem: null,

    lookAt: (change) => set({ softTargetView: { ...get().softTargetView, ...change } }),

    async askSoftTarget() {
      const state = get();
      const { connection, teacher, recipe, softTargetView, softTargetOf } = state;
      const key = softTargetKey(state);
      if (key === underWay?.key) return;
      underWay?.abort.abort();
      underWay = null;
      const { data } = recipe;
      if (!connection || !teacher || key === null || key === softTargetOf || data.kind !== 'lm') return;
      const mine = (underWay = { key, abort: new AbortController() });
      const { passage, position } = softTargetView;
      const student = studentOf(state);
      try {
        const softTarget = await connection.request(
          { type: 'distribution', model: teacher.ref, student, data, seed: recipe.seed, passage, position },
          { signal: mine.abort.signal },
        );
        if (underWay === mine) set({ softTarget, softTargetOf: key, softTargetProblem: null });
      } catch (error) {
        if (underWay === mine && !wasCancelled(error)) set({ softTargetProblem: reportOf(error) });
      } finally {
        if (underWay === mine) underWay = null;
      }
    },
  };
};
