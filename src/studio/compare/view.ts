/** How the Compare place shows its runs; kept while other places are open. */
import { create } from 'zustand';
import type { Sort, SortKey } from './rows';
import type { SweepKey } from './sweep';

export type CompareSheet = 'runs' | 'paper';

interface CompareView {
  /** Runs side by side, or the paper's tables with them. */
  sheet: CompareSheet;
  /** Runs that are not drawn. */
  hidden: ReadonlySet<string>;
  sort: Sort<SortKey>;
  sweepSort: Sort<SweepKey>;
  setSheet(sheet: CompareSheet): void;
  toggle(id: string): void;
  setSort(sort: Sort<SortKey>): void;
  setSweepSort(sort: Sort<SweepKey>): void;
}

export const useCompareView = create<CompareView>()((set, get) => ({
  sheet: 'runs',
  hidden: new Set(),
  sort: { key: 'after', descending: false },
  sweepSort: { key: 'perplexity', descending: false },
  toggle(id) {
    const hidden = new Set(get().hidden);
    if (!hidden.delete(id)) hidden.add(id);
    set({ hidden });
  },
  setSheet: (sheet) => set({ sheet }),
  setSort: (sort) => set({ sort }),
  setSweepSort: (sweepSort) => set({ sweepSort }),
}));
