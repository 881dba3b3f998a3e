/** The first rows of a file, for somebody who decides whether to read it: what they take, and the rows as short texts. */
import { kindOf, PIECE_BYTES, textOf, type DataFile } from './dataFile';
import { openParquet } from './parquet';
import { streamRows } from './tables';

/** Columns in the file's order, each value shortened. */
export type ShownRow = Readonly<Record<string, string>>;

export interface FirstRows {
  /** Bytes that reading them takes: a row group's columns, or the first piece of a file that has none. */
  readonly bytes: number;
  read(count: number): Promise<ShownRow[]>;
}

const MOST_CHARACTERS = 240;

/** Never half a character. */
function shorten(text: string): string {
  if (text.length <= MOST_CHARACTERS) return text;
  return `${text.slice(0, MOST_CHARACTERS - 1).replace(/[\ud800-\udbff]$/, '')}…`;
}

/** A row for people. */
export const shownRow = (fields: Readonly<Record<string, unknown>>): ShownRow =>
  Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [
      name,
      shorten(typeof value === 'string' ? value : (JSON.stringify(value) ?? '')),
    ]),
  );

/** The same of a row of a Parquet file, of `columns` where all of them are there, of every column otherwise. */
async function parquetRows(file: DataFile, columns: readonly string[] | undefined): Promise<FirstRows> {
  const parquet = await openParquet(file);
  const names = parquet.columns.map(({ name }) => name);
  const wanted = columns?.every((name) => names.includes(name)) ? columns : names;
  const group = parquet.groups.findIndex((rows) => rows > 0);
  return {
    bytes: group < 0 ? 0 : parquet.groupBytes(group, wanted),
    read: async (count) =>
      group < 0 ? [] : (await parquet.readGroup(group, wanted)).slice(0, count).map(shownRow),
  };
}

/** Nothing of a file is read for it but a Parquet file's footer. Throws DataError for a file of another kind. */
export async function firstRows(file: DataFile, columns?: readonly string[]): Promise<FirstRows> {
  const kind = kindOf(file.name);
  if (kind === 'parquet') return parquetRows(file, columns);
  return {
    bytes: Math.min(file.size, PIECE_BYTES),
    async read(count) {
      if (kind === 'txt') {
        for await (const text of textOf(file)) return [{ text: shorten(text) }];
        return [];
      }
      const rows: ShownRow[] = [];
      const { streams } = await streamRows([file]);
      for await (const batch of streams[0]!.batches) {
        rows.push(...batch.slice(0, count - rows.length).map(({ fields }) => shownRow(fields)));
        if (rows.length === count) break;
      }
      return rows;
    },
  };
}
