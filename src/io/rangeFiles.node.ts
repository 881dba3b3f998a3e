/** Files that are read by ranges without waiting, in a folder of the disk. Node only. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { shorter, type RangeFile, type RangeFiles } from './rangeFiles';
import { fileNameOf } from './storage';

const PART = '.part';

/** Half-written files of another process that are younger than this are let be. */
const ABANDONED_MS = 3_600_000;

const isMissing = (error: unknown) => (error as NodeJS.ErrnoException).code === 'ENOENT';

function openRange(path: string): RangeFile | null {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
  return {
    size: fstatSync(file).size,
    read(into, at) {
      for (let done = 0; done < into.length;) {
        const read = readSync(file, into, done, into.length - done, at + done);
        if (read === 0) throw shorter(path, at, into.length);
        done += read;
      }
    },
    close: () => closeSync(file),
  };
}

/** Files below `root`. They are written under another name, flushed and renamed. */
export function folderFiles(root: string): RangeFiles {
  const place = (folder: string, name = '') => join(root, fileNameOf(folder), name && fileNameOf(name));
  let parts = 0;
  return {
    open: (folder, name) => Promise.resolve(openRange(place(folder, name))),
    async create(folder, name) {
      await mkdir(place(folder), { recursive: true });
      const part = `${place(folder, name)}.${process.pid}-${parts++}${PART}`;
      const file = await open(part, 'w');
      return {
        async write(bytes) {
          for (let done = 0; done < bytes.length;)
            done += (await file.write(bytes, done, bytes.length - done)).bytesWritten;
        },
        async keep() {
          await file.sync();
          await file.close();
          await rename(part, place(folder, name));
        },
        async discard() {
          await file.close();
          await rm(part, { force: true });
        },
      };
    },
    async remove(folder) {
      for (const name of await readdir(place(folder)).catch(() => [])) {
        const path = join(place(folder), name);
        const age = Date.now() - ((await stat(path).catch(() => null))?.mtimeMs ?? 0);
        if (!name.endsWith(PART) || age > ABANDONED_MS) await rm(path, { force: true });
      }
    },
  };
}
