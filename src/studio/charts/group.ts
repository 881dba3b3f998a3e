/** The cursor and the zoom that the charts of one page share, outside React: a pointer moves often. */
import { useSyncExternalStore } from 'react';

export class ChartGroup {
  #cursor: number | null = null;
  #zoom: readonly [number, number] | null = null;
  #listeners = new Set<() => void>();

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly cursor = (): number | null => this.#cursor;
  readonly zoom = (): readonly [number, number] | null => this.#zoom;

  setCursor(x: number | null): void {
    if (x === this.#cursor) return;
    this.#cursor = x;
    this.#tell();
  }

  setZoom(zoom: readonly [number, number] | null): void {
    if (zoom === this.#zoom) return;
    this.#zoom = zoom;
    this.#tell();
  }

  /** The x axis has changed: positions mean something else now. */
  reset(): void {
    this.#cursor = null;
    this.#zoom = null;
    this.#tell();
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}

export function useCursor(group: ChartGroup): number | null {
  return useSyncExternalStore(group.subscribe, group.cursor);
}

export function useZoom(group: ChartGroup): readonly [number, number] | null {
  return useSyncExternalStore(group.subscribe, group.zoom);
}
