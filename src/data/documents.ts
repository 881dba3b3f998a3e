/**
 * Text from anywhere as a stream of documents: what sources give, what cleaning passes on, what is tokenised. A document
 * of any size goes through in bounded memory, so it may come in several pieces.
 */
import { checkLength } from './dataFile';

/** A document, or a part of one: the next piece goes on with it where `continues` says so. Pieces may be cut anywhere. */
export interface DocumentPiece {
  readonly text: string;
  /** The document is not over. */
  readonly continues?: boolean;
}

export interface SourceProgress {
  /** Bytes of the source that the latest `documents` has read. */
  readonly done: number;
  /** Undefined where it is not known beforehand. */
  readonly total: number | undefined;
}

/** Text from anywhere, document by document, in a fixed order; read anew by each call of `documents`. */
export interface DocumentSource {
  readonly name: string;
  /**
   * Changes whenever what `documents` gives would: source, sizes, ETags or times, column, fraction, seed, cleaning.
   * Equal keys share their tokens, over sessions too.
   */
  readonly key: string;
  /** The share of the source that is read; the rest was not wanted. */
  readonly share: number;
  /**
   * Some pieces at a time. Throws DataError with file and line for what cannot be read. No document is of white space
   * alone.
   */
  documents(signal?: AbortSignal): AsyncIterable<readonly DocumentPiece[]>;
  /** One sentence each; complete when `documents` has ended. */
  readonly warnings: readonly string[];
  readonly progress: SourceProgress;
  /** No row is a document in it: a plain text, or rows that are joined to one. */
  readonly plain?: boolean;
  /** Plain data that is kept with the tokens, such as what was cleaned away; complete when `documents` has ended. */
  readonly report?: unknown;
}

/** The documents of a source that fits in memory, put together. Throws DataError beyond 256 MB of text. */
export async function collectDocuments(source: DocumentSource, signal?: AbortSignal): Promise<string[]> {
  const documents: string[] = [];
  let open: string[] = [];
  let length = 0;
  for await (const pieces of source.documents(signal)) {
    for (const { text, continues } of pieces) {
      length += text.length;
      checkLength(source.name, length);
      open.push(text);
      if (continues) continue;
      documents.push(open.length === 1 ? text : open.join(''));
      open = [];
    }
  }
  return documents;
}

/** Documents that are in memory already. */
export function documentsInMemory(
  name: string,
  key: string,
  documents: readonly string[],
  share = 1,
): DocumentSource {
  const AT_ONCE = 64;
  const total = documents.reduce((sum, text) => sum + text.length, 0);
  let done = 0;
  return {
    ...{ name, key, share, warnings: [] },
    get progress() {
      return { done, total };
    },
    async *documents() {
      done = 0;
      for (let i = 0; i < documents.length; i += AT_ONCE) {
        const batch = documents.slice(i, i + AT_ONCE);
        for (const text of batch) done += text.length;
        yield await Promise.resolve(batch.map((text) => ({ text })));
      }
    },
  };
}
