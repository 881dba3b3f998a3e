/** The dialog about what the browser keeps: how much it is, and what is asked before it goes. */
import { create } from 'zustand';
import type { ErrorReport, KeptBytes, KeptKind } from '../../worker/protocol';
import { reportOf } from '../connection';
import { useStudio } from '../store';

interface KeptState {
  opened: boolean;
  bytes: KeptBytes | null;
  /** What would be cleared; asked once. */
  asked: KeptKind | null;
  clearing: boolean;
  problem: ErrorReport | null;
  show(): void;
  hide(): void;
  ask(kind: KeptKind | null): void;
  /** Clears what was asked about. */
  clear(): Promise<void>;
}

const sessionNow = () => {
  const { connection, phase } = useStudio.getState();
  return phase === 'ready' ? connection : null;
};

export const useKept = create<KeptState>()((set, get) => ({
  opened: false,
  bytes: null,
  asked: null,
  clearing: false,
  problem: null,

  show() {
    set({ opened: true, asked: null, problem: null, bytes: null });
    sessionNow()
      ?.request({ type: 'kept' })
      .then((bytes) => set({ bytes }))
      .catch((error: unknown) => set({ problem: reportOf(error) }));
  },
  hide: () => set({ opened: false }),
  ask: (asked) => set({ asked, problem: null }),

  async clear() {
    const { asked } = get();
    const connection = sessionNow();
    if (!asked || !connection) return;
    set({ clearing: true });
    try {
      set({ bytes: await connection.request({ type: 'clearKept', kinds: [asked] }) });
    } catch (error) {
      set({ problem: reportOf(error) });
    } finally {
      set({ clearing: false, asked: null });
    }
  },
}));
