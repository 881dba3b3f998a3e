/**
 * Text files from outside: `.txt` (and `.md`) is one document, or several between lines or words of
 * `<|endoftext|>`; `.jsonl`, `.csv`, `.tsv` and `.parquet` have one document a row, in the column `text` unless another
 * is named. All but Parquet may be packed (`.gz`). White space stays as it is.
 */
import { CancelledError, DataError } from '../errors';
import type { Corpus } from './corpus';
import { kindOf, requireKind, textOf, type DataFile } from './dataFile';
import { collectDocuments, type DocumentPiece, type DocumentSource } from './documents';
import { END_OF_TEXT } from './pieces';
import { streamRows, type TableRow } from './tables';

/** What of the files is wanted. */
export interface WantedText {
  /** The column with the text; `text` when missing. */
  readonly column?: string | undefined;
  /** At least this share of the rows, where the format has parts that can be left unread; 1 when missing. */
  readonly fraction?: number | undefined;
  readonly seed?: number | undefined;
}

const KINDS = ['txt', 'jsonl', 'csv', 'tsv', 'parquet'] as const;

/** A row's document; null is an empty one, as datasets have them. */
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

/** Characters at the end of a text with which `<|endoftext|>` may begin. */
function borderBegun(text: string): number {
  let length = Math.min(text.length, END_OF_TEXT.length - 1);
  while (!text.endsWith(END_OF_TEXT.slice(0, length))) length--;
  return length;
}

/** Turns the parts of documents into pieces; a document of white space alone gives none. */
class Pieces {
  private pieces: DocumentPiece[] = [];
  /** White space that the open document begins with, until there is more. */
  private blank = '';
  /** The open document's last text, which becomes a piece when it is known whether more follows. */
  private last: string | undefined;

  part(text: string): void {
    if (text === '') return;
    if (this.last === undefined) {
      this.blank += text;
      if (this.blank.trim() === '') return;
      this.last = this.blank;
      this.blank = '';
      return;
    }
    this.pieces.push({ text: this.last, continues: true });
    this.last = text;
  }

  end(): void {
    if (this.last !== undefined) this.pieces.push({ text: this.last });
    this.last = undefined;
    this.blank = '';
  }

  take(): readonly DocumentPiece[] {
    const taken = this.pieces;
    this.pieces = [];
    return taken;
  }
}

async function* plainPieces(file: DataFile): AsyncGenerator<readonly DocumentPiece[]> {
  const pieces = new Pieces();
  let waiting = '';
  for await (const text of textOf(file)) {
    const parts = (waiting + text).split(END_OF_TEXT);
    const last = parts.pop()!;
    for (const part of parts) {
      pieces.part(part);
      pieces.end();
    }
    const end = last.length - borderBegun(last);
    pieces.part(last.slice(0, end));
    waiting = last.slice(end);
    yield pieces.take();
  }
  pieces.part(waiting);
  pieces.end();
  yield pieces.take();
}

async function* rowPieces(
  file: DataFile,
  batches: AsyncIterable<readonly TableRow[]>,
  column: string,
  warnings: string[],
): AsyncGenerator<readonly DocumentPiece[]> {
  let empty = 0;
  for await (const batch of batches) {
    const texts = batch.map((row) => textOfRow(`${file.name}, line ${row.line}`, row, column));
    const full = texts.filter((text) => text.trim() !== '');
    empty += texts.length - full.length;
    yield full.map((text) => ({ text }));
  }
  if (empty > 0) warnings.push(`${empty.toLocaleString('en')} rows of ${file.name} are empty and left out.`);
}

let unversioned = 0;

/** Name, size and version of a file. Without a version nobody can tell whether it is the same file another time. */
const fileKey = ({ name, size, version }: DataFile): string =>
  JSON.stringify([name, size, version ?? `unversioned ${++unversioned}`]);

/**
 * Several files as one text, in the given order, read in pieces. Of Parquet files with a fraction the footers are read
 * at once; all else when documents are asked for. Throws DataError for files that are none of the kinds.
 */
export async function fileDocuments(
  name: string,
  files: readonly DataFile[],
  { column = 'text', fraction, seed }: WantedText = {},
): Promise<DocumentSource> {
  if (files.length === 0)
    throw new DataError(`${name} has no text files`, 'Bring .txt, .jsonl, .csv, .tsv or .parquet.');
  files.forEach((file) => requireKind(file.name, KINDS));
  const progress = { done: 0, total: files.reduce((sum, file) => sum + file.size, 0) };
  const counted = files.map((file): DataFile => ({
    ...file,
    async read(start, end) {
      const bytes = await file.read(start, end);
      progress.done = Math.min(progress.total, progress.done + bytes.length);
      return bytes;
    },
  }));
  const tables = counted.filter((file) => kindOf(file.name) !== 'txt');
  const all = files.every((file) => kindOf(file.name) === 'parquet');
  const wanted = { columns: [column], fraction: all ? fraction : 1, seed };
  const part = all && fraction !== undefined && fraction < 1;
  const share = part ? (await streamRows(tables, wanted)).share : 1;
  const warnings: string[] = [];

  async function* documents(signal?: AbortSignal): AsyncGenerator<readonly DocumentPiece[]> {
    progress.done = 0;
    warnings.length = 0;
    const { streams } = await streamRows(tables, wanted);
    for (const file of counted) {
      const rows = streams.find((candidate) => candidate.file === file);
      const batches = rows ? rowPieces(file, rows.batches, column, warnings) : plainPieces(file);
      let any = false;
      for await (const pieces of batches) {
        if (signal?.aborted) throw new CancelledError('the reading was cancelled');
        any ||= pieces.length > 0;
        yield pieces;
      }
      if (!any && share === 1) throw new DataError(`${file.name} has no text in it`, 'Choose another file.');
    }
    progress.done = progress.total;
  }

  const key = JSON.stringify([
    'files',
    files.map(fileKey),
    tables.length > 0 && column,
    part && [fraction, seed ?? 1],
  ]);
  return { name, key, share, documents, warnings, progress };
}

/** Several files as one text in memory. Throws DataError as `fileDocuments` does, and beyond 256 MB of text. */
export async function readTextFiles(
  name: string,
  files: readonly DataFile[],
  wanted?: WantedText,
): Promise<Corpus> {
  const source = await fileDocuments(name, files, wanted);
  const documents = await collectDocuments(source);
  return { name, documents, warnings: source.warnings, share: source.share };
}

/** Reads one file, as `readTextFiles` reads several. */
export const readTextFile = (file: DataFile, wanted?: WantedText): Promise<Corpus> =>
  readTextFiles(file.name, [file], wanted);
