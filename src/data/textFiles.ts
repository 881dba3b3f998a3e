/**
 * Text files from outside: `.txt` (and `.md`) is one document, or several between lines or words of
 * `<|endoftext|>`; `.jsonl`, `.csv`, `.tsv` and `.parquet` have one document a row, in the column `text` unless another
 * is named. All but Parquet may be packed (`.gz`). White space stays as it is.
 */
import { DataError } from '../errors';
import type { Corpus } from './corpus';
import { checkLength, kindOf, partsOf, requireKind, type DataFile } from './dataFile';
import { END_OF_TEXT } from './pieces';
import { streamRows, type RowStream, type TableRow } from './tables';

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

/** Collects documents until they are more than can be held. */
class Documents {
  readonly documents: string[] = [];
  readonly warnings: string[] = [];
  private length = 0;

  constructor(private readonly name: string) {}

  /** False for a document of white space alone, which is left out. */
  add(document: string): boolean {
    if (document.trim() === '') return false;
    this.length += document.length;
    checkLength(this.name, this.length);
    this.documents.push(document);
    return true;
  }
}

async function addPlain(file: DataFile, documents: Documents): Promise<void> {
  // Of a packed file the size says little, so that is counted as it unpacks.
  if (!/\.gz$/i.test(file.name)) checkLength(file.name, file.size);
  for await (const parts of partsOf(file, END_OF_TEXT)) parts.forEach((part) => documents.add(part));
}

async function addRows({ file, batches }: RowStream, column: string, documents: Documents): Promise<void> {
  let empty = 0;
  for await (const batch of batches)
    for (const row of batch)
      if (!documents.add(textOfRow(`${file.name}, line ${row.line}`, row, column))) empty++;
  if (empty > 0)
    documents.warnings.push(`${empty.toLocaleString('en')} rows of ${file.name} are empty and left out.`);
}

/**
 * Several files as one corpus, in the given order. Throws DataError with file and line for what cannot be read, or when a
 * file has no text.
 */
export async function readTextFiles(
  name: string,
  files: readonly DataFile[],
  { column = 'text', fraction, seed }: WantedText = {},
): Promise<Corpus> {
  if (files.length === 0)
    throw new DataError(`${name} has no text files`, 'Bring .txt, .jsonl, .csv, .tsv or .parquet.');
  files.forEach((file) => requireKind(file.name, KINDS));
  const tables = files.filter((file) => kindOf(file.name) !== 'txt');
  const all = tables.length === files.length;
  const wanted = { columns: [column], fraction: all ? fraction : 1, seed };
  const { streams, share } = await streamRows(tables, wanted);
  const documents = new Documents(name);
  for (const file of files) {
    const before = documents.documents.length;
    const stream = streams.find((candidate) => candidate.file === file);
    if (stream) await addRows(stream, column, documents);
    else await addPlain(file, documents);
    if (documents.documents.length === before && share === 1)
      throw new DataError(`${file.name} has no text in it`, 'Choose another file.');
  }
  return { name, documents: documents.documents, warnings: documents.warnings, share };
}

/** Reads one file, as `readTextFiles` reads several. */
export const readTextFile = (file: DataFile, wanted?: WantedText): Promise<Corpus> =>
  readTextFiles(file.name, [file], wanted);
