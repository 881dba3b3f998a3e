/**
 * Where bytes come from. A `ByteSource` is one file that can be read in ranges; a `FileSet` is the folder it lies
 * in. Everything that reads a checkpoint goes through these two, so the same reader serves dropped files, memory,
 * the demo over HTTP, the Hub and, in Node, the disk.
 */
import { CheckpointError, SourceError } from '../errors';

/**
 * Tensors are read in pieces of at most so many bytes, so that loading needs a few pieces of memory and no whole
 * tensor: the embedding of GPT-2 XL alone has 322 MB. Also the size in which a store keeps what it downloaded.
 */
export const PIECE_BYTES = 1 << 23;

/** A port whose other end is gone. Made when it is first needed. */
let nowhere: MessagePort | undefined;

/**
 * Gives the memory of bytes back at once. The garbage collector is slow with what lies outside its own heap: it
 * would let tens of megabytes of pieces lie, in a browser's worker hundreds. The array, and every view of its
 * buffer, is empty afterwards; bytes that were let go already may be let go again.
 */
export function letGo({ buffer }: { buffer: ArrayBuffer }): void {
  if (buffer.byteLength === 0) return;
  if (!nowhere) {
    const { port1, port2 } = new MessageChannel();
    port1.close();
    nowhere = port2;
  }
  // Not `buffer.transfer`: Chromium keeps the memory of what came from the network or the disk until it collects.
  nowhere.postMessage(null, [buffer]);
}

export interface ByteSource {
  readonly name: string;
  /** Length in bytes. */
  readonly size: number;
  /** Changes when the content does: a time of modification, an ETag. Missing where nothing tells. */
  readonly version?: string | undefined;
  /** Bytes [start, end), exactly end - start of them. Throws SourceError when they cannot be had. */
  read(start: number, end: number): Promise<Uint8Array<ArrayBuffer>>;
}

export interface FileSet {
  /** For people: a folder's or a repository's name. */
  readonly name: string;
  /** Base names of the files. */
  list(): Promise<string[]>;
  /** The file of that name, or null when there is none. */
  open(name: string): Promise<ByteSource | null>;
}

/** Throws SourceError when [start, end) is not a range of a file of `size` bytes. */
export function checkRange(name: string, size: number, start: number, end: number): void {
  const whole = Number.isSafeInteger(start) && Number.isSafeInteger(end);
  if (!whole || start < 0 || end < start || end > size)
    throw new SourceError(
      `cannot read bytes ${start} to ${end} of ${name}, which has ${size} bytes`,
      'The file changed or is incomplete; choose it again.',
    );
}

/** Bytes that are in memory already. Reads are copies, so a caller may keep and change what it gets. */
export function memorySource(name: string, bytes: Uint8Array): ByteSource {
  return {
    name,
    size: bytes.byteLength,
    async read(start, end) {
      checkRange(name, bytes.byteLength, start, end);
      return new Uint8Array(bytes.subarray(start, end));
    },
  };
}

/** A `File` or `Blob` of the browser (or of Node). Only the ranges asked for are read from the disk. */
export function blobSource(name: string, blob: Blob): ByteSource {
  return {
    name,
    size: blob.size,
    version: 'lastModified' in blob ? `${(blob as File).lastModified}` : undefined,
    async read(start, end) {
      checkRange(name, blob.size, start, end);
      let bytes: Uint8Array<ArrayBuffer>;
      try {
        bytes = new Uint8Array(await blob.slice(start, end).arrayBuffer());
      } catch (error) {
        // Browsers give a snapshot of the file's state: once it was changed or deleted, every read fails.
        throw new SourceError(
          `${name} cannot be read any more: ${(error as Error).message}`,
          'It was changed, moved or deleted after it was chosen; choose it again.',
          { cause: error },
        );
      }
      if (bytes.byteLength !== end - start)
        throw new SourceError(
          `${name} gave ${bytes.byteLength} of the ${end - start} bytes asked for`,
          'The file became shorter after it was chosen; choose it again.',
        );
      return bytes;
    },
  };
}

export interface CountingSource extends ByteSource {
  /** Bytes read so far. */
  bytesRead: number;
  /** The ranges read, in order. */
  readonly ranges: [start: number, end: number][];
}

/** Passes reads on and notes them: for tests that bound what a reader may fetch. */
export function countingSource(source: ByteSource): CountingSource {
  const counting: CountingSource = {
    name: source.name,
    size: source.size,
    bytesRead: 0,
    ranges: [],
    read(start, end) {
      counting.bytesRead += end - start;
      counting.ranges.push([start, end]);
      return source.read(start, end);
    },
  };
  return counting;
}

/** Files in memory, by name. */
export function memoryFileSet(name: string, files: ReadonlyMap<string, Uint8Array>): FileSet {
  return {
    name,
    list: () => Promise.resolve([...files.keys()]),
    open(file) {
      const bytes = files.get(file);
      return Promise.resolve(bytes ? memorySource(file, bytes) : null);
    },
  };
}

/**
 * Files dropped on the page or chosen in a dialog. Of a chosen folder the browser gives every file with its path
 * (`gpt2/onnx/config.json`): the base name counts, and of equal names the one nearest to the top, because
 * repositories keep conversions to other formats in subfolders.
 */
export function filesFileSet(name: string, files: readonly File[]): FileSet {
  const best = new Map<string, { depth: number; files: File[] }>();
  for (const file of files) {
    const parts = (file.webkitRelativePath || file.name).split('/');
    const base = parts.at(-1)!;
    const seen = best.get(base);
    if (!seen || parts.length < seen.depth) best.set(base, { depth: parts.length, files: [file] });
    else if (parts.length === seen.depth) seen.files.push(file);
  }
  return {
    name,
    list: () => Promise.resolve([...best.keys()]),
    open(base) {
      const found = best.get(base)?.files;
      if (!found) return Promise.resolve(null);
      if (found.length > 1)
        return Promise.reject(
          new CheckpointError(
            `${name} holds ${found.length} files named ${base}`,
            'Choose one checkpoint folder at a time.',
          ),
        );
      return Promise.resolve(blobSource(base, found[0]!));
    },
  };
}

/**
 * Files under an address of our own server: the bundled demo. `names` says which there are, since a web server
 * lists nothing. A file is fetched whole when it is opened: the demo is a few megabytes, and a server that
 * cannot do ranges serves it just as well.
 */
export function httpFileSet(
  name: string,
  baseUrl: string,
  names: readonly string[],
  fetchFile: typeof fetch = fetch,
): FileSet {
  return {
    name,
    list: () => Promise.resolve([...names]),
    async open(file) {
      if (!names.includes(file)) return null;
      const url = `${baseUrl.replace(/\/$/, '')}/${file}`;
      let response: Response;
      try {
        response = await fetchFile(url);
      } catch (error) {
        throw new SourceError(
          `${url} cannot be reached: ${(error as Error).message}`,
          'Is the server that this page came from still running?',
          { cause: error },
        );
      }
      if (!response.ok)
        throw new SourceError(
          `${url} answered ${response.status} ${response.statusText}`.trim(),
          'The installation is incomplete; build the project again.',
        );
      return memorySource(file, new Uint8Array(await response.arrayBuffer()));
    },
  };
}
