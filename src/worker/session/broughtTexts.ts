/** Texts that were dropped or chosen on the page: their files, their columns, and the documents in them. */
import { kindOf, type DataFile } from '../../data/dataFile';
import type { DocumentSource } from '../../data/documents';
import { textColumns, type FileColumn } from '../../data/textColumn';
import { fileDocuments } from '../../data/textFiles';
import { blobSource } from '../../io/source';
import { DataError } from '../../errors';
import type { TextRef } from '../protocol';

/** Of a dropped folder only the files that can be read; of files that cannot, all, so that the first one is named. */
function textFilesOf(files: readonly File[]): DataFile[] {
  const readable = files.filter(({ name }) => kindOf(name) !== undefined);
  const taken = readable.length > 0 ? readable : files;
  return taken.map((file) => blobSource(file.webkitRelativePath || file.name, file));
}

export interface BroughtText {
  source: DocumentSource;
  /** Of the first table among the files; none where there is none. */
  columns: FileColumn[];
  /** The one that is read. */
  column: string | undefined;
}

/** Throws DataError for files that cannot be read as text. */
export async function openBrought({
  name,
  files,
  column: asked,
}: TextRef & { kind: 'files' }): Promise<BroughtText> {
  const taken = textFilesOf(files);
  const table = taken.find((file) => !['txt', undefined].includes(kindOf(file.name)));
  const { columns, text } = table ? await textColumns(table) : { columns: [], text: undefined };
  const column = asked ?? text;
  if (table && columns.length > 0 && column === undefined) {
    const there = columns.map(({ name: each, type }) => `${JSON.stringify(each)} (${type})`).join(', ');
    throw new DataError(
      `${table.name} has no column with text; its columns: ${there}`,
      'Bring a file with a column of texts.',
    );
  }
  return { source: await fileDocuments(name, taken, { column }), columns, column };
}
