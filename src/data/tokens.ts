/** What a tokenizer is, whichever way it was made. */
import type { StreamDecoder } from './byteAlphabet';
import type { TokenizerFiles } from './tokenizer';

/** Ids in memory or in a file; arrays and typed arrays are such. */
export interface TokenSequence {
  readonly length: number;
  /** Ids [start, end), for reading only. */
  slice(start: number, end: number): ArrayLike<number>;
  /** Says which ranges of `length` ids are wanted next, so that a file is read in its own order. */
  readAhead?(starts: ArrayLike<number>, length: number): void;
}

/** What `loadTokenizer` makes a tokenizer from: plain data, with which a worker makes the same one. */
export interface TokenizerOrigin {
  readonly files: TokenizerFiles;
  readonly vocabSize: number;
}

export interface Tokenizer {
  /** Number of ids: the highest plus one. A model's vocabulary may hold up to 1,023 unused rows more. */
  readonly vocabSize: number;
  /** The id that starts every document. */
  readonly endOfText: number;
  /** Equal for equal vocabularies. */
  readonly fingerprint: string;
  readonly origin: TokenizerOrigin;
  /**
   * Text may be cut before a space or a line feed that follows other than white space, and its parts encoded one by
   * one: the ids are the same.
   */
  readonly cutsAtSpaces: boolean;
  /** No id is added; the text of a special token is encoded as ordinary text. */
  encode(text: string): number[];
  /** Bytes that do not make a character become U+FFFD; unknown ids give nothing. */
  decode(ids: ArrayLike<number>): string;
  /** One token for people; a part of a character is written as its bytes, `\xF0\x9F`. */
  tokenText(id: number): string;
  /** Decodes ids that arrive one by one without breaking characters. */
  streamDecoder(): StreamDecoder;
}

/** A folder of files, wherever it is. Structurally the `FileSet` of the room io. */
export interface Folder {
  open(
    name: string,
  ): Promise<{ readonly size: number; read(start: number, end: number): Promise<Uint8Array> } | null>;
}
