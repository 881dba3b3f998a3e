/** Parts of a file of ids as sequences: the whole, or the documents of one side of a split one after the other. */
import { firstNotBelow, type Ids, type TokenStream } from '../corpus';
import type { TokenSequence } from '../tokens';

/** Reads bytes of a file at once, without waiting. */
export interface ReadFile {
  readonly size: number;
  read(into: Uint8Array, at: number): void;
}

/** Ids of a file, 2 or 4 bytes each, little-endian as all typed arrays are where this runs. */
export class FileIds implements TokenSequence {
  private ahead = new Map<number, Ids>();

  constructor(
    private readonly file: ReadFile,
    private readonly Ids: typeof Uint16Array | typeof Uint32Array,
  ) {}

  get length(): number {
    return this.file.size / this.Ids.BYTES_PER_ELEMENT;
  }

  slice(start: number, end: number): Ids {
    const known = this.ahead.get(start);
    if (known && known.length >= end - start) return known.subarray(0, end - start);
    return this.read(start, end);
  }

  private read(start: number, end: number): Ids {
    const ids = new this.Ids(end - start);
    this.file.read(new Uint8Array(ids.buffer), start * this.Ids.BYTES_PER_ELEMENT);
    return ids;
  }

  /** What was read ahead before is forgotten. */
  readAhead(starts: ArrayLike<number>, length: number): void {
    const ahead = new Map<number, Ids>();
    for (const start of Float64Array.from(starts).sort())
      ahead.set(start, this.slice(start, Math.min(this.length, start + length)));
    this.ahead = ahead;
  }
}

/** Ranges of other ids, one after the other. */
class JoinedRanges implements TokenSequence {
  readonly length: number;

  /** `places[i]`: where range i begins in this sequence; `starts[i]`: in the others. */
  constructor(
    private readonly ids: FileIds,
    private readonly places: Float64Array,
    private readonly starts: Float64Array,
    length: number,
  ) {
    this.length = length;
  }

  /** The range that holds a place. */
  private rangeAt(place: number): number {
    const i = firstNotBelow(this.places, place);
    return this.places[i] === place ? i : i - 1;
  }

  slice(start: number, end: number): ArrayLike<number> {
    let i = this.rangeAt(start);
    const from = this.starts[i]! + start - this.places[i]!;
    if (end <= (this.places[i + 1] ?? this.length)) return this.ids.slice(from, from + end - start);
    const joined = new Int32Array(end - start);
    for (let at = start; at < end; i++) {
      const to = Math.min(end, this.places[i + 1] ?? this.length);
      const own = this.starts[i]! + at - this.places[i]!;
      joined.set(this.ids.slice(own, own + to - at), at - start);
      at = to;
    }
    return joined;
  }

  readAhead(starts: ArrayLike<number>, length: number): void {
    const own = Float64Array.from(starts, (start) => {
      const i = this.rangeAt(start);
      return this.starts[i]! + start - this.places[i]!;
    });
    this.ids.readAhead(own, length);
  }
}

/** Where documents of these lengths start. */
export function startsOf(lengths: Uint32Array): Float64Array {
  const starts = new Float64Array(lengths.length);
  for (let i = 1; i < lengths.length; i++) starts[i] = starts[i - 1]! + lengths[i - 1]!;
  return starts;
}

/** The documents with `sides[i] === side`, one after the other. */
export function sideOf(ids: FileIds, lengths: Uint32Array, sides: Uint8Array, side: number): TokenStream {
  const starts = startsOf(lengths);
  const documentStarts: number[] = [];
  const [rangePlaces, rangeStarts]: [number[], number[]] = [[], []];
  let length = 0;
  for (let i = 0; i < lengths.length; i++) {
    if (sides[i] !== side) continue;
    if (i === 0 || sides[i - 1] !== side) {
      rangePlaces.push(length);
      rangeStarts.push(starts[i]!);
    }
    documentStarts.push(length);
    length += lengths[i]!;
  }
  return {
    ids: new JoinedRanges(ids, Float64Array.from(rangePlaces), Float64Array.from(rangeStarts), length),
    documentStarts: Float64Array.from(documentStarts),
    documents: documentStarts.length,
  };
}
