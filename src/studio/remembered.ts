/** What stays in the browser between visits, in local storage; where there is none, nothing stays. */
import type { PersistStorage } from 'zustand/middleware';
import type { Recipe } from '../recipe/recipe';

export interface Remembered {
  recipe: Recipe;
  hubUrl: string;
  singleKeys: boolean;
}

/** Local storage may be missing (Node), forbidden (a setting) or full; reading it must not break the page. */
function findStorage(): Storage | null {
  try {
    const { localStorage } = globalThis;
    localStorage.setItem('decant-probe', '1');
    localStorage.removeItem('decant-probe');
    return localStorage;
  } catch {
    return null;
  }
}

const storage = findStorage();

/** Whether the recipe will be here at the next visit. */
export const remembers = storage !== null;

let last: Remembered | null = null;

export const rememberedStorage: PersistStorage<Remembered> = {
  getItem(name) {
    const text = storage?.getItem(name);
    try {
      return text ? (JSON.parse(text) as { state: Remembered; version?: number }) : null;
    } catch {
      return null;
    }
  },
  // Called at every change of the store, most of which are not to be kept: progress, events.
  setItem(name, value) {
    const { recipe, hubUrl, singleKeys } = value.state;
    if (last?.recipe === recipe && last.hubUrl === hubUrl && last.singleKeys === singleKeys) return;
    last = value.state;
    storage?.setItem(name, JSON.stringify(value));
  },
  removeItem: (name) => storage?.removeItem(name),
};
