/** The byte store of the command line: a folder on the disk, one file an entry. Node only. */
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileNameOf, type ByteStore } from './storage';

/** Entries are written under a temporary name, flushed and renamed, so that a half-written one never appears. */
export function folderStore(root: string): ByteStore {
  const place = (folder: string, name: string) => join(root, fileNameOf(folder), fileNameOf(name));
  let temporary = 0;
  return {
    async get(folder, name) {
      try {
        const bytes = await readFile(place(folder, name));
        // A small file may share its memory with others of Node's.
        return bytes.buffer.byteLength === bytes.length
          ? new Uint8Array(bytes.buffer)
          : new Uint8Array(bytes);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
        throw error;
      }
    },
    async put(folder, name, bytes) {
      await mkdir(join(root, fileNameOf(folder)), { recursive: true });
      const path = place(folder, name);
      const part = `${path}.${process.pid}-${temporary++}.part`;
      try {
        const file = await open(part, 'w');
        try {
          await file.writeFile(bytes);
          await file.sync();
        } finally {
          await file.close();
        }
        await rename(part, path);
      } catch (error) {
        await rm(part, { force: true });
        throw error;
      }
    },
  };
}
