/**
 * A text as a protocol of perplexity has it, while it streams: as it came or detokenised (detokenise.ts), with a count of
 * the words of the text as it came. Both go line by line, so that a document of any size takes the memory of a line.
 */
import type { TEXT_FORMS } from '../recipe/protocols';
import { checkLength } from './dataFile';
import { detokenise, wordCount } from './detokenise';
import { Pieces } from './documentPieces';
import type { DocumentPiece, DocumentSource } from './documents';

/** What is kept with the tokens of such a text. */
export interface WordReport {
  /** Between white space, of the text as it came. */
  readonly words: number;
}

export interface ProtocolSource extends DocumentSource {
  readonly report: WordReport;
}

/** The documents of a source in the form that a protocol asks for. */
export function protocolSource(source: DocumentSource, form: (typeof TEXT_FORMS)[number]): ProtocolSource {
  let words = 0;
  async function* documents(signal?: AbortSignal): AsyncGenerator<readonly DocumentPiece[]> {
    words = 0;
    const pieces = new Pieces();
    /** The line that has begun. */
    let line: string[] = [];
    let length = 0;
    const give = (text: string) => {
      words += wordCount(text);
      pieces.part(form === 'raw' ? text : detokenise(text));
      line = [];
      length = 0;
    };
    for await (const batch of source.documents(signal)) {
      for (const { text, continues } of batch) {
        const end = continues ? text.lastIndexOf('\n') : text.length;
        if (end >= 0) {
          give([...line, text.slice(0, end)].join(''));
          if (continues) pieces.part('\n');
        }
        if (continues) line.push(text.slice(end + 1));
        else pieces.end();
        length += text.length;
        checkLength(`a line of ${source.name}`, length);
      }
      yield pieces.take();
    }
  }
  return {
    ...{ name: source.name, key: `${source.key} ${form} with words`, share: source.share, documents },
    ...(source.plain !== undefined && { plain: source.plain }),
    get warnings() {
      return source.warnings;
    },
    get progress() {
      return source.progress;
    },
    get report() {
      return { words };
    },
  };
}
