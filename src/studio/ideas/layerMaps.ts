/** RAIL-KD's maps as a run has reported them. Pure. */
import type { EpochState } from '../storeRuns';

export interface EpochMap {
  epoch: number;
  /** Teacher layers; the i-th is for the student's i-th layer. */
  layers: readonly number[];
}

/** A method's state when it is a layer map: distinct layers, sorted. */
function layersOf(state: unknown): readonly number[] | null {
  if (!Array.isArray(state) || state.length === 0) return null;
  const rising = state.every(
    (layer, i) => Number.isInteger(layer) && layer >= 0 && (i === 0 || layer > state[i - 1]),
  );
  return rising ? (state as number[]) : null;
}

/** The maps of a stage, by default of the latest one that has drawn any, oldest first. */
export function layerMaps(epochs: readonly EpochState[], stage = epochs.at(-1)?.stage): EpochMap[] {
  return epochs.flatMap(({ stage: of, epoch, state }) => {
    const layers = of === stage ? layersOf(state) : null;
    return layers ? [{ epoch, layers }] : [];
  });
}
