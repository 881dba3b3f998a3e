/**
 * A text as documents, and as the token stream that models learn from: every document starts with the end-of-text
 * token, and the documents stand one after the other.
 */
import { DataError } from '../errors';
import { hashOf, heldOutChoices } from './heldOut';
import type { Tokenizer, TokenSequence } from './tokens';

export interface Corpus {
  readonly name: string;
  readonly documents: readonly string[];
  /** One sentence each. */
  readonly warnings: readonly string[];
  /** The share of the source that was read; the rest was not wanted. */
  readonly share: number;
}

/** 16 bits where the vocabulary allows it. */
export type Ids = Uint16Array | Uint32Array;

export interface TokenStream<Held extends TokenSequence = TokenSequence> {
  readonly ids: Held;
  /** Where in `ids` each document starts, with its end-of-text token. */
  readonly documentStarts: ArrayLike<number>;
  readonly documents: number;
}

/** A text split for training. */
export interface SplitText<Held extends TokenSequence = TokenSequence> {
  readonly train: TokenStream<Held>;
  readonly validation: TokenStream<Held>;
}

/** Fewer documents than this, and a text is split by passages. */
export const ENOUGH_DOCUMENTS = 20;

/** Characters of a passage: a few windows of 128 tokens, so that few windows straddle a cut. */
const PASSAGE_LENGTH = 4000;

/** The array that holds ids of a tokenizer. */
export const idsOf = ({ vocabSize }: Pick<Tokenizer, 'vocabSize'>) =>
  vocabSize <= 0x10000 ? Uint16Array : Uint32Array;

/** Encodes every document after an end-of-text token. `onProgress` gets the share done, now and then. */
export function encodeDocuments(
  documents: readonly string[],
  tokenizer: Tokenizer,
  onProgress?: (share: number) => void,
): TokenStream<Ids> & { documentStarts: number[] } {
  const parts: number[][] = [];
  const documentStarts: number[] = [];
  let length = 0;
  for (const [i, text] of documents.entries()) {
    const ids = tokenizer.encode(text);
    parts.push(ids);
    documentStarts.push(length);
    length += ids.length + 1;
    if (onProgress && i % 64 === 0) onProgress(i / documents.length);
  }
  const ids = new (idsOf(tokenizer))(length);
  for (const [i, part] of parts.entries()) {
    ids[documentStarts[i]!] = tokenizer.endOfText;
    ids.set(part, documentStarts[i]! + 1);
  }
  return { ids, documentStarts, documents: documents.length };
}

/** A stream of ids whose documents start with `endOfText`, as the bundled demo holds them. */
export function streamOf(ids: Ids, endOfText: number): TokenStream<Ids> & { documentStarts: number[] } {
  const documentStarts: number[] = [];
  for (let i = 0; i < ids.length; i++) if (ids[i] === endOfText) documentStarts.push(i);
  return { ids, documentStarts, documents: documentStarts.length };
}

/** Cuts a text behind blank lines, or behind sentences where there are none; nothing is lost in between. */
export function passagesOf(text: string): string[] {
  const pieces = cutBehind(text, /\n\s*\n/g);
  const passages: string[] = [];
  let open = '';
  for (const piece of pieces.flatMap((each) => (each.length > PASSAGE_LENGTH ? cutLong(each) : [each]))) {
    open += piece;
    if (open.length < PASSAGE_LENGTH) continue;
    passages.push(open);
    open = '';
  }
  if (open !== '') passages.push(open);
  return passages;
}

/** The text in pieces that end with a match each. Not `split` by a look-behind, which is quadratic in white space. */
function cutBehind(text: string, separator: RegExp): string[] {
  const ends = Array.from(text.matchAll(separator), (match) => match.index + match[0].length);
  return [...ends, text.length].map((end, i) => text.slice(ends[i - 1] ?? 0, end));
}

/** Behind a line or a sentence; where there is neither, behind a word or after PASSAGE_LENGTH characters. */
function cutLong(text: string): string[] {
  const cuts: string[] = [];
  let rest = text;
  while (rest.length > PASSAGE_LENGTH) {
    const head = rest.slice(0, PASSAGE_LENGTH);
    const end = Math.max(
      head.lastIndexOf('\n'),
      head.lastIndexOf('. '),
      head.lastIndexOf('! '),
      head.lastIndexOf('? '),
    );
    const word = head.lastIndexOf(' ');
    const at = end >= PASSAGE_LENGTH / 2 ? end + 1 : word >= PASSAGE_LENGTH / 2 ? word : PASSAGE_LENGTH;
    cuts.push(rest.slice(0, at));
    rest = rest.slice(at);
  }
  return [...cuts, rest];
}

/** A part of a text that is learned from or held out as one document. */
export interface SplitRun {
  readonly text: string;
  readonly heldOut: boolean;
}

/**
 * A text in runs on one side each, in its own order: whole documents where there are enough of them; of few documents
 * passages, of which neighbours on one side are one run. Gives one split after the other, with ever more held out.
 */
export function* splitDocuments(documents: readonly string[]): Generator<SplitRun[]> {
  const byDocument = documents.length >= ENOUGH_DOCUMENTS;
  const units = documents.flatMap((text, document) =>
    byDocument ? [{ document, text }] : passagesOf(text).map((passage) => ({ document, text: passage })),
  );
  const hashes = Uint32Array.from(units, ({ text }) => hashOf(text));
  const lengths = Uint32Array.from(units, ({ text }) => text.length);
  for (const heldOut of heldOutChoices({ hashes, lengths })) {
    const runs: { text: string; heldOut: boolean }[] = [];
    for (const [i, { document, text }] of units.entries()) {
      const continues = i > 0 && units[i - 1]!.document === document && heldOut[i - 1] === heldOut[i];
      if (continues) runs[runs.length - 1]!.text += text;
      else runs.push({ text, heldOut: heldOut[i] === 1 });
    }
    yield runs;
  }
}

/** Tokens that each side of a split needs, for windows of `contextLength` + 1. */
export const enoughTokens = (contextLength: number) => ({
  validation: contextLength + 1,
  train: contextLength + 2,
});

export function tooShort(name: string, tokens: number, contextLength: number): DataError {
  return new DataError(
    `${name} has ${tokens} tokens, too few to learn from and to hold some out in windows of ${contextLength}`,
    `Bring a longer text (from about ${(20 * (contextLength + 1)).toLocaleString('en')} tokens on), or choose a shorter context.`,
  );
}

/**
 * Splits a text into training and validation, about 5 % held out, and encodes both. At least one window of
 * `contextLength` + 1 tokens is held out. Throws DataError when the text is too short for both.
 */
export function splitCorpus(
  { name, documents }: Pick<Corpus, 'name' | 'documents'>,
  tokenizer: Tokenizer,
  contextLength: number,
): SplitText<Ids> {
  const enough = enoughTokens(contextLength);
  for (const runs of splitDocuments(documents)) {
    const side = (heldOut: boolean) => runs.filter((run) => run.heldOut === heldOut).map(({ text }) => text);
    const validation = encodeDocuments(side(true), tokenizer);
    if (validation.ids.length < enough.validation) continue;
    const train = encodeDocuments(side(false), tokenizer);
    if (train.ids.length >= enough.train) return { train, validation };
    break;
  }
  throw tooShort(name, encodeDocuments(documents, tokenizer).ids.length, contextLength);
}

/** The ids [start, end) of a sequence. */
export function idsBetween(ids: TokenSequence, start: number, end: number): TokenSequence {
  if (ids instanceof Uint16Array || ids instanceof Uint32Array) return ids.subarray(start, end);
  return {
    length: end - start,
    slice: (from, to) => ids.slice(start + from, start + to),
    readAhead: (starts, length) =>
      ids.readAhead?.(
        Float64Array.from(starts, (at) => start + at),
        length,
      ),
  };
}

/** The place of the first of ascending numbers that is not below `value`. */
export function firstNotBelow(ascending: ArrayLike<number>, value: number): number {
  let [low, high] = [0, ascending.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ascending[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Tokens beyond a share that its last document may bring along; a book, or a text of joined rows, has more. */
const LONG_REST = 1 << 16;

/** The first `share` of a stream's documents, by tokens; at least one. Of a very long last one only the start. */
export function takeShare(stream: TokenStream, share: number): TokenStream {
  if (share >= 1) return stream;
  const { ids, documentStarts } = stream;
  const wanted = Math.ceil(share * ids.length);
  const count = Math.max(1, firstNotBelow(documentStarts, share * ids.length));
  const whole = documentStarts[count] ?? ids.length;
  const end = whole - wanted > LONG_REST ? wanted : whole;
  return {
    ids: idsBetween(ids, 0, end),
    documentStarts: Float64Array.from({ length: count }, (_, i) => documentStarts[i]!),
    documents: count,
  };
}

/** The first windows of a stream as the model sees them; `start` marks a document's first token. */
export function previewWindows(
  { ids, documentStarts }: TokenStream,
  tokenizer: Tokenizer,
  contextLength: number,
  count: number,
): { tokens: { text: string; id: number; start: boolean }[] }[] {
  const windows = Math.min(count, Math.ceil(ids.length / contextLength));
  return Array.from({ length: windows }, (_, w) => {
    const from = w * contextLength;
    const own = Array.from(ids.slice(from, Math.min(ids.length, from + contextLength)));
    return {
      tokens: own.map((id, i) => ({
        text: tokenizer.tokenText(id),
        id,
        start: documentStarts[firstNotBelow(documentStarts, from + i)] === from + i,
      })),
    };
  });
}
