/** What the layer board does with keys, clicks and drags: pure functions over the set of kept layers. */

export interface BoardState {
  /** Ascending. */
  kept: readonly number[];
  layers: number;
  focus: number;
  /** Where a range begins: the layer last set without Shift. */
  anchor: number;
}

/** `keep` is the new set; `resize` asks for another k by the same rule; `focus` moves only. */
export type BoardAction =
  | { type: 'focus'; focus: number; anchor: number }
  | { type: 'keep'; kept: readonly number[]; focus: number; anchor: number }
  | { type: 'resize'; by: 1 | -1 };

export interface BoardKey {
  key: string;
  shiftKey: boolean;
  ctrlKey: boolean;
}

/** The set with these layers kept, or left out. */
export function setLayers(kept: readonly number[], layers: readonly number[], on: boolean): number[] {
  const rest = kept.filter((layer) => !layers.includes(layer));
  return (on ? [...rest, ...layers] : rest).sort((a, b) => a - b);
}

export function toggleLayer(kept: readonly number[], layer: number): number[] {
  return setLayers(kept, [layer], !kept.includes(layer));
}

/** All layers between two, both included. */
export function layersBetween(from: number, to: number): number[] {
  const low = Math.min(from, to);
  return Array.from({ length: Math.abs(from - to) + 1 }, (_, i) => low + i);
}

/** The range from the anchor to a layer takes the anchor's state. */
export function setRange(kept: readonly number[], anchor: number, to: number): number[] {
  return setLayers(kept, layersBetween(anchor, to), kept.includes(anchor));
}

function nextKept({ kept, focus }: BoardState, back: boolean): number {
  if (back) return kept.findLast((layer) => layer < focus) ?? kept.at(-1) ?? focus;
  return kept.find((layer) => layer > focus) ?? kept[0] ?? focus;
}

/** Upwards on the board is towards the last layer. */
function moved({ focus, layers }: BoardState, key: string): number | null {
  switch (key) {
    case 'ArrowUp':
      return Math.min(focus + 1, layers - 1);
    case 'ArrowDown':
      return Math.max(focus - 1, 0);
    case 'Home':
      return layers - 1;
    case 'End':
      return 0;
    case 'PageUp':
      return Math.min(focus + 10, layers - 1);
    case 'PageDown':
      return Math.max(focus - 10, 0);
    default:
      return null;
  }
}

/** What a key does on the board, or null when it is none of the board's. */
export function boardKey(press: BoardKey, state: BoardState): BoardAction | null {
  const { kept, layers, focus, anchor } = state;
  if (press.ctrlKey) {
    if (press.key.toLowerCase() !== 'a') return null;
    return { type: 'keep', kept: layersBetween(0, layers - 1), focus, anchor };
  }
  const target = moved(state, press.key);
  if (target !== null) {
    if (!press.shiftKey) return { type: 'focus', focus: target, anchor: target };
    return { type: 'keep', kept: setRange(kept, anchor, target), focus: target, anchor };
  }
  switch (press.key) {
    case ' ':
    case 'Enter':
      return { type: 'keep', kept: toggleLayer(kept, focus), focus, anchor: focus };
    case '+':
    case '=':
      return { type: 'resize', by: 1 };
    case '-':
    case '−':
      return { type: 'resize', by: -1 };
    case 'n':
    case 'N': {
      const next = nextKept(state, press.shiftKey);
      return { type: 'focus', focus: next, anchor: next };
    }
    default:
      return null;
  }
}
