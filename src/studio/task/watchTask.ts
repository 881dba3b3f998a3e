/** When a task rests, what its rows are is asked of the session. */
import { shownTasks, taskKey } from '../storeTask';
import type { useStudio } from '../store';

/** A slider or a field that is being typed in changes several times. */
const REST_MS = 150;

/** Returns what stops the watching. */
export function watchTask(store: typeof useStudio): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const wanted = () => {
    const state = store.getState();
    if (state.phase !== 'ready' || !state.teacher || state.loadingTask || state.problems.task)
      return undefined;
    return shownTasks(state).find((data) => !state.taskCards[taskKey(data, state)]);
  };
  const check = () => {
    clearTimeout(timer);
    if (wanted() === undefined) return;
    timer = setTimeout(() => {
      const data = wanted();
      if (data) void store.getState().inspectTask(data);
    }, REST_MS);
  };
  check();
  const stop = store.subscribe((state, before) => {
    const moved =
      state.recipe !== before.recipe ||
      state.ownRows !== before.ownRows ||
      state.taskEditor !== before.taskEditor ||
      state.teacher !== before.teacher;
    // Another task is worth another attempt.
    if (moved && state.problems.task && state.problems.task === before.problems.task) state.dismiss('task');
    if (moved || state.loadingTask !== before.loadingTask || state.problems.task !== before.problems.task)
      check();
  });
  return () => {
    stop();
    clearTimeout(timer);
  };
}
