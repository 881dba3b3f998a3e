import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { directoryStore, fileNameOf, memoryStore, textEntries, type ByteStore } from './storage';
import { folderStore } from './storage.node';
import { OpfsDirectory } from '../testing/opfsDirectory';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'decant-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const stores: Record<string, () => ByteStore> = {
  memory: memoryStore,
  'a folder': () => folderStore(folder),
  'OPFS in a worker': () => directoryStore(new OpfsDirectory('', true).asHandle()),
  'OPFS in a page': () => directoryStore(new OpfsDirectory('', false).asHandle()),
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
  });

test('an entry that was cut off at any write is absent, and can be written anew', async () => {
  const bytes = Uint8Array.from({ length: 23 }, (_, i) => i);
  for (let writes = 0; writes < 8; writes++) {
    const root = new OpfsDirectory('', true);
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
