/**
 * Text files from outside: `.txt` (and `.md`) is one document, or several between lines or words of
 * `<|endoftext|>`; `.jsonl`, `.csv`, `.tsv` and `.parquet` have one document a row, or one text of all rows (rowTexts.ts),
 * in the column `text` unless another is named. All but Parquet may be packed (`.gz`). White space stays as it is.
 */
import { CancelledError, DataError } from '../errors';
import type { Corpus } from './corpus';
import { kindOf, requireKind, textOf, type DataFile } from './dataFile';
import { collectDocuments, type DocumentPiece, type DocumentSource } from './documents';
import { Pieces } from './documentPieces';
import { END_OF_TEXT } from './pieces';
import { rowsAsDocuments, rowsJoined, type PiecesOfRows } from './rowTexts';
import { streamRows } from './tables';

/** What of the files is wanted. */
export interface WantedText {
  /** The column with the text; `text` when missing. */
  readonly column?: string | undefined;
  /** What stands between rows that are one text together; rows are documents when missing. */
  readonly join?: string | undefined;
  /** At least this share of the rows, where the format has parts that can be left unread; 1 when missing. */
  readonly fraction?: number | undefined;
  readonly seed?: number | undefined;
}

const KINDS = ['txt', 'jsonl', 'csv', 'tsv', 'parquet'] as const;

/** Characters at the end of a text with which `<|endoftext|>` may begin. */
function borderBegun(text: string): number {
  let length = Math.min(text.length, END_OF_TEXT.length - 1);
  while (!text.endsWith(END_OF_TEXT.slice(0, length))) length--;
  return length;
}

async function* plainPieces(file: DataFile): AsyncGenerator<PiecesOfRows> {
  const pieces = new Pieces();
  let waiting = '';
  const taken = () => {
    const own = pieces.take();
    return { pieces: own, any: own.length > 0 };
  };
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
    yield taken();
  }
  pieces.part(waiting);
  pieces.end();
  yield taken();
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
  { column = 'text', join, fraction, seed }: WantedText = {},
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
    const rows = join === undefined ? rowsAsDocuments(column, warnings) : rowsJoined(column, join, part);
    for (const file of counted) {
      const stream = streams.find((candidate) => candidate.file === file);
      if (!stream) yield rows.end();
      let some = false;
      for await (const { pieces, any } of stream ? rows.read(stream) : plainPieces(file)) {
        if (signal?.aborted) throw new CancelledError('the reading was cancelled');
        some ||= any;
        yield pieces;
      }
      if (!some && share === 1) throw new DataError(`${file.name} has no text in it`, 'Choose another file.');
    }
    yield rows.end();
    progress.done = progress.total;
  }

  const key = JSON.stringify([
    'files',
    files.map(fileKey),
    tables.length > 0 && column,
    part && [fraction, seed ?? 1],
    ...(tables.length > 0 && join !== undefined ? [{ join }] : []),
  ]);
  const plain = tables.length === 0 || join !== undefined;
  return { name, key, share, plain, documents, warnings, progress };
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
