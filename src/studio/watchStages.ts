/** When the recipe rests, what its stages learn from is asked of the session, where nothing has to be fetched for it. */
import type { useStudio } from './store';
import { uncountedStage } from './storeStages';

/** A field that is being typed in changes several times. */
const REST_MS = 150;

/** Returns what stops the watching. */
export function watchStages(store: typeof useStudio): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const wanted = () => {
    const state = store.getState();
    // The run's own text and task go first.
    const busy = state.loadingTeacher ?? state.loadingText ?? state.loadingTask ?? state.loadingStage;
    if (state.phase !== 'ready' || !state.teacher || busy || state.activeRunId) return undefined;
    return uncountedStage(state);
  };
  const check = () => {
    clearTimeout(timer);
    if (wanted() === undefined) return;
    timer = setTimeout(() => {
      const index = wanted();
      if (index !== undefined) void store.getState().countStage(index);
    }, REST_MS);
  };
  check();
  const stop = store.subscribe((state, before) => {
    const moved =
      state.recipe !== before.recipe ||
      state.teacher !== before.teacher ||
      state.loadingText !== before.loadingText ||
      state.loadingTask !== before.loadingTask ||
      state.loadingStage !== before.loadingStage ||
      state.activeRunId !== before.activeRunId;
    if (moved) check();
  });
  return () => {
    stop();
    clearTimeout(timer);
  };
}
