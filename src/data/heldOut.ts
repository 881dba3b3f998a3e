/**
 * Which parts of a text are held out for validation: units (documents, or passages of few documents) in the order of
 * their hash, until 5 % of the text is reached. The same text is always split the same way, and copies of a unit stay on
 * one side.
 */

/** Share of the text that is held out. */
export const VALIDATION_SHARE = 0.05;

/** FNV-1a over UTF-16 units, to be continued; start with `HASH_START`, end with `finishHash`. */
export function continueHash(hash: number, text: string): number {
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash;
}

export const HASH_START = 0x811c9dc5;

/** The final mix: FNV's upper bits depend on few of the last characters. */
export function finishHash(hash: number): number {
  const mixed = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return (mixed ^ (mixed >>> 13)) >>> 0;
}

/** Equal texts have equal hashes. */
export const hashOf = (text: string): number => finishHash(continueHash(HASH_START, text));

/** A unit's text by itself, where not all can be compared: about one in twenty. */
export const isHeldOut = (hash: number): boolean => hash < VALIDATION_SHARE * 2 ** 32;

export interface Units {
  readonly hashes: Uint32Array;
  /** In characters. */
  readonly lengths: Uint32Array;
}

/**
 * 1 for every unit that is held out: in the order of their hash until the share is reached and `atLeast` of them are.
 * Units far longer than the others stay in training, so that one long document cannot take most of the text away.
 * Gives one choice after the other, with ever more units.
 */
export function* heldOutChoices({ hashes, lengths }: Units): Generator<Uint8Array> {
  const count = hashes.length;
  const total = lengths.reduce((sum, length) => sum + length, 0);
  const longest = Math.max(2 * VALIDATION_SHARE * total, (2 * total) / count);
  const order = Uint32Array.from(hashes, (_, i) => i).sort((a, b) => hashes[a]! - hashes[b]! || a - b);
  for (let atLeast = 1; atLeast < count; atLeast *= 2) {
    const heldOut = new Uint8Array(count);
    let size = 0;
    let chosen = 0;
    let last = -1;
    for (const i of order) {
      const enough = size >= VALIDATION_SHARE * total && chosen >= atLeast;
      const copy = last >= 0 && hashes[i] === hashes[last] && lengths[i] === lengths[last];
      if (enough && !copy) break;
      if (lengths[i]! > longest) continue;
      heldOut[i] = 1;
      last = i;
      size += lengths[i]!;
      chosen++;
    }
    yield heldOut;
  }
}
