/** The sweep that is running or was run last, kept while other places are open. */
import { create } from 'zustand';
import { reportOf, wasCancelled } from '../connection';
import { keptLayers } from '../selectionState';
import { useStudio } from '../store';
import type { ErrorReport } from '../../worker/protocol';
import { sweepCandidates, sweepEntries, withRow, type SweepEntry } from './sweep';

interface SweepState {
  entries: readonly SweepEntry[];
  /** Teacher and k that the entries belong to. */
  of: { teacher: string; keep: number } | null;
  abort: AbortController | null;
  error: ErrorReport | null;
  dismiss(): void;
  /** Measures every rule's set; without k, at the k of the recipe. */
  start(keep?: number): Promise<void>;
  cancel(): void;
}

export const useSweep = create<SweepState>()((set, get) => ({
  entries: [],
  of: null,
  abort: null,
  error: null,
  dismiss: () => set({ error: null }),
  cancel: () => get().abort?.abort(),

  async start(wanted) {
    const { connection, teacher, recipe } = useStudio.getState();
    if (!connection || !teacher || get().abort) return;
    const kept = keptLayers(recipe, teacher).length;
    const keep = wanted ?? Math.min(kept, teacher.config.nLayer - 1);
    const entries = sweepEntries(recipe, teacher, Math.max(1, keep));
    const abort = new AbortController();
    set({ entries, of: { teacher: teacher.name, keep }, abort, error: null });
    try {
      await connection.request(
        { type: 'sweep', model: teacher.ref, candidates: sweepCandidates(entries) },
        {
          signal: abort.signal,
          onEvent: (event) => {
            if (event.type === 'sweepRow') set({ entries: withRow(get().entries, event.row) });
          },
        },
      );
    } catch (error) {
      if (!wasCancelled(error)) set({ error: reportOf(error) });
    } finally {
      set({ abort: null });
    }
  },
}));
