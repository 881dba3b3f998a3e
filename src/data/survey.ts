/**
 * What is in a text, before any work with it: how many documents of which lengths, which scripts, how much stands there
 * twice. Looks at the start of the text, as far as it is told to.
 */
import { hash64, HashSet64, type Hash64 } from './cleaning/hashes';
import { utf8Length } from './cleaning/measure';
import { LetterCount, type ScriptShare } from './scripts';
import type { DocumentPiece } from './documents';
import { lastCut } from './tokens/jobs';

/** Documents by length: `counts[i]` have from `edges[i]` to `edges[i + 1] - 1` tokens; the last bar may be wider. */
export interface LengthHistogram {
  readonly edges: readonly number[];
  readonly counts: readonly number[];
}

export interface TextSurvey {
  readonly documents: number;
  /** UTF-8. */
  readonly bytes: number;
  /** Without the end-of-text token of each document. */
  readonly tokens: number;
  /** Of a document, in tokens. */
  readonly medianLength: number;
  readonly longestLength: number;
  readonly lengths: LengthHistogram;
  /** Documents that are there again, letter by letter and in the same pieces: all but the first of equal ones. */
  readonly duplicates: number;
  /** Most letters first; scripts below half a percent together as `other`. */
  readonly scripts: readonly ScriptShare[];
  /** The starts of the first documents. */
  readonly firsts: readonly string[];
}

const FIRSTS = 8;
const FIRST_LENGTH = 240;
const MOST_BARS = 20;

const isLowSurrogate = (unit: number) => (unit & 0xfc00) === 0xdc00;

/** The start of a text for people, never half a character. */
function clip(text: string): string {
  const end = isLowSurrogate(text.charCodeAt(FIRST_LENGTH)) ? FIRST_LENGTH - 1 : FIRST_LENGTH;
  return text.length > FIRST_LENGTH ? `${text.slice(0, end)}…` : text;
}

/** The next of 1, 2, 5, 10, 20, 50, … that is not below `value`. */
function roundUp(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].map((step) => step * power).find((step) => step >= value)!;
}

/** Lengths up to which this share of the documents reaches are drawn apart, where a few are very much longer. */
const DRAWN_SHARE = 0.95;
/** Very much longer. */
const FAR = 3;

/**
 * Equal bars of a round width from 0 on, at most twenty. Where a few lengths lie far beyond all others, the last bar holds
 * them together, up to the longest.
 */
export function histogramOf(lengths: ArrayLike<number>): LengthHistogram {
  if (lengths.length === 0) return { edges: [0], counts: [] };
  const sorted = Float64Array.from(lengths).sort();
  const longest = sorted.at(-1)!;
  const most = sorted[Math.floor(DRAWN_SHARE * (sorted.length - 1))]!;
  const far = sorted.length >= MOST_BARS && longest > FAR * Math.max(1, most);
  const reach = far ? most : longest;
  const width = roundUp(Math.max(1, (reach + 1) / MOST_BARS));
  const bars = Math.floor(reach / width) + 1;
  const edges = Array.from({ length: bars + 1 }, (_, i) => i * width);
  if (edges.at(-1)! <= longest) edges.push(longest + 1);
  const counts = new Array<number>(edges.length - 1).fill(0);
  for (const length of sorted) counts[Math.min(counts.length - 1, Math.floor(length / width))]!++;
  return { edges, counts };
}

function medianOf(lengths: readonly number[]): number {
  const sorted = Float64Array.from(lengths).sort();
  const middle = sorted.length >> 1;
  if (sorted.length === 0) return 0;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Takes the pieces of documents and says at the end what there was. */
export class Surveyor {
  private readonly lengths: number[] = [];
  private readonly letters = new LetterCount();
  private readonly seen = new HashSet64();
  private readonly firsts: string[] = [];
  /** So far, in UTF-8. */
  bytes = 0;
  private duplicates = 0;
  // The open document.
  private hash: Hash64 = [0, 0];
  private length = 0;
  private start = '';
  /** What is not counted yet: tokens may lie across the border of two pieces. */
  private waiting = '';

  /** `count` says how many tokens a text has, `cuts` whether they add up at spaces (`Tokenizer.cutsAtSpaces`). */
  constructor(
    private readonly count: (text: string) => number,
    private readonly cuts = false,
  ) {}

  add({ text, continues }: DocumentPiece): void {
    this.bytes += utf8Length(text);
    this.waiting += text;
    this.countTo(continues && this.cuts ? lastCut(this.waiting) : this.waiting.length);
    this.letters.add(text);
    if (this.start.length <= FIRST_LENGTH) this.start += text.slice(0, FIRST_LENGTH + 1);
    const [low, high] = this.hash;
    hash64(low === 0 && high === 0 ? text : `${low} ${high} ${text}`, this.hash);
    if (!continues) this.end();
  }

  private countTo(end: number): void {
    if (end === 0) return;
    this.length += this.count(this.waiting.slice(0, end));
    this.waiting = this.waiting.slice(end);
  }

  private end(): void {
    if (!this.seen.add(this.hash)) this.duplicates++;
    this.lengths.push(this.length);
    if (this.firsts.length < FIRSTS) this.firsts.push(clip(this.start));
    this.hash = [0, 0];
    this.length = 0;
    this.start = '';
  }

  /** A document that has begun and not ended is counted as it is. */
  survey(): TextSurvey {
    this.countTo(this.waiting.length);
    if (this.length > 0) this.end();
    const { lengths, bytes, duplicates, firsts } = this;
    return {
      ...{ documents: lengths.length, bytes, duplicates, firsts },
      tokens: lengths.reduce((sum, length) => sum + length, 0),
      medianLength: medianOf(lengths),
      longestLength: lengths.reduce((most, length) => Math.max(most, length), 0),
      lengths: histogramOf(lengths),
      scripts: this.letters.shares(),
    };
  }
}
