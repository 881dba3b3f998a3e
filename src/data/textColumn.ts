/** Which column of a table holds its text, where nobody has said so: by what stands in its first rows. */
import { kindOf, type DataFile } from './dataFile';
import { openParquet, type ParquetColumn } from './parquet';
import { streamRows } from './tables';
import type { Fields } from './tasks';

/** Of every kind of table as of Parquet; of those that have no types, by their first values. */
export type FileColumn = ParquetColumn;

export interface TextColumns {
  /** In the file's order; none of a plain text. */
  columns: FileColumn[];
  /** The one called `text`, else the one with the longest texts; undefined where none holds text. */
  text: string | undefined;
}

const LOOKED_AT = 50;
const NAME = 'text';

function typeOf(values: readonly unknown[]): string {
  const there = values.filter((value) => value !== null && value !== undefined && value !== '');
  if (there.length === 0) return 'empty';
  // A table of text has numbers as text.
  if (there.every((value) => typeof value !== 'object' && Number.isFinite(Number(value)))) return 'number';
  if (there.every((value) => typeof value === 'string')) return 'text';
  return there.some(Array.isArray) ? 'list' : typeof there[0];
}

/** Rows from the start, at most `LOOKED_AT`. */
async function firstFields(file: DataFile, columns?: readonly string[]): Promise<Fields[]> {
  const rows: Fields[] = [];
  const { streams } = await streamRows([file], { columns });
  for await (const batch of streams[0]!.batches) {
    rows.push(...batch.slice(0, LOOKED_AT - rows.length).map(({ fields }) => fields));
    if (rows.length === LOOKED_AT) break;
  }
  return rows;
}

/** Characters of a column's texts, together. */
const lengthOf = (rows: readonly Fields[], name: string): number =>
  rows.reduce((sum, row) => sum + (typeof row[name] === 'string' ? row[name].length : 0), 0);

function longest(rows: readonly Fields[], columns: readonly FileColumn[]): string | undefined {
  const texts = columns.filter(({ type }) => type === 'text');
  if (texts.some(({ name }) => name === NAME)) return NAME;
  return texts
    .map(({ name }) => ({ name, length: lengthOf(rows, name) }))
    .reduce<{ name?: string; length: number }>((best, one) => (one.length > best.length ? one : best), {
      length: -1,
    }).name;
}

/** Columns and types of a file, and of kinds that must be read for them the first rows. None of a plain text. */
async function describe(file: DataFile): Promise<{ columns: FileColumn[]; rows: Fields[] }> {
  const kind = kindOf(file.name);
  if (kind === undefined || kind === 'txt') return { columns: [], rows: [] };
  if (kind === 'parquet') return { columns: [...(await openParquet(file)).columns], rows: [] };
  const rows = await firstFields(file);
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  return { rows, columns: names.map((name) => ({ name, type: typeOf(rows.map((row) => row[name])) })) };
}

/** Reads the footer of a Parquet file, of others the first piece. Throws DataError. */
export const fileColumns = async (file: DataFile): Promise<FileColumn[]> => (await describe(file)).columns;

/** The same, and which of them is the text: of Parquet, where no name tells, a row group is read for it. */
export async function textColumns(file: DataFile): Promise<TextColumns> {
  const { columns, rows } = await describe(file);
  const texts = columns.filter(({ type }) => type === 'text').map(({ name }) => name);
  const unread = kindOf(file.name) === 'parquet' && texts.length > 1 && !texts.includes(NAME);
  return { columns, text: longest(unread ? await firstFields(file, texts) : rows, columns) };
}
