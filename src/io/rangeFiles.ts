/**
 * Files that are written once from start to end and read by ranges without waiting, as training reads its tokens. In the
 * browser they lie in OPFS, which only a worker can read so; a file gets its name when it is complete.
 */
import { SourceError } from '../errors';
import { fileNameOf, openDirectory } from './storage';

export interface RangeFile {
  readonly size: number;
  /** Fills `into` from byte `at` on. Throws SourceError when the file is shorter. */
  read(into: Uint8Array, at: number): void;
  close(): void;
}

export interface RangeWriter {
  write(bytes: Uint8Array): Promise<void>;
  /** Flushes, and gives the file its name. */
  keep(): Promise<void>;
  /** The file was not. */
  discard(): Promise<void>;
}

export interface RangeFiles {
  open(folder: string, name: string): Promise<RangeFile | null>;
  /** Rejects with a QuotaExceededError (or, in Node, ENOSPC) when there is no room, as `write` does. */
  create(folder: string, name: string): Promise<RangeWriter>;
  /** Removes a folder's files; what another session is writing stays. */
  remove(folder: string): Promise<void>;
}

export function shorter(name: string, at: number, wanted: number): SourceError {
  return new SourceError(
    `${name} ends before byte ${at + wanted}`,
    'It was changed from outside; start again, and it is made anew.',
  );
}

/** Bytes in memory as a file. */
export function memoryRange(name: string, bytes: Uint8Array): RangeFile {
  return {
    size: bytes.length,
    read(into, at) {
      if (at + into.length > bytes.length) throw shorter(name, at, into.length);
      into.set(bytes.subarray(at, at + into.length));
    },
    close: () => undefined,
  };
}

/** Most that is kept where there is only memory. */
const MEMORY_BYTES = 512 * 1024 * 1024;

/** Files that last as long as the session: where nothing better is there, and in tests. */
export function memoryFiles(mostBytes = MEMORY_BYTES): RangeFiles {
  const files = new Map<string, Uint8Array>();
  const path = (folder: string, name: string) => `${fileNameOf(folder)}/${fileNameOf(name)}`;
  let held = 0;
  return {
    open(folder, name) {
      const bytes = files.get(path(folder, name));
      return Promise.resolve(bytes ? memoryRange(name, bytes) : null);
    },
    create(folder, name) {
      const parts: Uint8Array[] = [];
      let size = 0;
      return Promise.resolve({
        write(bytes: Uint8Array) {
          if (held + size + bytes.length > mostBytes)
            return Promise.reject(new DOMException('no room is left', 'QuotaExceededError'));
          parts.push(bytes.slice());
          size += bytes.length;
          return Promise.resolve();
        },
        keep() {
          const whole = new Uint8Array(size);
          let at = 0;
          for (const part of parts) {
            whole.set(part, at);
            at += part.length;
          }
          held += size;
          files.set(path(folder, name), whole);
          return Promise.resolve();
        },
        discard: () => Promise.resolve(),
      });
    },
    remove(folder) {
      for (const [name, bytes] of files) {
        if (!name.startsWith(`${fileNameOf(folder)}/`)) continue;
        held -= bytes.length;
        files.delete(name);
      }
      return Promise.resolve();
    },
  };
}

// Of the working drafts only lib.webworker knows these, and it cannot be mixed with lib.dom.
interface AccessHandle {
  read(into: Uint8Array, options: { at: number }): number;
  write(bytes: Uint8Array, options: { at: number }): number;
  getSize(): number;
  flush(): void;
  close(): void;
}
interface Handle extends FileSystemFileHandle {
  createSyncAccessHandle(options?: { mode: 'read-only' }): Promise<AccessHandle>;
  move(name: string): Promise<void>;
}

const named = (error: unknown, name: string) => error instanceof DOMException && error.name === name;

/** A handle for reading; where another tab reads the file and the browser allows one reader, a copy in memory. */
async function openRange(name: string, file: Handle): Promise<RangeFile> {
  let access: AccessHandle;
  try {
    access = await file.createSyncAccessHandle({ mode: 'read-only' });
  } catch (error) {
    if (!named(error, 'NoModificationAllowedError')) throw error;
    return memoryRange(name, new Uint8Array(await (await file.getFile()).arrayBuffer()));
  }
  return {
    size: access.getSize(),
    read(into, at) {
      for (let done = 0; done < into.length;) {
        const read = access.read(into.subarray(done), { at: at + done });
        if (read <= 0) throw shorter(name, at, into.length);
        done += read;
      }
    },
    close: () => access.close(),
  };
}

const PART = '.part';
let parts = 0;

/** Files in a directory of the origin's private file system. In workers only. */
export function directoryFiles(root: FileSystemDirectoryHandle): RangeFiles {
  const directory = (folder: string, create = false) =>
    root.getDirectoryHandle(fileNameOf(folder), { create });
  return {
    async open(folder, name) {
      try {
        const file = await (await directory(folder)).getFileHandle(fileNameOf(name));
        return await openRange(name, file as Handle);
      } catch (error) {
        if (named(error, 'NotFoundError')) return null;
        throw error;
      }
    },
    async create(folder, name) {
      const into = await directory(folder, true);
      const part = `${fileNameOf(name)}.${Date.now().toString(36)}-${parts++}${PART}`;
      const file = (await into.getFileHandle(part, { create: true })) as Handle;
      const access = await file.createSyncAccessHandle();
      let at = 0;
      return {
        write(bytes) {
          for (let done = 0; done < bytes.length;) {
            const written = access.write(bytes.subarray(done), { at });
            if (written <= 0)
              return Promise.reject(new DOMException('no room is left', 'QuotaExceededError'));
            done += written;
            at += written;
          }
          return Promise.resolve();
        },
        async keep() {
          access.flush();
          access.close();
          await file.move(fileNameOf(name));
        },
        async discard() {
          access.close();
          await into.removeEntry(part);
        },
      };
    },
    async remove(folder) {
      const own = await directory(folder).catch(() => null);
      if (!own) return;
      const names: string[] = [];
      for await (const entry of own.values()) names.push(entry.name);
      for (const name of names) {
        // A file that another tab is writing cannot be removed.
        await own.removeEntry(name).catch(() => undefined);
      }
    },
  };
}

/** The files named `name` in this browser, in memory where there is no OPFS (some private windows). */
export async function browserFiles(name: string): Promise<RangeFiles> {
  try {
    return directoryFiles(await openDirectory(name));
  } catch {
    return memoryFiles();
  }
}
