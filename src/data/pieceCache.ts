/**
 * The ids of pieces that were merged lately, by their bytes. Text repeats few pieces, and merging one costs several times
 * a look here. Each piece has one place, which the next one with the same place takes; all of it is 1.6 MB.
 */
const PLACES = 1 << 14;
const LONGEST = 32;
const MOST_IDS = 16;

export class PieceCache {
  private readonly bytes = new Uint8Array(PLACES * LONGEST);
  /** Of the piece at each place; 0: none. */
  private readonly lengths = new Uint8Array(PLACES);
  private readonly ids = new Int32Array(PLACES * MOST_IDS);
  private readonly counts = new Uint8Array(PLACES);

  /** The place of a piece, to be handed to `give` and `keep`; -1 for one that is too long. */
  placeOf(piece: Uint8Array, length: number): number {
    if (length > LONGEST) return -1;
    let hash = 0x811c9dc5;
    for (let i = 0; i < length; i++) hash = Math.imul(hash ^ piece[i]!, 0x01000193);
    return (hash ^ (hash >>> 15)) & (PLACES - 1);
  }

  /** Appends the ids of a piece; false where they are not known. */
  give(place: number, piece: Uint8Array, length: number, into: number[]): boolean {
    if (place < 0 || this.lengths[place] !== length) return false;
    const start = place * LONGEST;
    for (let i = 0; i < length; i++) if (this.bytes[start + i] !== piece[i]) return false;
    const first = place * MOST_IDS;
    for (let i = 0; i < this.counts[place]!; i++) into.push(this.ids[first + i]!);
    return true;
  }

  /** Keeps the ids from `from` on as those of a piece. */
  keep(place: number, piece: Uint8Array, length: number, ids: readonly number[], from: number): void {
    const count = ids.length - from;
    if (place < 0 || count > MOST_IDS) return;
    this.lengths[place] = length;
    this.counts[place] = count;
    for (let i = 0; i < length; i++) this.bytes[place * LONGEST + i] = piece[i]!;
    for (let i = 0; i < count; i++) this.ids[place * MOST_IDS + i] = ids[from + i]!;
  }
}
