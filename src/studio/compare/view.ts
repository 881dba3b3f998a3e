/** How the Compare place shows its runs; kept while other places are open. */
import { create } from 'zustand';
import type { Sort, SortKey } from './rows';
import type { SweepKey } from './sweep';

interface CompareView {
  /** Runs that are not drawn. */
  hidden: ReadonlySet<string>;
  sort: Sort<SortKey>;
  sweepSort: Sort<SweepKey>;
  toggle(id: string): void;
  setSort(sort: Sort<SortKey>): void;
  setSweepSort(sort: Sort<SweepKey>): void;
}

export const useCompareView = create<CompareView>()((set, get) => ({
  hidden: new Set(),
  sort: { key: 'after', descending: false },
  sweepSort: { key: 'perplexity', descending: false },
  toggle(id) {
    const hidden = new Set(get().hidden);
    if (!hidden.delete(id)) hidden.add(id);
    set({ hidden });
  },
  setSort: (sort) => set({ sort }),
  setSweepSort: (sweepSort) => set({ sweepSort }),
}));
