/**
 * Documents of any size as jobs of some 256,000 characters for encoders. A long document is cut where its parts give the
 * same ids as the whole, so that neither the pieces that a source gives nor the number of encoders makes a difference.
 */
import { DataError } from '../../errors';
import { utf8Length } from '../cleaning/measure';
import { continueHash, finishHash, HASH_START } from '../heldOut';

/** A part of a document, and on which side of a split that is where it is known beforehand. */
export interface SplitPiece {
  readonly text: string;
  readonly continues?: boolean | undefined;
  readonly heldOut?: boolean | undefined;
}

/** Texts that are encoded one by one. */
export interface EncodeJob {
  readonly texts: readonly string[];
  /** Which of them begin a document, and so get an end-of-text token in front. */
  readonly begins: readonly boolean[];
}

/** What is known of a document that went through. */
export interface DocumentFacts {
  /** `hashOf` its text. */
  readonly hash: number;
  readonly characters: number;
  readonly bytes: number;
  readonly heldOut: boolean;
}

const JOB_CHARACTERS = 1 << 18;

/** A word of this length is none; one string holds not much more. */
const LONGEST_WORD = 1 << 26;

const WHITE = /\p{White_Space}/u;

/** The last place of a text, after its first character, before which it may be cut (`Tokenizer.cutsAtSpaces`); 0: none. */
export function lastCut(text: string): number {
  for (let i = text.length - 1; i > 0; i--) {
    const code = text.charCodeAt(i);
    if ((code === 32 || code === 10) && !WHITE.test(text[i - 1]!)) return i;
  }
  return 0;
}

/** Collects the open job and the open document. */
class Cutter {
  private texts: string[] = [];
  private begins: boolean[] = [];
  private size = 0;
  // The open document: what is not in a job yet, and what is known so far.
  private open: string[] = [];
  private openLength = 0;
  private begun = false;
  private hash = HASH_START;
  private characters = 0;
  private bytes = 0;

  constructor(
    private readonly cuts: boolean,
    private readonly jobCharacters: number,
    private readonly ended: (facts: DocumentFacts) => void,
  ) {}

  add({ text, continues, heldOut }: SplitPiece): void {
    this.hash = continueHash(this.hash, text);
    this.characters += text.length;
    this.bytes += utf8Length(text);
    this.open.push(text);
    this.openLength += text.length;
    if (!continues) this.end(heldOut ?? false);
    else if (this.openLength >= this.jobCharacters) this.cut();
  }

  /** A place to cut is looked for in what came last; before it there was none. */
  private cut(): void {
    const last = this.open.pop()!;
    const before = this.open.at(-1)?.at(-1) ?? '';
    const at = this.cuts ? lastCut(before + last) - before.length : 0;
    if (at <= 0) {
      this.open.push(last);
      if (this.openLength > LONGEST_WORD)
        throw new DataError(
          'a document has more than 64 million characters without a place to cut it',
          'Is it a text? Cut it into several documents.',
        );
      return;
    }
    this.open.push(last.slice(0, at));
    this.give();
    this.open = [last.slice(at)];
    this.openLength = last.length - at;
  }

  private give(): void {
    const text = this.open.length === 1 ? this.open[0]! : this.open.join('');
    this.texts.push(text);
    this.begins.push(!this.begun);
    this.size += text.length + 1;
    this.begun = true;
    this.open = [];
    this.openLength = 0;
  }

  private end(heldOut: boolean): void {
    this.give();
    this.ended({
      hash: finishHash(this.hash),
      characters: this.characters,
      bytes: this.bytes,
      heldOut,
    });
    this.begun = false;
    this.hash = HASH_START;
    this.characters = 0;
    this.bytes = 0;
  }

  /** The open job, if it is large enough or the last one. */
  take(atEnd: boolean): EncodeJob | undefined {
    if (this.texts.length === 0 || (!atEnd && this.size < this.jobCharacters)) return undefined;
    const job = { texts: this.texts, begins: this.begins };
    this.texts = [];
    this.begins = [];
    this.size = 0;
    return job;
  }
}

/** `cuts`: whether documents may be cut (`Tokenizer.cutsAtSpaces`). `ended` gets every document's facts in order. */
export async function* jobsOf(
  pieces: AsyncIterable<readonly SplitPiece[]>,
  cuts: boolean,
  ended: (facts: DocumentFacts) => void,
  jobCharacters = JOB_CHARACTERS,
): AsyncGenerator<EncodeJob> {
  const cutter = new Cutter(cuts, jobCharacters, ended);
  for await (const batch of pieces) {
    for (const piece of batch) {
      cutter.add(piece);
      const job = cutter.take(false);
      if (job) yield job;
    }
  }
  const job = cutter.take(true);
  if (job) yield job;
}
