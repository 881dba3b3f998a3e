/** When the recipe rests, what its run will need is worked out anew. */
import type { useStudio } from './store';

const REST_MS = 300;

/** A run in progress goes first. Returns what stops the watching. */
export function watchEstimate(store: typeof useStudio): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const stop = store.subscribe((state, before) => {
    const moved =
      state.recipe !== before.recipe ||
      state.teacher !== before.teacher ||
      state.memoryBudget !== before.memoryBudget ||
      state.activeRunId !== before.activeRunId ||
      // What was measured or forgotten stays on the device, or does no longer.
      state.runs.length !== before.runs.length;
    if (!moved) return;
    clearTimeout(timer);
    timer = setTimeout(() => void store.getState().askEstimate(), REST_MS);
  });
  return () => {
    stop();
    clearTimeout(timer);
  };
}
