/**
 * Text files from outside: `.txt` (and `.md`) is one document, or several between lines or words of
 * `<|endoftext|>`; `.jsonl` has one document a row in its column `text`. White space stays as it is.
 */
import { DataError } from '../errors';
import type { Corpus } from './corpus';
import { END_OF_TEXT } from './pieces';

/** A `File` of the page, or a file of the disk in the same shape. */
export interface TextFile {
  readonly name: string;
  readonly size: number;
  arrayBuffer(): Promise<ArrayBuffer>;
}

/** One JavaScript string holds at most 2^29 characters; half of that leaves room to work. */
const MAX_BYTES = 256 * 1024 * 1024;

const UTF16 = [
  [0xff, 0xfe],
  [0xfe, 0xff],
];

/** Throws DataError for what is not UTF-8 text. A byte order mark at the start is dropped. */
function decodeText(name: string, bytes: Uint8Array): string {
  if (UTF16.some(([a, b]) => bytes[0] === a && bytes[1] === b)) {
    throw new DataError(`${name} is UTF-16, expected UTF-8`, 'Save it as UTF-8.');
  }
  if (bytes.subarray(0, 65536).includes(0)) {
    throw new DataError(`${name} is not a text: it holds zero bytes`, 'Bring a .txt or .jsonl file.');
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw new DataError(`${name} is not UTF-8`, 'Save it as UTF-8.', { cause: error });
  }
}

function parseRow(where: string, line: string): string {
  let row: unknown;
  try {
    row = JSON.parse(line);
  } catch (error) {
    throw new DataError(
      `${where} is not JSON: ${(error as Error).message}`,
      'Each line is one JSON object.',
      {
        cause: error,
      },
    );
  }
  if (typeof row !== 'object' || row === null || Array.isArray(row)) {
    throw new DataError(`${where} is not a JSON object`, 'Each line is one JSON object: {"text": "..."}');
  }
  const text: unknown = (row as { text?: unknown }).text;
  if (typeof text !== 'string') {
    const columns = Object.keys(row).map((key) => JSON.stringify(key));
    const found =
      text === undefined ? `it has ${columns.join(', ') || 'no columns'}` : `its text is ${typeof text}`;
    throw new DataError(
      `${where} has no text in the column "text": ${found}`,
      'Name the column with the text "text".',
    );
  }
  return text;
}

function readRows(name: string, text: string): { documents: string[]; warnings: string[] } {
  const documents: string[] = [];
  let empty = 0;
  let line = 0;
  for (const row of text.split('\n')) {
    line++;
    if (row.trim() === '') continue;
    const document = parseRow(`${name}, line ${line}`, row);
    if (document.trim() === '') empty++;
    else documents.push(document);
  }
  const warnings = empty > 0 ? [`${empty.toLocaleString('en')} rows of ${name} are empty and left out.`] : [];
  return { documents, warnings };
}

function readPlain(text: string): string[] {
  return text.split(END_OF_TEXT).filter((document) => document.trim() !== '');
}

/** A whole file as text. Throws DataError for one that is too large or not UTF-8. */
export async function readText(file: TextFile): Promise<string> {
  if (file.size > MAX_BYTES) {
    const megabytes = Math.round(file.size / 1048576);
    throw new DataError(`${file.name} has ${megabytes} MB, at most 256 MB can be read`, 'Take a part of it.');
  }
  return decodeText(file.name, new Uint8Array(await file.arrayBuffer()));
}

/** Reads one file. Throws DataError with file and line for what cannot be read, or when there is no text in it. */
export async function readTextFile(file: TextFile): Promise<Corpus> {
  const kind = /\.(txt|md|jsonl|ndjson)$/i.exec(file.name)?.[1]?.toLowerCase();
  if (kind === undefined) {
    throw new DataError(
      `${file.name} is neither .txt nor .jsonl`,
      'Bring a .txt file, or .jsonl with a column "text".',
    );
  }
  const text = await readText(file);
  const rows =
    kind === 'txt' || kind === 'md'
      ? { documents: readPlain(text), warnings: [] }
      : readRows(file.name, text);
  if (rows.documents.length === 0)
    throw new DataError(`${file.name} has no text in it`, 'Choose another file.');
  return { name: file.name, ...rows };
}

/** Several files as one corpus, in the given order. */
export async function readTextFiles(name: string, files: readonly TextFile[]): Promise<Corpus> {
  const read: Corpus[] = [];
  for (const file of files) read.push(await readTextFile(file));
  if (read.length === 0) throw new DataError(`${name} has no text files`, 'Bring a .txt or .jsonl file.');
  return {
    name,
    documents: read.flatMap((corpus) => corpus.documents),
    warnings: read.flatMap((corpus) => corpus.warnings),
  };
}
