/** What the command line keeps: folders on the disk. Node only. */
import { readdir, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import type { KeptFolder, KeptPlace } from './kept';

async function folderOf(root: string, name: string): Promise<KeptFolder> {
  const path = join(root, name);
  // Another process may remove what is being counted.
  const files = await readdir(path).catch(() => []);
  const stats = await Promise.all(
    [path, ...files.map((file) => join(path, file))].map((each) => stat(each).catch(() => null)),
  );
  const known = stats.filter((each) => each !== null);
  return {
    name,
    bytes: known.reduce((bytes, each) => bytes + (each.isFile() ? each.size : 0), 0),
    usedMs: Math.max(0, ...known.map(({ mtimeMs }) => mtimeMs)),
  };
}

/** Folders below `root`, without those named in `except`. What another process reads of one stays readable to it. */
export function keptFolders(root: string, except: readonly string[] = []): KeptPlace {
  return {
    async list() {
      const entries = await readdir(root, { withFileTypes: true }).catch(() => []);
      const names = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
      const folders: KeptFolder[] = [];
      for (const name of names.filter((each) => !except.includes(each)))
        folders.push(await folderOf(root, name));
      return folders;
    },
    // The folder's own time; a file in it may be open for reading.
    use: (folder) => utimes(join(root, folder), new Date(), new Date()),
    async remove(folder) {
      await rm(join(root, folder), { recursive: true, force: true });
      return true;
    },
  };
}
