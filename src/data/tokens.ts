/** What a tokenizer is, whichever way it was made. */
import type { StreamDecoder } from './byteAlphabet';

export interface Tokenizer {
  /** Number of ids: the highest plus one. A model's vocabulary may hold up to 1,023 unused rows more. */
  readonly vocabSize: number;
  /** The id that starts every document. */
  readonly endOfText: number;
  /** Equal for equal vocabularies. */
  readonly fingerprint: string;
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
