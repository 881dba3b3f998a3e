import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { directoryStore, fileNameOf, memoryStore, textEntries, type ByteStore } from './storage';
import { folderStore } from './storage.node';

/**
 * What `directoryStore` uses of OPFS, in memory. The browser's own is tried in e2e; here it can be made to break
 * between two writes, which the browser's cannot.
 */
class Directory {
  readonly kind = 'directory';
  readonly files = new Map<string, Uint8Array<ArrayBuffer>>();
  readonly folders = new Map<string, Directory>();
  /** Writes to come before one fails; the tab is closed there. */
  writesLeft = Infinity;

  constructor(
    readonly name: string,
    readonly worker: boolean,
  ) {}

  private missing = () => Promise.reject(new DOMException('not there', 'NotFoundError'));

  getDirectoryHandle(name: string, options: { create?: boolean } = {}) {
    if (!this.folders.has(name) && options.create) this.folders.set(name, new Directory(name, this.worker));
    const folder = this.folders.get(name);
    if (!folder) return this.missing();
    folder.writesLeft = this.writesLeft;
    return Promise.resolve(folder);
  }

  getFileHandle(name: string, options: { create?: boolean } = {}) {
    if (!this.files.has(name)) {
      if (!options.create) return this.missing();
      this.files.set(name, new Uint8Array(0));
    }
    const write = (bytes: Uint8Array, at: number) => {
      if (this.writesLeft-- <= 0) throw new DOMException('the tab was closed', 'InvalidStateError');
      const old = this.files.get(name)!;
      const grown = new Uint8Array(Math.max(old.length, at + bytes.length));
      grown.set(old);
      grown.set(bytes, at);
      this.files.set(name, grown);
      return bytes.length;
    };
    const sync = {
      // At most 5 bytes at a time: short writes are allowed.
      write: (bytes: Uint8Array, { at }: { at: number }) => write(bytes.subarray(0, 5), at),
      truncate: (size: number) => this.files.set(name, this.files.get(name)!.slice(0, size)),
      flush: () => undefined,
      close: () => undefined,
    };
    let pending: Uint8Array[] = [];
    const stream = {
      write: (bytes: Uint8Array) => Promise.resolve(void pending.push(bytes)),
      close: () => {
        this.files.set(name, new Uint8Array(0));
        for (const bytes of pending) write(bytes, this.files.get(name)!.length);
        pending = [];
        return Promise.resolve();
      },
    };
    return Promise.resolve({
      kind: 'file',
      name,
      getFile: () => Promise.resolve(new Blob([this.files.get(name)!])),
      ...(this.worker
        ? { createSyncAccessHandle: () => Promise.resolve(sync) }
        : { createWritable: () => Promise.resolve(stream) }),
    });
  }

  async *values() {
    for (const name of this.files.keys()) yield await this.getFileHandle(name);
    yield* this.folders.values();
  }

  removeEntry(name: string) {
    this.files.delete(name);
    this.folders.delete(name);
    return Promise.resolve();
  }

  asHandle = () => this as unknown as FileSystemDirectoryHandle;
}

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'decant-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const stores: Record<string, () => ByteStore> = {
  memory: memoryStore,
  'a folder': () => folderStore(folder),
  'OPFS in a worker': () => directoryStore(new Directory('', true).asHandle()),
  'OPFS in a page': () => directoryStore(new Directory('', false).asHandle()),
};

for (const [kind, make] of Object.entries(stores))
  describe(`a store in ${kind}`, () => {
    const bytes = Uint8Array.from({ length: 23 }, (_, i) => i);

    test('gives back what was put, and null for the rest', async () => {
      const store = make();
      expect(await store.get('a', 'x')).toBeNull();
      await store.put('a', 'x', bytes);
      await store.put('a', 'empty', new Uint8Array(0));
      expect(await store.get('a', 'x')).toEqual(bytes);
      expect(await store.get('a', 'empty')).toEqual(new Uint8Array(0));
      expect(await store.get('a', 'y')).toBeNull();
      expect(await store.get('b', 'x')).toBeNull();
    });

    test('replaces, also with something shorter', async () => {
      const store = make();
      await store.put('a', 'x', bytes);
      await store.put('a', 'x', bytes.slice(0, 3));
      expect(await store.get('a', 'x')).toEqual(bytes.slice(0, 3));
    });

    test('takes any name for a name', async () => {
      const store = make();
      const names = ['../x', 'https://hub.example/a b', '.', '..', 'ä"\n'];
      for (const [i, name] of names.entries()) await store.put(name, name, Uint8Array.of(i));
      for (const [i, name] of names.entries()) expect(await store.get(name, name)).toEqual(Uint8Array.of(i));
    });

    test('knows its size and forgets', async () => {
      const store = make();
      await store.put('a', 'x', bytes);
      expect(await store.size()).toBeGreaterThanOrEqual(23);
      await store.clear();
      expect(await store.get('a', 'x')).toBeNull();
      expect(await store.size()).toBe(0);
    });
  });

test('an entry that was cut off at any write is absent, and can be written anew', async () => {
  const bytes = Uint8Array.from({ length: 23 }, (_, i) => i);
  for (let writes = 0; writes < 8; writes++) {
    const root = new Directory('', true);
    const store = directoryStore(root.asHandle());
    await store.put('a', 'x', bytes.slice(0, 2));
    root.writesLeft = writes;
    // 23 bytes and the mark of 12, five at a time.
    await expect(store.put('a', 'x', bytes)).rejects.toThrow('the tab was closed');
    expect(await store.get('a', 'x')).toBeNull();
    root.writesLeft = Infinity;
    await store.put('a', 'x', bytes);
    expect(await store.get('a', 'x')).toEqual(bytes);
  }
});

test('a half-written file of the disk store has another name', async () => {
  const store = folderStore(folder);
  await store.put('a', 'x', Uint8Array.of(1));
  await writeFile(join(folder, 'a', 'y.1-0.part'), 'half');
  expect(await store.get('a', 'y')).toBeNull();
  expect((await readdir(join(folder, 'a'))).sort()).toEqual(['x', 'y.1-0.part']);
});

test('names become file names that no file system takes for a path', () => {
  expect(fileNameOf('..')).toBe('%2E.');
  expect(fileNameOf('a/b')).toBe('a%2Fb');
});

test('texts are kept by key, and not at all where there is no store', async () => {
  const store = memoryStore();
  const texts = textEntries(() => Promise.resolve(store), 'notes');
  expect(await texts.get('a/b')).toBeNull();
  await texts.set('a/b', 'ä');
  expect(await textEntries(() => Promise.resolve(store), 'notes').get('a/b')).toBe('ä');
  const none = textEntries(() => Promise.resolve(null), 'notes');
  await none.set('a/b', 'x');
  expect(await none.get('a/b')).toBeNull();
});
