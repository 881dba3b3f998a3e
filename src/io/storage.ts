/**
 * A place that keeps bytes between visits, by folder and name. In the browser it is OPFS, the origin's private file
 * system, which holds gigabytes and needs no question to the user.
 *
 * An entry counts only when it is complete. OPFS renames are not everywhere yet, so a complete entry ends with a mark
 * that is written and flushed after the data: a tab closed in between leaves an entry without it, which reads as
 * absent and is overwritten by the next try.
 */
export interface ByteStore {
  /** The bytes of a complete entry, else null. */
  get(folder: string, name: string): Promise<Uint8Array<ArrayBuffer> | null>;
  /** Writes an entry; it appears only when complete. Rejects when there is no room. */
  put(folder: string, name: string, bytes: Uint8Array<ArrayBuffer>): Promise<void>;
}

// Of the working drafts only lib.webworker knows these, and it cannot be mixed with lib.dom.
interface SyncAccessHandle {
  write(bytes: Uint8Array<ArrayBuffer>, options: { at: number }): number;
  truncate(size: number): void;
  flush(): void;
  close(): void;
}
interface FileHandle extends FileSystemFileHandle {
  createSyncAccessHandle?(): Promise<SyncAccessHandle>;
}

/** `DCNT` and the length of the data, 12 bytes, little-endian. */
const MARK_BYTES = 12;
const MARK_WORD = 0x544e4344;

function completeMark(length: number): Uint8Array<ArrayBuffer> {
  const mark = new DataView(new ArrayBuffer(MARK_BYTES));
  mark.setUint32(0, MARK_WORD, true);
  mark.setBigUint64(4, BigInt(length), true);
  return new Uint8Array(mark.buffer);
}

/** Names become file names, so whatever a file system could take for a path is escaped. */
export function fileNameOf(name: string): string {
  return encodeURIComponent(name).replace(/^\./, '%2E');
}

function writeAll(handle: SyncAccessHandle, bytes: Uint8Array<ArrayBuffer>, at: number): void {
  for (let done = 0; done < bytes.length;) {
    const written = handle.write(bytes.subarray(done), { at: at + done });
    if (written <= 0) throw new DOMException('no room is left', 'QuotaExceededError');
    done += written;
  }
}

async function writeEntry(file: FileHandle, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
  const mark = completeMark(bytes.length);
  if (!file.createSyncAccessHandle) {
    // Outside a worker. This stream writes to a copy that replaces the file on close.
    const stream = await file.createWritable();
    await stream.write(bytes);
    await stream.write(mark);
    await stream.close();
    return;
  }
  const handle = await file.createSyncAccessHandle();
  try {
    handle.truncate(0);
    writeAll(handle, bytes, 0);
    handle.flush();
    writeAll(handle, mark, bytes.length);
    handle.flush();
  } finally {
    handle.close();
  }
}

async function readEntry(handle: FileSystemFileHandle): Promise<Uint8Array<ArrayBuffer> | null> {
  const file = await handle.getFile();
  const length = file.size - MARK_BYTES;
  if (length < 0) return null;
  const mark = new Uint8Array(await file.slice(length).arrayBuffer());
  const expected = completeMark(length);
  if (!mark.every((byte, i) => byte === expected[i])) return null;
  return new Uint8Array(await file.slice(0, length).arrayBuffer());
}

const isMissing = (error: unknown) => error instanceof DOMException && error.name === 'NotFoundError';

/** A store in a directory of the origin's private file system. */
export function directoryStore(root: FileSystemDirectoryHandle): ByteStore {
  return {
    async get(folder, name) {
      try {
        const directory = await root.getDirectoryHandle(fileNameOf(folder));
        return await readEntry(await directory.getFileHandle(fileNameOf(name)));
      } catch (error) {
        if (isMissing(error)) return null;
        throw error;
      }
    },
    async put(folder, name, bytes) {
      const directory = await root.getDirectoryHandle(fileNameOf(folder), { create: true });
      await writeEntry(await directory.getFileHandle(fileNameOf(name), { create: true }), bytes);
    },
  };
}

/** The directory named `name` of this origin. Rejects where there is no OPFS (old browsers, some private windows). */
export async function openDirectory(name: string): Promise<FileSystemDirectoryHandle> {
  const root = await navigator.storage.getDirectory();
  return root.getDirectoryHandle(fileNameOf(name), { create: true });
}

/** The store named `name` in this browser, or null where there is no OPFS. */
export async function openBrowserStore(name: string): Promise<ByteStore | null> {
  try {
    return directoryStore(await openDirectory(name));
  } catch {
    // Decant works without it: a download is then repeated on the next visit, which the caller tells.
    return null;
  }
}

/** Texts by key in one folder of a store that is opened when it is first asked; without one nothing is kept. */
export function textEntries(open: () => Promise<ByteStore | null>, folder: string) {
  let store: Promise<ByteStore | null> | undefined;
  const opened = () => (store ??= open());
  return {
    async get(key: string): Promise<string | null> {
      const bytes = await (await opened())?.get(folder, key);
      return bytes ? new TextDecoder().decode(bytes) : null;
    },
    async set(key: string, text: string): Promise<void> {
      await (await opened())?.put(folder, key, new TextEncoder().encode(text));
    },
  };
}

/** A store that lasts as long as the page: where nothing better is there, and in tests. */
export function memoryStore(): ByteStore {
  const entries = new Map<string, Uint8Array<ArrayBuffer>>();
  const key = (folder: string, name: string) => `${fileNameOf(folder)}/${fileNameOf(name)}`;
  return {
    get: (folder, name) => {
      const bytes = entries.get(key(folder, name));
      return Promise.resolve(bytes ? new Uint8Array(bytes) : null);
    },
    put: (folder, name, bytes) => {
      entries.set(key(folder, name), new Uint8Array(bytes));
      return Promise.resolve();
    },
  };
}
