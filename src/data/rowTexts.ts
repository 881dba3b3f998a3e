/**
 * Text from rows: every row is a document, or, with `join`, all rows of a source are one running text with `join` between
 * them (Python's `join.join(rows)`), file after file. Where a fraction leaves row groups out, a new document begins, so
 * that no text is made of what does not belong together.
 */
import { DataError } from '../errors';
import type { DocumentPiece } from './documents';
import { Pieces } from './documentPieces';
import type { RowStream, TableRow } from './tables';

/** A row's text; null is an empty one, as datasets have them. Throws DataError. */
function textOfRow(where: string, { fields }: TableRow, column: string): string {
  const text = fields[column];
  if (typeof text === 'string') return text;
  if (text === null) return '';
  const columns = Object.keys(fields).map((key) => JSON.stringify(key));
  const found =
    text === undefined ? `it has ${columns.join(', ') || 'no columns'}` : `it is ${typeof text} there`;
  throw new DataError(
    `${where} has no text in the column ${JSON.stringify(column)}: ${found}`,
    'Call it "text", or name the column that holds it: "column" in a recipe, --column for eval.',
  );
}

async function* textsOf({ file, batches }: RowStream, column: string) {
  for await (const batch of batches) {
    const texts = batch.map((row) => textOfRow(`${file.name}, line ${row.line}`, row, column));
    yield { texts, batch };
  }
}

/** Pieces of a file, and whether there was any text in what they come from. */
export interface PiecesOfRows {
  readonly pieces: readonly DocumentPiece[];
  readonly any: boolean;
}

/** What reads the rows of a source's files, one file after the other. */
export interface RowReader {
  read(stream: RowStream): AsyncGenerator<PiecesOfRows>;
  /** The text that is still open; before a file that is no table, and at the end. */
  end(): readonly DocumentPiece[];
}

const isBlank = (text: string) => text.trim() === '';

/** Every row a document; those of white space alone are left out, and counted in `warnings`. */
export function rowsAsDocuments(column: string, warnings: string[]): RowReader {
  return {
    async *read(stream) {
      let empty = 0;
      for await (const { texts } of textsOf(stream, column)) {
        const full = texts.filter((text) => !isBlank(text));
        empty += texts.length - full.length;
        yield { pieces: full.map((text) => ({ text })), any: full.length > 0 };
      }
      if (empty > 0)
        warnings.push(`${empty.toLocaleString('en')} rows of ${stream.file.name} are empty and left out.`);
    },
    end: () => [],
  };
}

/** `gaps`: whether rows may have been left out, which only Parquet's row groups are. */
export function rowsJoined(column: string, join: string, gaps: boolean): RowReader {
  const pieces = new Pieces();
  /** Whether the open text has a row. */
  let open = false;
  /** Whether the last file was read to its last row. */
  let complete = true;
  const close = () => {
    pieces.end();
    open = false;
  };
  return {
    async *read(stream) {
      let line = 0;
      for await (const { texts, batch } of textsOf(stream, column)) {
        const follows = batch[0]?.line === line + 1 && (line > 0 || complete);
        if (gaps && batch.length > 0 && !follows) close();
        line = batch.at(-1)?.line ?? line;
        for (const text of texts) {
          pieces.part(open ? join + text : text);
          open = true;
        }
        yield { pieces: pieces.take(), any: texts.some((text) => !isBlank(text)) };
      }
      complete = line === stream.rows;
    },
    end() {
      close();
      return pieces.take();
    },
  };
}
