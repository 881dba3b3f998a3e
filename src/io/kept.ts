/**
 * What is kept between visits and can be had again: files fetched from the Hub, and the tokens of texts. Both are folders
 * of files, one folder for each file of the Hub and for each text. Their bytes have a limit: beyond it, what was not used
 * for the longest goes first.
 */
import type { RangeFiles } from './rangeFiles';
import { fileNameOf, type ByteStore } from './storage';

export type KeptKind = 'downloads' | 'tokens';

export const KEPT_KINDS: readonly KeptKind[] = ['downloads', 'tokens'];

export interface KeptFolder {
  /** As the file system knows it. */
  readonly name: string;
  readonly bytes: number;
  /** When it was last written or read, in milliseconds since 1970. */
  readonly usedMs: number;
}

/** The folders of one kind. */
export interface KeptPlace {
  list(): Promise<KeptFolder[]>;
  /** Notes that a folder is being used. */
  use(folder: string): Promise<void>;
  /** Removes a folder that `list` gave; false when someone reads or writes it. */
  remove(folder: string): Promise<boolean>;
}

/** Bytes on the disk. */
export interface KeptBytes {
  readonly downloads: number;
  readonly tokens: number;
  /** The most that both may have together. */
  readonly limit: number;
}

export interface Keeping {
  bytes(): Promise<KeptBytes>;
  /** Lets the longest unused go until so many more bytes fit below the limit, or until all else is in use. */
  makeRoom(bytes: number): Promise<void>;
  /** Removes all of these kinds that nobody uses. */
  clear(kinds: readonly KeptKind[]): Promise<void>;
}

/** What was used within the last hour may be in use now, by another tab or process. */
const RECENT_MS = 3_600_000;

type Placed = KeptFolder & { readonly kind: KeptKind };

export function createKeeping(
  places: Readonly<Record<KeptKind, KeptPlace>>,
  limitBytes: () => Promise<number>,
  now = Date.now,
): Keeping {
  const all = async (): Promise<Placed[]> => {
    const lists = KEPT_KINDS.map(async (kind) =>
      (await places[kind].list()).map((folder) => ({ ...folder, kind })),
    );
    return (await Promise.all(lists)).flat();
  };
  const sum = (folders: readonly KeptFolder[]) => folders.reduce((bytes, folder) => bytes + folder.bytes, 0);

  return {
    async bytes() {
      const folders = await all();
      const of = (kind: KeptKind) => sum(folders.filter((folder) => folder.kind === kind));
      return { downloads: of('downloads'), tokens: of('tokens'), limit: await limitBytes() };
    },
    async makeRoom(bytes) {
      // What cannot be counted needs no room: where there is none, writing says so.
      const counted = await Promise.all([all(), limitBytes()]).catch(() => null);
      if (!counted) return;
      const [folders, limit] = counted;
      let over = sum(folders) + bytes - limit;
      const idle = folders.filter(({ usedMs }) => now() - usedMs > RECENT_MS);
      for (const folder of idle.sort((a, b) => a.usedMs - b.usedMs)) {
        if (over <= 0) return;
        if (await places[folder.kind].remove(folder.name)) over -= folder.bytes;
      }
    },
    async clear(kinds) {
      for (const { kind, name } of await all()) if (kinds.includes(kind)) await places[kind].remove(name);
    },
  };
}

/** Often enough for `RECENT_MS`, and seldom beside the reading. */
const NOTE_MS = RECENT_MS / 6;

/** Notes uses. Where a note cannot be written, reading goes on without it. */
function noteNowAndThen({ use }: KeptPlace): (folder: string) => Promise<void> {
  const noted = new Map<string, number>();
  return async (folder) => {
    if (Date.now() - (noted.get(folder) ?? 0) < NOTE_MS) return;
    noted.set(folder, Date.now());
    await use(fileNameOf(folder)).catch(() => undefined);
  };
}

/** A store whose reading is noted. */
export function notingStore(store: ByteStore, place: KeptPlace): ByteStore {
  const note = noteNowAndThen(place);
  return {
    ...store,
    async get(folder, name) {
      const bytes = await store.get(folder, name);
      if (bytes) await note(folder);
      return bytes;
    },
  };
}

/** Files whose reading is noted. */
export function notingFiles(files: RangeFiles, place: KeptPlace): RangeFiles {
  const note = noteNowAndThen(place);
  return {
    ...files,
    async open(folder, name) {
      const file = await files.open(folder, name);
      if (file) await note(folder);
      return file;
    },
  };
}

/** In each folder of OPFS, which has no other way to note a time. No entry has this name. */
const USED = 'used.mark';

async function folderOf(handle: FileSystemDirectoryHandle): Promise<KeptFolder> {
  let [bytes, usedMs] = [0, 0];
  try {
    for await (const entry of handle.values()) {
      if (entry.kind !== 'file') continue;
      const { size, lastModified } = await entry.getFile();
      bytes += size;
      usedMs = Math.max(usedMs, lastModified);
    }
  } catch {
    // Another tab is writing or removing here.
    usedMs = Date.now();
  }
  return { name: handle.name, bytes, usedMs };
}

/** Folders in a directory of the origin's private file system. */
export function keptDirectory(open: () => Promise<FileSystemDirectoryHandle>): KeptPlace {
  return {
    async list() {
      const folders: KeptFolder[] = [];
      // Where nothing can be kept there is nothing.
      const root = await open().catch(() => null);
      if (!root) return [];
      for await (const entry of root.values())
        if (entry.kind === 'directory') folders.push(await folderOf(entry));
      return folders;
    },
    async use(folder) {
      const directory = await (await open()).getDirectoryHandle(folder);
      const mark = await directory.getFileHandle(USED, { create: true });
      const stream = await mark.createWritable();
      await stream.close();
    },
    async remove(folder) {
      try {
        // Fails as a whole while one of the files is open, in any tab.
        await (await open()).removeEntry(folder, { recursive: true });
        return true;
      } catch {
        return false;
      }
    },
  };
}
