/**
 * `.csv` (RFC 4180: quoted fields may hold separators and line feeds) and `.tsv` (plain, as GLUE's: a quotation mark is
 * a character like others), piece by piece. The first line names the columns.
 */
import { Parser } from 'papaparse';
import { DataError } from '../errors';
import { checkLength, textOf, type DataFile } from './dataFile';
import type { TableRow } from './tables';

/** What papaparse hands to `step`. Its types leave the incremental parser open. */
interface Step {
  data: string[][];
  errors: { type: string }[];
  meta: { cursor: number };
}

/** No text that `textOf` lets through holds it at its start, so nothing is quoted. */
const NO_QUOTE = '\0';

/** Spreadsheets in many languages separate by semicolons; the line of column names tells. */
function separatorOf(csv: string): string {
  const names = csv.slice(0, csv.indexOf('\n') >>> 0);
  return names.includes(';') && !names.includes(',') ? ';' : ',';
}

class DelimitedReader {
  private readonly parser: Parser;
  private header: string[] | undefined;
  private rows: TableRow[] = [];
  private line = 1;
  /** What is not yet parsed, and up to where its lines are counted. */
  private text = '';
  private seen = 0;

  constructor(
    private readonly name: string,
    private readonly kind: 'csv' | 'tsv',
    start: string,
  ) {
    this.parser = new Parser({
      delimiter: kind === 'tsv' ? '\t' : separatorOf(start),
      quoteChar: kind === 'tsv' ? NO_QUOTE : '"',
      newline: /\r?\n/.exec(start)?.[0] === '\r\n' ? '\r\n' : '\n',
      step: (step) => this.add(step),
    });
  }

  private add({ data: [fields], errors, meta }: Step): void {
    const at = this.line;
    for (; this.seen < meta.cursor; this.seen++) if (this.text.charCodeAt(this.seen) === 10) this.line++;
    if (errors.some(({ type }) => type === 'Quotes')) {
      throw new DataError(
        `${this.name}, line ${at} has a quotation mark that does not end where its field ends`,
        'Double the quotation marks inside quoted fields.',
      );
    }
    if (!fields || (fields.length === 1 && fields[0]!.trim() === '')) return;
    const { header } = this;
    if (!header) {
      this.header = fields.map((column) => column.trim());
      return;
    }
    if (fields.length !== header.length) {
      throw new DataError(
        `${this.name}, line ${at} has ${fields.length} fields, the first line names ${header.length} columns`,
        this.kind === 'tsv' ? 'Fields are separated by tabs.' : 'Quote fields that hold the separator.',
      );
    }
    this.rows.push({ line: at, fields: Object.fromEntries(header.map((column, i) => [column, fields[i]])) });
  }

  /** Parses what is complete, or all of it at the end of the file; gives the rest back. */
  parse(text: string, atEnd: boolean): { rows: TableRow[]; rest: string } {
    this.text = text;
    this.seen = 0;
    this.rows = [];
    const { meta } = this.parser.parse(text, 0, !atEnd) as Step;
    return { rows: this.rows, rest: atEnd ? '' : text.slice(Math.max(meta.cursor, this.seen)) };
  }
}

/** The rows of a file, some at a time. Throws DataError with file and line. */
export async function* delimitedRows(
  file: DataFile,
  kind: 'csv' | 'tsv',
): AsyncGenerator<readonly TableRow[]> {
  let reader: DelimitedReader | undefined;
  let open = '';
  // A field that is longer than a piece is tried again only when twice as much has come.
  let enough = 0;
  for await (const piece of textOf(file)) {
    open += piece;
    checkLength(file.name, open.length);
    if (open.length < enough || !open.includes('\n')) continue;
    reader ??= new DelimitedReader(file.name, kind, open);
    const { rows, rest } = reader.parse(open, false);
    enough = rest.length === open.length ? 2 * open.length : 0;
    open = rest;
    yield rows;
  }
  yield (reader ?? new DelimitedReader(file.name, kind, open)).parse(open, true).rows;
}
