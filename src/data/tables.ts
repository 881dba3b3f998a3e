/**
 * Tables of labelled rows: `.jsonl` (one object a line), `.csv` (RFC 4180: quoted fields may hold separators and line
 * feeds), `.tsv` (plain, as GLUE's: a quotation mark is a character like others). The first line of the latter two names
 * the columns. Every row knows the line it starts at.
 */
import { parse } from 'papaparse';
import { DataError } from '../errors';
import { readText, type TextFile } from './textFiles';
import type { Fields } from './tasks';

export interface TableRow {
  /** In the file, from 1. */
  readonly line: number;
  readonly fields: Fields;
}

export interface Table {
  readonly name: string;
  readonly rows: readonly TableRow[];
}

function parseObjectRow(name: string, line: number, text: string): Fields {
  let row: unknown;
  try {
    row = JSON.parse(text);
  } catch (error) {
    const reason = (error as Error).message;
    throw new DataError(`${name}, line ${line} is not JSON: ${reason}`, 'Each line is one JSON object.', {
      cause: error,
    });
  }
  if (typeof row === 'object' && row !== null && !Array.isArray(row)) return row as Fields;
  throw new DataError(`${name}, line ${line} is not a JSON object`, 'Each line is one JSON object.');
}

function jsonRows(name: string, text: string): TableRow[] {
  return text.split('\n').flatMap((row, i) => {
    const line = i + 1;
    return row.trim() === '' ? [] : [{ line, fields: parseObjectRow(name, line, row) }];
  });
}

/** No text that `readText` lets through holds it, so nothing is quoted. */
const NO_QUOTE = '\0';

/** Spreadsheets in many languages separate by semicolons; the line of column names tells. */
function separatorOf(csv: string): string {
  const names = csv.slice(0, csv.indexOf('\n') >>> 0);
  return names.includes(';') && !names.includes(',') ? ';' : ',';
}

function delimitedRows(name: string, text: string, kind: 'csv' | 'tsv'): TableRow[] {
  let header: string[] | undefined;
  const rows: TableRow[] = [];
  let line = 1;
  let seen = 0;
  parse<string[]>(text, {
    delimiter: kind === 'tsv' ? '\t' : separatorOf(text),
    quoteChar: kind === 'tsv' ? NO_QUOTE : '"',
    step({ data, errors, meta }) {
      const at = line;
      for (; seen < meta.cursor; seen++) if (text.charCodeAt(seen) === 10) line++;
      const [error] = errors.filter(({ type }) => type === 'Quotes');
      if (error) {
        throw new DataError(
          `${name}, line ${at} has a quotation mark that does not end where its field ends`,
          'Double the quotation marks inside quoted fields.',
        );
      }
      if (data.length === 1 && data[0]!.trim() === '') return;
      if (!header) {
        header = data.map((column) => column.trim());
        return;
      }
      if (data.length !== header.length) {
        throw new DataError(
          `${name}, line ${at} has ${data.length} fields, the first line names ${header.length} columns`,
          kind === 'tsv' ? 'Fields are separated by tabs.' : 'Quote fields that hold the separator.',
        );
      }
      rows.push({ line: at, fields: Object.fromEntries(header.map((column, i) => [column, data[i]])) });
    },
  });
  return rows;
}

/** Reads one file. Throws DataError with file and line for what cannot be read, or when it has no rows. */
export async function readTable(file: TextFile): Promise<Table> {
  const { name } = file;
  const kind = /\.(jsonl|ndjson|csv|tsv)$/i.exec(name)?.[1]?.toLowerCase();
  if (kind === undefined) {
    throw new DataError(
      `${name} is neither .jsonl, .csv nor .tsv`,
      'Bring labelled rows in one of these forms.',
    );
  }
  const text = await readText(file);
  const rows = kind === 'csv' || kind === 'tsv' ? delimitedRows(name, text, kind) : jsonRows(name, text);
  if (rows.length === 0) throw new DataError(`${name} has no rows in it`, 'Choose another file.');
  return { name, rows };
}
