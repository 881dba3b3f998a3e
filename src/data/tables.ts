/**
 * Tables of rows from files: `.jsonl` (one object a line), `.csv`, `.tsv` (delimited.ts) and `.parquet` (parquet.ts),
 * the first three packed by gzip or not. Rows come some at a time; every row knows where it stands.
 */
import { DataError } from '../errors';
import { kindOf, partsOf, requireKind, type DataFile } from './dataFile';
import { delimitedRows } from './delimited';
import { chooseGroups, FOOTER_BYTES, openParquet, type ParquetFile } from './parquet';
import type { Fields } from './tasks';

export interface TableRow {
  /** In the file, from 1; of Parquet the row. */
  readonly line: number;
  readonly fields: Fields;
  /** The file, where a table is made of several. */
  readonly file?: string;
}

export interface Table {
  readonly name: string;
  readonly rows: readonly TableRow[];
  /** The share of the files' rows that was read. */
  readonly share: number;
}

/** What of a table is wanted. Of formats other than Parquet, which must be read from start to end, all is read. */
export interface Wanted {
  /** Only these columns; all where one of them is missing, so that whoever reads the rows can say what there is. */
  readonly columns?: readonly string[] | undefined;
  /** And these where they are there. */
  readonly optionalColumns?: readonly string[] | undefined;
  /** At least this share of the rows, spread over the files; 1 when missing. */
  readonly fraction?: number | undefined;
  /** Which row groups a fraction takes. */
  readonly seed?: number | undefined;
}

/** `line 3`, or with the file where there are several. */
export const placeOf = ({ file, line }: Pick<TableRow, 'file' | 'line'>): string =>
  `${file === undefined ? '' : `${file}, `}line ${line}`;

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

async function* jsonRows(file: DataFile): AsyncGenerator<readonly TableRow[]> {
  let line = 0;
  for await (const lines of partsOf(file, '\n')) {
    yield lines.flatMap((row) => {
      line++;
      return row.trim() === '' ? [] : [{ line, fields: parseObjectRow(file.name, line, row) }];
    });
  }
}

const TABLE_KINDS = ['jsonl', 'csv', 'tsv', 'parquet'] as const;

function columnsOf(parquet: ParquetFile, { columns, optionalColumns = [] }: Wanted): string[] {
  const known = parquet.columns.map(({ name }) => name);
  if (!columns?.every((name) => known.includes(name))) return known;
  return [...columns, ...optionalColumns.filter((name) => known.includes(name))];
}

/**
 * Row groups on their way at once: over a network most of the time is waiting. A group of a web text has 1,000 rows and
 * some megabytes, and it is decoded into rows before its turn comes, hence the bound in bytes.
 */
const MAX_AHEAD = 4;
const AHEAD_BYTES = 8 << 20;

async function* groupRows(
  parquet: ParquetFile,
  groups: readonly number[],
  wanted: Wanted,
): AsyncGenerator<readonly TableRow[]> {
  const columns = columnsOf(parquet, wanted);
  const ahead: Promise<Readonly<Record<string, unknown>>[]>[] = [];
  let bytes = 0;
  let next = 0;
  for (const group of groups) {
    while (
      next < groups.length &&
      (ahead.length === 0 || (ahead.length < MAX_AHEAD && bytes < AHEAD_BYTES))
    ) {
      bytes += parquet.groupBytes(groups[next]!, columns);
      const reading = parquet.readGroup(groups[next++]!, columns);
      // Whoever waits for it gets the failure; until then nobody does.
      reading.catch(() => undefined);
      ahead.push(reading);
    }
    const rows = await ahead.shift()!;
    bytes -= parquet.groupBytes(group, columns);
    const before = parquet.groups.slice(0, group).reduce((sum, count) => sum + count, 0);
    yield rows.map((fields, i) => ({ line: before + i + 1, fields }));
  }
}

/** Rows of one file, and how much of them that is. */
export interface RowStream {
  readonly file: DataFile;
  /** In the whole file; undefined where only reading it tells. */
  readonly rows?: number;
  readonly batches: AsyncGenerator<readonly TableRow[]>;
}

export interface RowStreams {
  readonly streams: readonly RowStream[];
  readonly share: number;
}

/** Files whose footers are fetched side by side. */
const PARALLEL_FOOTERS = 6;

/** The Parquet files among these, opened; null for others. */
async function openAll(files: readonly DataFile[]): Promise<(ParquetFile | null)[]> {
  const opened: (ParquetFile | null)[] = [];
  const open = async (file: DataFile) => (kindOf(file.name) === 'parquet' ? openParquet(file) : null);
  for (let from = 0; from < files.length; from += PARALLEL_FOOTERS)
    opened.push(...(await Promise.all(files.slice(from, from + PARALLEL_FOOTERS).map(open))));
  return opened;
}

/** The row groups that are wanted of files, by file, and the share of all rows that they hold. */
function groupsWanted(opened: readonly (ParquetFile | null)[], { fraction = 1, seed = 1 }: Wanted) {
  const all = opened.flatMap((parquet, file) =>
    (parquet?.groups ?? []).map((rows, group) => ({ file, group, rows })),
  );
  const rows = all.map((group) => group.rows);
  const { groups, share } = chooseGroups(rows, opened.includes(null) ? 1 : fraction, seed);
  const taken = groups.map((index) => all[index]!);
  return { taken: opened.map((_, i) => taken.filter(({ file }) => file === i)), share };
}

/** What reading a part of files would take. */
export interface ReadingPlan {
  /** Footers included. */
  readonly bytes: number;
  /** Of all files; undefined where only reading them tells. */
  readonly rows: number | undefined;
  readonly share: number;
}

/** Plans what `streamRows` would read, plain texts whole; only footers are fetched for it. */
export async function planReading(files: readonly DataFile[], wanted: Wanted = {}): Promise<ReadingPlan> {
  const opened = await openAll(files);
  const { taken, share } = groupsWanted(opened, wanted);
  const bytesOf = (file: DataFile, i: number) => {
    const parquet = opened[i];
    if (!parquet) return file.size;
    const columns = columnsOf(parquet, wanted);
    const groups = taken[i]!.reduce((sum, { group }) => sum + parquet.groupBytes(group, columns), 0);
    // Groups of a small file lie in what is read for its footer.
    return Math.min(file.size, FOOTER_BYTES + groups);
  };
  const rows = opened.includes(null)
    ? undefined
    : opened.flatMap((parquet) => parquet!.groups).reduce((sum, count) => sum + count, 0);
  return { bytes: files.reduce((sum, file, i) => sum + bytesOf(file, i), 0), rows, share };
}

/**
 * The rows of files, file by file, some at a time. A fraction takes whole row groups of all files together, so that `share` may be
 * more than it; with other files among them everything is read. Throws DataError for a file of another kind.
 */
export async function streamRows(files: readonly DataFile[], wanted: Wanted = {}): Promise<RowStreams> {
  files.forEach(({ name }) => requireKind(name, TABLE_KINDS));
  const opened = await openAll(files);
  const { taken, share } = groupsWanted(opened, wanted);
  const streams = files.map((file, i): RowStream => {
    const parquet = opened[i];
    if (parquet) {
      const groups = taken[i]!.map(({ group }) => group);
      const rows = parquet.groups.reduce((sum, count) => sum + count, 0);
      return { file, rows, batches: groupRows(parquet, groups, wanted) };
    }
    const kind = kindOf(file.name);
    return { file, batches: kind === 'csv' || kind === 'tsv' ? delimitedRows(file, kind) : jsonRows(file) };
  });
  return { streams, share };
}

/** Reads files as one table. Throws DataError with file and line for what cannot be read, or when there are no rows. */
export async function readTable(
  name: string,
  files: readonly DataFile[],
  wanted: Wanted = {},
): Promise<Table> {
  const { streams, share } = await streamRows(files, wanted);
  const rows: TableRow[] = [];
  for (const { file, batches } of streams)
    for await (const batch of batches)
      for (const row of batch) rows.push(files.length > 1 ? { ...row, file: file.name } : row);
  if (rows.length === 0) throw new DataError(`${name} has no rows in it`, 'Choose another file.');
  return { name, rows, share };
}
