/**
 * Parquet files: their columns without a row, and rows by range requests of the row groups and columns that are asked
 * for. The reader is loaded when the first file is opened, the decompressors when one needs more than Snappy.
 */
import type { AsyncBuffer, FileMetaData, SchemaElement } from 'hyparquet';
import { DataError, DecantError } from '../errors';
import { randomStream } from '../random';
import type { DataFile } from './dataFile';

export interface ParquetColumn {
  readonly name: string;
  /** `text`, `integer`, `number`, `boolean`, `date`, `binary`, `list` or `struct`. */
  readonly type: string;
}

export interface ParquetFile {
  readonly name: string;
  readonly columns: readonly ParquetColumn[];
  /** Rows in each row group. */
  readonly groups: readonly number[];
  /** Bytes that reading a group with these columns takes. */
  groupBytes(group: number, columns: readonly string[]): number;
  /** The rows of one group with these columns, numbers for integers that fit. Throws DataError. */
  readGroup(group: number, columns: readonly string[]): Promise<Readonly<Record<string, unknown>>[]>;
}

/** The footer of most files is smaller, so that opening one costs one request; the default of 512 KiB is much over the Hub. */
export const FOOTER_BYTES = 1 << 16;

/** These the reader unpacks by itself. */
const BUILT_IN = ['UNCOMPRESSED', 'SNAPPY'];

function typeOf({ type, logical_type, converted_type, num_children }: SchemaElement): string {
  const logical = logical_type?.type ?? converted_type;
  if (logical === 'LIST') return 'list';
  if (num_children !== undefined) return 'struct';
  if (['STRING', 'UTF8', 'ENUM', 'JSON'].includes(logical ?? '')) return 'text';
  if (/^(DATE|TIME)/.test(logical ?? '') || type === 'INT96') return 'date';
  if (logical === 'DECIMAL' || type === 'FLOAT' || type === 'DOUBLE') return 'number';
  if (type === 'INT32' || type === 'INT64') return 'integer';
  // Writers of old left texts unmarked, and the reader decodes them.
  if (type === 'BYTE_ARRAY') return 'text';
  return type === 'BOOLEAN' ? 'boolean' : 'binary';
}

/** 64-bit integers as numbers where they fit, else as text; labels are such. */
function plain(value: unknown): unknown {
  if (typeof value !== 'bigint') return value;
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : String(value);
}

/** Errors of reading pass; those of the format become one sentence. */
function damaged(name: string, error: unknown): DecantError {
  if (error instanceof DecantError) return error;
  const reason = (error as Error).message.replace(/^parquet /, '');
  return new DataError(
    `${name} cannot be read as Parquet: ${reason}`,
    'It is damaged, incomplete or of another kind; bring it again.',
    { cause: error },
  );
}

/** Reads a file's footer. Throws DataError for what is no Parquet file. */
export async function openParquet(file: DataFile): Promise<ParquetFile> {
  const { name, size } = file;
  const hyparquet = await import('hyparquet');
  const footerStart = Math.max(0, size - FOOTER_BYTES);
  let footer: ArrayBuffer | undefined;
  const buffer: AsyncBuffer = {
    byteLength: size,
    async slice(start, end = size) {
      // Small files lie in what was read for the footer: nothing of them is fetched twice.
      if (footer && start >= footerStart) return footer.slice(start - footerStart, end - footerStart);
      const { buffer: bytes } = await file.read(start, end);
      if (start === footerStart && end === size) footer = bytes;
      return bytes;
    },
  };
  let metadata: FileMetaData;
  try {
    if (size < 12) throw new Error(`it has ${size} bytes`);
    metadata = await hyparquet.parquetMetadataAsync(buffer, {
      initialFetchSize: Math.min(size, FOOTER_BYTES),
    });
  } catch (error) {
    throw damaged(name, error);
  }
  const starts = [0];
  for (const group of metadata.row_groups) starts.push(starts.at(-1)! + Number(group.num_rows));
  const columns = hyparquet
    .parquetSchema(metadata)
    .children.map(({ element }) => ({ name: element.name, type: typeOf(element) }));

  return {
    name,
    columns,
    groups: metadata.row_groups.map((group) => Number(group.num_rows)),
    groupBytes: (group, wanted) =>
      metadata.row_groups[group]!.columns.reduce((sum, { meta_data: chunk }) => {
        const counts = chunk && wanted.includes(chunk.path_in_schema[0]!);
        return sum + (counts ? Number(chunk.total_compressed_size) : 0);
      }, 0),
    async readGroup(group, wanted) {
      const missing = wanted.find((column) => columns.every((known) => known.name !== column));
      if (missing !== undefined) throw noColumn(name, missing, columns);
      const codecs = metadata.row_groups[group]!.columns.flatMap(({ meta_data: chunk }) =>
        chunk && wanted.includes(chunk.path_in_schema[0]!) ? [chunk.codec] : [],
      );
      const more = codecs.some((codec) => !BUILT_IN.includes(codec));
      try {
        const rows = await hyparquet.parquetReadObjects({
          file: buffer,
          metadata,
          columns: [...wanted],
          rowStart: starts[group]!,
          rowEnd: starts[group + 1]!,
          ...(more && { compressors: (await import('hyparquet-compressors')).compressors }),
        });
        return rows.map((row) =>
          Object.fromEntries(Object.entries(row).map(([column, value]) => [column, plain(value)])),
        );
      } catch (error) {
        throw damaged(name, error);
      }
    },
  };
}

function noColumn(name: string, missing: string, columns: readonly ParquetColumn[]): DataError {
  const found = columns.map((column) => `${JSON.stringify(column.name)} (${column.type})`).join(', ');
  return new DataError(
    `${name} has no column ${JSON.stringify(missing)}; its columns: ${found || 'none'}`,
    'Name one of these columns.',
  );
}

/** Row groups of a file, or of several one after the other. */
export interface GroupChoice {
  /** Which groups, ascending. */
  readonly groups: readonly number[];
  /** The share of all rows that they hold. */
  readonly share: number;
}

/**
 * As many row groups as hold at least `fraction` of the rows, spread: of equal runs of groups one each, drawn by seed.
 * The same ones every time. What they hold too much, the caller leaves out of what it reads.
 */
export function chooseGroups(rows: readonly number[], fraction: number, seed: number): GroupChoice {
  const total = rows.reduce((sum, count) => sum + count, 0);
  const draw = randomStream(seed, 'row groups');
  for (let wanted = Math.max(1, Math.ceil(fraction * rows.length)); wanted < rows.length; wanted++) {
    draw.counter = 0;
    const groups = Array.from({ length: wanted }, (_, i) => {
      const from = Math.floor((i * rows.length) / wanted);
      const to = Math.floor(((i + 1) * rows.length) / wanted);
      return from + draw.below(to - from);
    });
    const share = groups.reduce((sum, group) => sum + rows[group]!, 0) / total;
    if (share >= fraction) return { groups, share };
  }
  return { groups: rows.map((_, group) => group), share: 1 };
}
