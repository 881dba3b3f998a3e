/**
 * The page's keys, as a pure function from a key press to a command. Single letters work only while no text
 * is being written, and can be switched off.
 */
import type { PlaceName } from '../storeView';

export type KeyCommand =
  | { type: 'go'; place: PlaceName }
  | { type: 'run' | 'undo' | 'redo' | 'keySheet' | 'pause' | 'stepOnce' | 'evaluateNow' | 'stop' }
  /** `g` was pressed: the next letter names a place. */
  | { type: 'await' };

export interface KeyPress {
  key: string;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
  shiftKey: boolean;
}

export interface KeyContext {
  /** The focus is in a field that takes text. */
  typing: boolean;
  singleKeys: boolean;
  /** `g` was pressed just before. */
  awaiting: boolean;
  /** The place that is open: run keys act in Run only. */
  place: PlaceName;
}

const PLACE_KEYS: Readonly<Record<string, PlaceName>> = { c: 'compose', r: 'run', m: 'compare' };

function withControl(press: KeyPress, typing: boolean): KeyCommand | null {
  const key = press.key.toLowerCase();
  if (key === 'enter') return { type: 'run' };
  // A text field has its own history.
  if (typing) return null;
  if (key === 'z') return { type: press.shiftKey ? 'redo' : 'undo' };
  if (key === 'y') return { type: 'redo' };
  return null;
}

/** The command of a key press, or null when it is none of the page's. */
export function keyCommand(press: KeyPress, context: KeyContext): KeyCommand | null {
  if (press.altKey) return null;
  if (press.ctrlKey || press.metaKey) return withControl(press, context.typing);
  if (context.typing || !context.singleKeys) return null;
  const place = PLACE_KEYS[press.key];
  if (context.awaiting) return place ? { type: 'go', place } : null;
  if (press.key === 'g') return { type: 'await' };
  if (press.key === '?') return { type: 'keySheet' };
  if (context.place !== 'run') return null;
  switch (press.key) {
    case 'p':
      return { type: 'pause' };
    case '.':
      return { type: 'stepOnce' };
    case 'e':
      return { type: 'evaluateNow' };
    case 'S':
      return { type: 'stop' };
    default:
      return null;
  }
}

/** True for elements whose letters are text. */
export function takesText(element: Element | null): boolean {
  if (!(element instanceof HTMLElement)) return false;
  if (element.isContentEditable || element instanceof HTMLTextAreaElement) return true;
  return (
    element instanceof HTMLInputElement && !['checkbox', 'radio', 'range', 'button'].includes(element.type)
  );
}
