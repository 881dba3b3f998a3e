/**
 * Byte-level BPE for vocabularies where a token's id is the rank of its merge, as GPT-2's: of the neighbours in a
 * piece of text those are joined first whose bytes together are the token of lowest id.
 * Source: "Neural Machine Translation of Rare Words with Subword Units", arXiv:1508.07909, on bytes as in the GPT-2
 * release (github.com/openai/gpt-2, encoder.py).
 *
 * Tokens lie in typed arrays, some 1 MB for GPT-2's 50,256: as strings in a Map, with a cache of pieces, they took 60.
 */
import { PieceCache } from './pieceCache';
import { GPT2_PIECES } from './pieces';

/** The bytes of token `id` are `bytes[starts[id]]` up to `bytes[starts[id + 1]]`. */
export interface TokenTable {
  readonly count: number;
  readonly bytes: Uint8Array;
  readonly starts: Uint32Array;
}

/** Tokens in order of id, each as text or as bytes. */
export function packTokens(tokens: readonly (string | readonly number[])[]): TokenTable {
  const starts = new Uint32Array(tokens.length + 1);
  const text = new TextEncoder();
  // A UTF-16 unit is at most three bytes.
  let bytes = new Uint8Array(tokens.reduce((sum, { length }) => sum + 3 * length, 0));
  for (const [id, token] of tokens.entries()) {
    const start = starts[id]!;
    if (typeof token !== 'string') bytes.set(token, start);
    const { length } =
      typeof token === 'string' ? { length: text.encodeInto(token, bytes.subarray(start)).written } : token;
    starts[id + 1] = start + length;
  }
  bytes = bytes.slice(0, starts[tokens.length]);
  return { count: tokens.length, bytes, starts };
}

/** A view of one token's bytes; undefined for an id that there is not. */
export function tokenBytes({ count, bytes, starts }: TokenTable, id: number): Uint8Array | undefined {
  return id < count ? bytes.subarray(starts[id], starts[id + 1]) : undefined;
}

/** The token with the bytes from `start` to `end` of `source`; -1 where there is none. */
export type TokenLookup = (source: Uint8Array, start: number, end: number) => number;

/** FNV-1a, with the upper bits folded into the lower ones, which choose the slot. */
function hashOf(source: Uint8Array, start: number, end: number): number {
  let hash = 0x811c9dc5;
  for (let i = start; i < end; i++) hash = Math.imul(hash ^ source[i]!, 0x01000193);
  return hash ^ (hash >>> 15);
}

/** A hash table with open addressing over the table's bytes. */
export function lookupOf({ count, bytes, starts }: TokenTable): TokenLookup {
  const size = 2 ** Math.ceil(Math.log2(2 * count + 2));
  const slots = new Int32Array(size).fill(-1);
  let longest = 0;
  for (let id = 0; id < count; id++) {
    const [start, end] = [starts[id]!, starts[id + 1]!];
    longest = Math.max(longest, end - start);
    let slot = hashOf(bytes, start, end) & (size - 1);
    while (slots[slot] !== -1) slot = (slot + 1) & (size - 1);
    slots[slot] = id;
  }
  const equals = (id: number, source: Uint8Array, start: number, length: number) => {
    const own = starts[id]!;
    if (starts[id + 1]! - own !== length) return false;
    for (let i = 0; i < length; i++) if (bytes[own + i] !== source[start + i]) return false;
    return true;
  };
  return (source, start, end) => {
    if (end - start > longest) return -1;
    for (let slot = hashOf(source, start, end) & (size - 1); ; slot = (slot + 1) & (size - 1)) {
      const id = slots[slot]!;
      if (id === -1 || equals(id, source, start, end - start)) return id;
    }
  };
}

/** A heap of numbers, smallest first. */
class Smallest {
  #held = new Float64Array(64);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(value: number): void {
    if (this.#size === this.#held.length) {
      const larger = new Float64Array(2 * this.#size);
      larger.set(this.#held);
      this.#held = larger;
    }
    const held = this.#held;
    let at = this.#size++;
    while (at > 0 && held[(at - 1) >> 1]! > value) {
      held[at] = held[(at - 1) >> 1]!;
      at = (at - 1) >> 1;
    }
    held[at] = value;
  }

  /** Of a heap that is not empty. */
  take(): number {
    const held = this.#held;
    const first = held[0]!;
    const last = held[--this.#size]!;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= this.#size) break;
      if (child + 1 < this.#size && held[child + 1]! < held[child]!) child++;
      if (held[child]! >= last) break;
      held[at] = held[child]!;
      at = child;
    }
    held[at] = last;
    return first;
  }
}

/** Places in a piece, exact beside a rank below 2^20 in a float64. */
const PLACES = 2 ** 32;

/** What a vocabulary says of parts of a piece; a part is known by where it begins and ends. */
export interface Joining {
  /** Every byte is a part now. */
  begin(piece: Uint8Array, length: number): void;
  /** The rank of joining the parts from `at` to `joint` and from there to `end`; -1 where they do not go together. */
  rankOf(piece: Uint8Array, at: number, joint: number, end: number): number;
  /** The part at `at` was joined with the next one. */
  join(at: number, rank: number): void;
  idOf(piece: Uint8Array, at: number, end: number): number;
}

/** Gives the ids of the first `length` bytes, one after the other. */
type Merge = (piece: Uint8Array, length: number, give: (id: number) => void) => void;

/**
 * Joins the bytes of a piece, lowest rank first and of equal ones the leftmost. Linear in the piece's length but for
 * the heap, so that a run of 100,000 signs is no harder than prose.
 */
export function merger({ begin, rankOf, join, idOf }: Joining): Merge {
  let room = 0;
  /** By a part's first byte: where the next part and the one before begin, and the rank of joining it to the next. */
  let [next, before, rank] = [0, 0, 0].map(() => new Int32Array(0)) as [Int32Array, Int32Array, Int32Array];
  const heap = new Smallest();
  return (piece, length, give) => {
    if (length > room) {
      room = 2 * length;
      [next, before, rank] = [new Int32Array(room + 1), new Int32Array(room + 1), new Int32Array(room + 1)];
    }
    const consider = (at: number) => {
      const joint = next[at]!;
      rank[at] = joint < length ? rankOf(piece, at, joint, next[joint]!) : -1;
      if (rank[at] !== -1) heap.add(rank[at] * PLACES + at);
    };
    begin(piece, length);
    for (let i = 0; i <= length; i++) [next[i], before[i]] = [i + 1, i - 1];
    for (let i = 0; i < length; i++) consider(i);
    while (heap.size > 0) {
      const smallest = heap.take();
      const at = smallest % PLACES;
      // Joined to its neighbour before, or the neighbour has grown since.
      if (rank[at] !== Math.floor(smallest / PLACES)) continue;
      join(at, rank[at]);
      const joint = next[at]!;
      rank[joint] = -1;
      next[at] = next[joint]!;
      before[next[at]] = at;
      consider(at);
      if (at > 0) consider(before[at]!);
    }
    for (let at = 0; at < length; at = next[at]!) give(idOf(piece, at, next[at]!));
  };
}

/** Text to ids, piece by piece (`GPT2_PIECES`): those that are a token by `lookup`, others merged. */
export function encoderOf(lookup: TokenLookup, merge: Merge): (text: string) => number[] {
  const pieces = new RegExp(GPT2_PIECES);
  const utf8 = new TextEncoder();
  const known = new PieceCache();
  let piece = new Uint8Array(256);
  /** Fills `piece` with a part of the text as UTF-8, and gives its length. */
  const fill = (text: string, from: number, to: number): number => {
    if (3 * (to - from) > piece.length) piece = new Uint8Array(6 * (to - from));
    for (let i = from; i < to; i++) {
      const code = text.charCodeAt(i);
      if (code > 127) return utf8.encodeInto(text.slice(from, to), piece).written;
      piece[i - from] = code;
    }
    return to - from;
  };
  return (text) => {
    const ids: number[] = [];
    const give = (id: number) => void ids.push(id);
    pieces.lastIndex = 0;
    // `test` leaves nothing to collect, unlike `matchAll`; the pieces follow each other without a gap.
    for (let from = 0; pieces.test(text); from = pieces.lastIndex) {
      const length = fill(text, from, pieces.lastIndex);
      const id = lookup(piece, 0, length);
      if (id !== -1) {
        give(id);
        continue;
      }
      const place = known.placeOf(piece, length);
      if (known.give(place, piece, length, ids)) continue;
      const before = ids.length;
      merge(piece, length, give);
      known.keep(place, piece, length, ids, before);
    }
    return ids;
  };
}

/** For a vocabulary where a token's id is the rank of its merge. Every byte must be a token. */
export function bytePairEncoder(table: TokenTable): (text: string) => number[] {
  const lookup = lookupOf(table);
  return encoderOf(
    lookup,
    merger({
      begin: () => undefined,
      rankOf: (piece, at, _, end) => lookup(piece, at, end),
      join: () => undefined,
      idOf: lookup,
    }),
  );
}
