/** The comparison of methods that is running or was run last: a queue of ordinary runs, one after the other. */
import { create } from 'zustand';
import { keptLayers } from '../selectionState';
import { useStudio } from '../store';
import { isActive, type RunRecord } from '../storeRuns';
import {
  measureOf,
  plannedRuns,
  valueOf,
  type ComparedRun,
  type Measure,
  type PlannedRun,
} from './methodsPlan';

export interface QueuedRun extends PlannedRun {
  /** Null until it was begun. */
  runId: string | null;
}

interface MethodsState {
  queue: readonly QueuedRun[];
  running: boolean;
  dialogOpen: boolean;
  setDialogOpen: (open: boolean) => void;
  /** Runs all of them; returns when the last one has ended. */
  start: (chosen: readonly string[], seeds: number) => Promise<void>;
  /** Stops the run in progress and begins no further one. */
  cancel: () => void;
}

export const useMethods = create<MethodsState>()((set, get) => ({
  queue: [],
  running: false,
  dialogOpen: false,
  setDialogOpen: (dialogOpen) => set({ dialogOpen }),

  cancel() {
    set({ running: false });
    const { activeRunId, control } = useStudio.getState();
    if (get().queue.some(({ runId }) => runId !== null && runId === activeRunId)) void control('stop');
  },

  async start(chosen, seeds) {
    const { recipe, teacher, methods, activeRunId } = useStudio.getState();
    if (!teacher || activeRunId || get().running) return;
    const planned = plannedRuns(recipe, keptLayers(recipe, teacher), methods, chosen, seeds);
    set({ queue: planned.map((run) => ({ ...run, runId: null })), running: true, dialogOpen: false });
    for (const [index, { recipe: own, label, seed }] of planned.entries()) {
      if (!get().running) return;
      const ended = useStudio
        .getState()
        .startRun({ recipe: own, name: `${label}, seed ${seed}`, stay: true });
      // The run is in the list before the session has answered.
      const runId = useStudio.getState().activeRunId;
      const queue = get().queue.map((run, i) => (i === index ? { ...run, runId } : run));
      set({ queue });
      if ((await ended) === undefined || useStudio.getState().phase !== 'ready') break;
    }
    set({ running: false });
  },
}));

/** The queue with what came out so far. */
export function comparedRuns(
  queue: readonly QueuedRun[],
  runs: readonly RunRecord[],
): { measure: Measure; runs: ComparedRun[]; ended: number; failed: readonly RunRecord[] } {
  const records = queue.map(({ runId }) => runs.find(({ id }) => id === runId));
  const measure = measureOf(records.flatMap((run) => run?.result ?? []));
  return {
    measure,
    runs: queue.map(({ method, label, seed }, i) => ({
      ...{ method, label, seed },
      value: valueOf(records[i]?.result ?? null, measure),
      timeMs: records[i]?.result?.wallMs ?? null,
    })),
    ended: records.filter((run) => run && !isActive(run)).length,
    failed: records.filter((run) => run?.state === 'failed').map((run) => run!),
  };
}
