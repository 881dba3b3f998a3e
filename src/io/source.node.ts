/** Byte sources on the disk, for the command line and for tests. Node only. */
import { open, readdir, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { SourceError } from '../errors';
import { checkRange, type ByteSource, type FileSet } from './source';

/** A file on the disk, opened for each read so that nothing has to be closed later. */
export async function fileSource(path: string): Promise<ByteSource> {
  const name = basename(path);
  const { size, mtimeMs } = await stat(path);
  return {
    name,
    size,
    version: `${resolve(path)} ${mtimeMs}`,
    async read(start, end) {
      checkRange(name, size, start, end);
      const bytes = new Uint8Array(end - start);
      const file = await open(path, 'r');
      try {
        for (let done = 0; done < bytes.length;) {
          const { bytesRead } = await file.read(bytes, done, bytes.length - done, start + done);
          if (bytesRead === 0)
            throw new SourceError(
              `${path} ended at byte ${start + done}, before byte ${end}`,
              'The file became shorter while it was read.',
            );
          done += bytesRead;
        }
      } finally {
        await file.close();
      }
      return bytes;
    },
  };
}

/** The files of one folder (its subfolders are not looked into). Throws SourceError when there is no such folder. */
export async function folderFileSet(path: string): Promise<FileSet> {
  const root = resolve(path);
  const entries = await readdir(root, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    const reason = error.code === 'ENOENT' ? 'there is no such folder' : error.message;
    throw new SourceError(
      `cannot read ${path}: ${reason}`,
      'Give the folder that holds config.json and the weights.',
      {
        cause: error,
      },
    );
  });
  // Hub caches hold links to the real files, so links count as files.
  const names = entries
    .filter((entry) => entry.isFile() || entry.isSymbolicLink())
    .map((entry) => entry.name);
  return {
    name: basename(root),
    list: () => Promise.resolve([...names]),
    open: (name) => (names.includes(name) ? fileSource(join(root, name)) : Promise.resolve(null)),
  };
}
