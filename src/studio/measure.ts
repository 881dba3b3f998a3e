/** When the selection rests, its zero-shot perplexity is measured once and remembered. */
import { keptLayers, usesTeacher } from './selectionState';
import type { useStudio } from './store';

/** Long enough that dragging over slabs starts one measurement, short enough to feel immediate. */
const REST_MS = 250;

export function measurementKey(ref: string, layers: readonly number[]): string {
  return `${ref}|${layers.join(' ')}`;
}

/**
 * Measures the present selection, and the whole teacher beside it, whenever either is not known yet. A run in
 * progress goes first. Returns what stops the watching.
 */
export function watchSelection(store: typeof useStudio): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const wanted = () => {
    const { teacher, recipe, methods, measurements, problems, phase, activeRunId } = store.getState();
    if (!teacher || phase !== 'ready' || activeRunId || problems.measure) return undefined;
    const whole = Array.from({ length: teacher.config.nLayer }, (_, layer) => layer);
    // The whole teacher is worth a measurement, but not a download that nothing else asks for.
    const spares = teacher.ref.startsWith('hf:') && !usesTeacher(recipe, methods);
    return [keptLayers(recipe, teacher), ...(spares ? [] : [whole])].find(
      (layers) => layers.length > 0 && !measurements[measurementKey(teacher.ref, layers)],
    );
  };
  const check = () => {
    clearTimeout(timer);
    if (wanted() === undefined) return;
    timer = setTimeout(() => {
      const layers = wanted();
      if (layers) void store.getState().measure(layers);
    }, REST_MS);
  };
  check();
  const stop = store.subscribe((state, before) => {
    // A new selection is worth another attempt even if the last measurement failed.
    if (state.recipe !== before.recipe && state.problems.measure) state.dismiss('measure');
    const moved =
      state.recipe !== before.recipe ||
      state.teacher !== before.teacher ||
      state.measuring !== before.measuring ||
      state.activeRunId !== before.activeRunId ||
      state.problems.measure !== before.problems.measure;
    if (moved) check();
  });
  return () => {
    stop();
    clearTimeout(timer);
  };
}
