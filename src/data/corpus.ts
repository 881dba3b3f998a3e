/**
 * A text as documents, and as the token stream that models learn from: every document starts with the end-of-text
 * token, and the documents stand one after the other.
 */
import { DataError } from '../errors';
import type { Tokenizer } from './tokens';

export interface Corpus {
  readonly name: string;
  readonly documents: readonly string[];
  /** One sentence each. */
  readonly warnings: readonly string[];
  /** The share of the source that was read; the rest was not wanted. */
  readonly share: number;
}

export interface TokenStream {
  /** 16 bits where the vocabulary allows it. */
  readonly ids: Uint16Array | Uint32Array;
  /** Where in `ids` each document starts, with its end-of-text token. */
  readonly documentStarts: readonly number[];
  readonly documents: number;
}

/** A text split for training. */
export interface SplitText {
  readonly train: TokenStream;
  readonly validation: TokenStream;
}

/** Share of the text that is held out. */
export const VALIDATION_SHARE = 0.05;

/** Fewer documents than this, and a text is split by passages. */
const ENOUGH_DOCUMENTS = 20;

/** Characters of a passage: a few windows of 128 tokens, so that few windows straddle a cut. */
const PASSAGE_LENGTH = 4000;

/** Encodes every document after an end-of-text token. `onProgress` gets the share done, now and then. */
export function encodeDocuments(
  documents: readonly string[],
  tokenizer: Tokenizer,
  onProgress?: (share: number) => void,
): TokenStream {
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
  const ids = tokenizer.vocabSize <= 0x10000 ? new Uint16Array(length) : new Uint32Array(length);
  for (const [i, part] of parts.entries()) {
    ids[documentStarts[i]!] = tokenizer.endOfText;
    ids.set(part, documentStarts[i]! + 1);
  }
  return { ids, documentStarts, documents: documents.length };
}

/** A stream of ids whose documents start with `endOfText`, as the bundled demo holds them. */
export function streamOf(ids: Uint16Array | Uint32Array, endOfText: number): TokenStream {
  const documentStarts: number[] = [];
  for (let i = 0; i < ids.length; i++) if (ids[i] === endOfText) documentStarts.push(i);
  return { ids, documentStarts, documents: documentStarts.length };
}

/** FNV-1a with a final mix. Equal texts have equal hashes, so that a document and its copy stay on one side. */
export function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return (hash ^ (hash >>> 13)) >>> 0;
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

/** Units in the order of their hash, equal ones side by side. */
function byHash(units: readonly string[]): number[] {
  const hashes = units.map(hashOf);
  return units.map((_, i) => i).sort((a, b) => hashes[a]! - hashes[b]! || a - b);
}

/**
 * Which units are held out: in the order of their hash until the share is reached and `atLeast` of them are. Units
 * far longer than the others stay in training, so that one long document cannot take most of the text away.
 */
function chooseHeldOut(units: readonly string[], atLeast: number): Set<number> {
  const total = units.reduce((sum, unit) => sum + unit.length, 0);
  const longest = Math.max(2 * VALIDATION_SHARE * total, (2 * total) / units.length);
  const heldOut = new Set<number>();
  let size = 0;
  let last: string | undefined;
  for (const i of byHash(units)) {
    const unit = units[i]!;
    const enough = size >= VALIDATION_SHARE * total && heldOut.size >= atLeast;
    if (enough && unit !== last) break;
    if (unit.length > longest) continue;
    heldOut.add(i);
    last = unit;
    size += unit.length;
  }
  return heldOut;
}

/** Neighbouring passages of one document on one side become one document again. */
function joinRuns(
  passages: readonly { document: number; text: string }[],
  kept: (i: number) => boolean,
): string[] {
  const runs: string[] = [];
  let previous = -2;
  for (const [i, passage] of passages.entries()) {
    if (!kept(i)) continue;
    const continues = previous === i - 1 && passages[previous]?.document === passage.document;
    if (continues) runs[runs.length - 1] += passage.text;
    else runs.push(passage.text);
    previous = i;
  }
  return runs;
}

/**
 * Splits a text into training and validation, about 5 % held out, and encodes both: by whole documents where there
 * are enough of them, by passages otherwise. The same text is always split the same way; at least one window of
 * `contextLength` + 1 tokens is held out. Throws DataError when the text is too short for both.
 */
export function splitCorpus(
  corpus: Omit<Corpus, 'share'>,
  tokenizer: Tokenizer,
  contextLength: number,
): SplitText {
  const byDocument = corpus.documents.length >= ENOUGH_DOCUMENTS;
  const units = corpus.documents.flatMap((text, document) =>
    byDocument ? [{ document, text }] : passagesOf(text).map((passage) => ({ document, text: passage })),
  );
  const texts = units.map((unit) => unit.text);
  for (let atLeast = 1; atLeast < units.length; atLeast *= 2) {
    const heldOut = chooseHeldOut(texts, atLeast);
    const validation = encodeDocuments(
      joinRuns(units, (i) => heldOut.has(i)),
      tokenizer,
    );
    if (validation.ids.length < contextLength + 1) continue;
    const train = encodeDocuments(
      joinRuns(units, (i) => !heldOut.has(i)),
      tokenizer,
    );
    if (train.ids.length >= contextLength + 2) return { train, validation };
    break;
  }
  const tokens = encodeDocuments(corpus.documents, tokenizer).ids.length;
  throw new DataError(
    `${corpus.name} has ${tokens} tokens, too few to learn from and to hold some out in windows of ${contextLength}`,
    `Bring a longer text (from about ${(20 * (contextLength + 1)).toLocaleString('en')} tokens on), or choose a shorter context.`,
  );
}

/** The first `share` of a stream's documents, by tokens; at least one. */
export function takeShare(stream: TokenStream, share: number): TokenStream {
  if (share >= 1) return stream;
  const wanted = share * stream.ids.length;
  const count = Math.max(1, stream.documentStarts.filter((start) => start < wanted).length);
  const end = stream.documentStarts[count] ?? stream.ids.length;
  return {
    ids: stream.ids.slice(0, end),
    documentStarts: stream.documentStarts.slice(0, count),
    documents: count,
  };
}

/** The first windows of a stream as the model sees them; `start` marks a document's first token. */
export function previewWindows(
  stream: TokenStream,
  tokenizer: Tokenizer,
  contextLength: number,
  count: number,
): { tokens: { text: string; id: number; start: boolean }[] }[] {
  const starts = new Set(stream.documentStarts);
  const windows = Math.min(count, Math.ceil(stream.ids.length / contextLength));
  return Array.from({ length: windows }, (_, w) => {
    const from = w * contextLength;
    const ids = Array.from(stream.ids.subarray(from, from + contextLength));
    return {
      tokens: ids.map((id, i) => ({ text: tokenizer.tokenText(id), id, start: starts.has(from + i) })),
    };
  });
}
