/**
 * Data files from outside as streams: in pieces, unpacked where they are compressed, decoded. The same code reads
 * files dropped on the page, files of the disk and files of the Hub; nothing here holds a whole file.
 */
import { DataError, DecantError } from '../errors';

/** What `io/source.ts` calls a ByteSource. */
export interface DataFile {
  /** Its base name, or its path below the folder that was named; the ending tells the kind. */
  readonly name: string;
  readonly size: number;
  /** Changes when the content does: a time of modification, an ETag. Missing where nothing tells. */
  readonly version?: string | undefined;
  /** Bytes [start, end). */
  read(start: number, end: number): Promise<Uint8Array<ArrayBuffer>>;
}

export type DataKind = 'txt' | 'jsonl' | 'csv' | 'tsv' | 'parquet';

const KINDS: Readonly<Record<string, DataKind>> = {
  txt: 'txt',
  md: 'txt',
  jsonl: 'jsonl',
  ndjson: 'jsonl',
  csv: 'csv',
  tsv: 'tsv',
  parquet: 'parquet',
};

const isGzip = (name: string) => /\.gz$/i.test(name);

/** What a file is by its name, undefined for other files. Parquet is compressed inside, so `.parquet.gz` is none. */
export function kindOf(name: string): DataKind | undefined {
  const ending = /\.([a-z]+)$/i.exec(name.replace(/\.gz$/i, ''))?.[1]?.toLowerCase();
  const kind = ending === undefined || !Object.hasOwn(KINDS, ending) ? undefined : KINDS[ending];
  return kind === 'parquet' && isGzip(name) ? undefined : kind;
}

/** A file whose name says nothing, such as `wiki.test.raw`, taken for a plain text. */
export const asText = (file: DataFile): DataFile =>
  kindOf(file.name) === undefined ? { ...file, name: `${file.name}.txt` } : file;

/** The kind of a file that must be one of `kinds`. Throws DataError. */
export function requireKind<K extends DataKind>(name: string, kinds: readonly K[]): K {
  const kind = kindOf(name);
  const known = kinds.find((each) => each === kind);
  if (known !== undefined) return known;
  const endings = kinds.map((each) => `.${each}`);
  const list = `${endings.slice(0, -1).join(', ')} nor ${endings.at(-1)!}`;
  throw new DataError(
    `${name} is neither ${list}`,
    'Bring a file of one of these kinds; all but .parquet may be packed as .gz.',
  );
}

/** Pieces in which files are read. */
export const PIECE_BYTES = 1 << 20;

/** Most text that is held in memory at once: as one string, or as the documents of a corpus. */
const MAX_TEXT = 256 * 1024 * 1024;

/** Throws DataError when `length` characters of a file are more than can be held. */
export function checkLength(name: string, length: number): void {
  if (length <= MAX_TEXT) return;
  throw new DataError(
    `${name} has more than 256 MB of text, the most that can be held in memory`,
    'Take a part of it.',
  );
}

function byteStream(file: DataFile): ReadableStream<Uint8Array<ArrayBuffer>> {
  let position = 0;
  return new ReadableStream<Uint8Array<ArrayBuffer>>(
    {
      async pull(controller) {
        if (position >= file.size) return controller.close();
        const end = Math.min(file.size, position + PIECE_BYTES);
        controller.enqueue(await file.read(position, end));
        position = end;
      },
    },
    { highWaterMark: 1 },
  );
}

/** The bytes of a file, unpacked when its name ends in `.gz`. */
async function* bytesOf(file: DataFile): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  if (!isGzip(file.name)) {
    for (let start = 0; start < file.size; start += PIECE_BYTES)
      yield await file.read(start, Math.min(file.size, start + PIECE_BYTES));
    return;
  }
  const reader = byteStream(file).pipeThrough(new DecompressionStream('gzip')).getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } catch (error) {
    // A failed read of the file comes through as it is; all else is the unpacking.
    if (error instanceof DecantError) throw error;
    throw new DataError(
      `${file.name} cannot be unpacked: ${(error as Error).message}`,
      'It is damaged or incomplete; bring it again, or unpack it yourself.',
      { cause: error },
    );
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

const UTF16 = [
  [0xff, 0xfe],
  [0xfe, 0xff],
];

/** Throws DataError when the start of a file is no UTF-8 text. */
function checkStart(name: string, bytes: Uint8Array): void {
  if (UTF16.some(([a, b]) => bytes[0] === a && bytes[1] === b)) {
    throw new DataError(`${name} is UTF-16, expected UTF-8`, 'Save it as UTF-8.');
  }
  if (bytes.subarray(0, 65536).includes(0)) {
    throw new DataError(`${name} is not a text: it holds zero bytes`, 'Bring a text in UTF-8.');
  }
}

/** A file as text, piece by piece; a byte order mark at the start is dropped. Throws DataError for what is not UTF-8. */
export async function* textOf(file: DataFile): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let first = true;
  const decode = (bytes?: Uint8Array<ArrayBuffer>): string => {
    try {
      return decoder.decode(bytes, { stream: bytes !== undefined });
    } catch (error) {
      throw new DataError(`${file.name} is not UTF-8`, 'Save it as UTF-8.', { cause: error });
    }
  };
  for await (const bytes of bytesOf(file)) {
    if (first) checkStart(file.name, bytes);
    first = false;
    const text = decode(bytes);
    if (text !== '') yield text;
  }
  const rest = decode();
  if (rest !== '') yield rest;
}

/** What stands between separators, piece by piece; the separators are dropped. Throws DataError for a part too long. */
export async function* partsOf(file: DataFile, separator: string): AsyncGenerator<readonly string[]> {
  let open: string[] = [];
  let length = 0;
  let tail = '';
  for await (const text of textOf(file)) {
    // A separator may lie across two pieces, so the last characters wait for the next one.
    const parts = (tail + text).split(separator);
    const last = parts.pop()!;
    if (parts.length > 0) {
      parts[0] = open.join('') + parts[0]!;
      open = [];
      length = 0;
      yield parts;
    }
    const waiting = Math.min(last.length, separator.length - 1);
    tail = last.slice(last.length - waiting);
    open.push(last.slice(0, last.length - waiting));
    length += last.length;
    checkLength(file.name, length);
  }
  yield [open.join('') + tail];
}
