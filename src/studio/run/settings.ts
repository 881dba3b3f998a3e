/** How the Run place shows its charts; kept while other places are open. */
import { create } from 'zustand';
import type { Axis } from '../series';

interface RunView {
  axis: Axis;
  smoothing: number;
  /** Of the perplexity chart. */
  log: boolean;
  clip: boolean;
  oneCursor: boolean;
  change(part: Partial<Omit<RunView, 'change'>>): void;
}

export const useRunView = create<RunView>()((set) => ({
  axis: 'step',
  smoothing: 0.6,
  log: true,
  clip: false,
  oneCursor: true,
  change: (part) => set(part),
}));
