/** What the page itself remembers: the place that is open and how keys behave. */
import type { StateCreator } from 'zustand';
import type { StudioState } from './store';

export const PLACES = ['compose', 'run', 'compare'] as const;
export type PlaceName = (typeof PLACES)[number];

export interface ViewSlice {
  place: PlaceName;
  /** Single-letter keys (`P`, `E`, `?`, `g c`) may be switched off. */
  singleKeys: boolean;
  keySheetOpen: boolean;
  /** Stopping a run cannot be undone, so it is asked first. */
  stopAsked: boolean;
  go: (place: PlaceName) => void;
  setSingleKeys: (on: boolean) => void;
  setKeySheetOpen: (open: boolean) => void;
  askToStop: (asked?: boolean) => void;
}

/** The place that an address' hash names; anything else is Compose. */
export function placeOfHash(hash: string): PlaceName {
  return PLACES.find((place) => hash === `#${place}`) ?? 'compose';
}

export const createViewSlice: StateCreator<StudioState, [], [], ViewSlice> = (set) => ({
  place: 'compose',
  singleKeys: true,
  keySheetOpen: false,
  stopAsked: false,
  go: (place) => set({ place }),
  setSingleKeys: (singleKeys) => set({ singleKeys }),
  setKeySheetOpen: (keySheetOpen) => set({ keySheetOpen }),
  askToStop: (stopAsked = true) => set({ stopAsked }),
});
