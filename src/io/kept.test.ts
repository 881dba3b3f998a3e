import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { OpfsDirectory } from '../testing/opfsDirectory';
import { createKeeping, keptDirectory, notingFiles, notingStore, type KeptPlace } from './kept';
import { keptFolders } from './kept.node';
import { folderFiles } from './rangeFiles.node';
import { directoryStore } from './storage';
import { folderStore } from './storage.node';

const HOUR = 3_600_000;

let root: string;
beforeEach(() => void (root = mkdtempSync(join(tmpdir(), 'decant-kept-'))));
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** A folder on the disk with one file, last used so many hours ago. */
function folderOf(kind: string, name: string, bytes: number, hoursAgo: number): void {
  const folder = join(root, kind, name);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'data'), new Uint8Array(bytes));
  const used = new Date(Date.now() - hoursAgo * HOUR);
  for (const path of [join(folder, 'data'), folder]) utimesSync(path, used, used);
}

const places = () => ({
  downloads: keptFolders(join(root, 'downloads'), ['tuning']),
  tokens: keptFolders(join(root, 'tokens')),
});
const keepingOf = (limit: number, change: Partial<ReturnType<typeof places>> = {}) =>
  createKeeping({ ...places(), ...change }, () => Promise.resolve(limit));
const left = () => ['downloads', 'tokens'].flatMap((kind) => readdirSync(join(root, kind)).sort());

describe('what is kept has a limit', () => {
  beforeEach(() => {
    folderOf('downloads', 'gpt2', 400, 50);
    folderOf('downloads', 'wikitext', 300, 5);
    folderOf('downloads', 'tuning', 70, 500);
    folderOf('tokens', 'old', 200, 100);
    folderOf('tokens', 'new', 100, 2);
  });

  test('bytes are counted by kind; other folders there do not count', async () => {
    expect(await keepingOf(5000).bytes()).toEqual({ downloads: 700, tokens: 300, limit: 5000 });
  });

  test('below the limit nothing goes', async () => {
    await keepingOf(1000).makeRoom(0);
    expect(left()).toEqual(['gpt2', 'tuning', 'wikitext', 'new', 'old']);
  });

  test('beyond it the longest unused goes first, of either kind, and no more than needed', async () => {
    await keepingOf(1000).makeRoom(1);
    expect(left()).toEqual(['gpt2', 'tuning', 'wikitext', 'new']);
    await keepingOf(1000).makeRoom(300);
    expect(left()).toEqual(['tuning', 'wikitext', 'new']);
  });

  test('what was used within the hour stays, whatever the limit is', async () => {
    folderOf('tokens', 'now', 100, 0.5);
    await keepingOf(0).makeRoom(1e9);
    expect(left()).toEqual(['tuning', 'now']);
  });

  test('what is open elsewhere stays, and the next one goes for it', async () => {
    const { tokens } = places();
    const locked: KeptPlace = {
      ...tokens,
      remove: (name) => (name === 'old' ? Promise.resolve(false) : tokens.remove(name)),
    };
    await keepingOf(1000, { tokens: locked }).makeRoom(200);
    expect(left()).toEqual(['tuning', 'wikitext', 'new', 'old']);
  });

  test('clearing takes all of a kind and nothing of the other', async () => {
    await keepingOf(1000).clear(['tokens']);
    expect(left()).toEqual(['gpt2', 'tuning', 'wikitext']);
    await keepingOf(1000).clear(['downloads', 'tokens']);
    expect(left()).toEqual(['tuning']);
  });

  test('where the limit is not known nothing goes, and nothing fails', async () => {
    await createKeeping(places(), () => Promise.reject(new Error('no storage'))).makeRoom(1e9);
    expect(left()).toEqual(['gpt2', 'tuning', 'wikitext', 'new', 'old']);
  });

  test('where nothing was kept yet there is nothing', async () => {
    rmSync(root, { recursive: true });
    const keeping = keepingOf(1000);
    await keeping.makeRoom(10);
    await keeping.clear(['downloads', 'tokens']);
    expect(await keeping.bytes()).toEqual({ downloads: 0, tokens: 0, limit: 1000 });
  });
});

describe('reading is a use', () => {
  const used = (kind: string, name: string) => Date.now() - statSync(join(root, kind, name)).mtimeMs;

  test('of a range in a store', async () => {
    folderOf('downloads', 'gpt2', 10, 30);
    folderOf('downloads', 'other', 10, 30);
    const store = notingStore(folderStore(join(root, 'downloads')), places().downloads);
    expect(await store.get('other', 'absent')).toBeNull();
    expect(await store.get('gpt2', 'data')).toHaveLength(10);
    expect(used('downloads', 'gpt2')).toBeLessThan(HOUR);
    expect(used('downloads', 'other')).toBeGreaterThan(HOUR);
  });

  test('of tokens', async () => {
    folderOf('tokens', 'text', 10, 30);
    const files = notingFiles(folderFiles(join(root, 'tokens')), places().tokens);
    (await files.open('text', 'data'))!.close();
    expect(used('tokens', 'text')).toBeLessThan(HOUR);
  });

  test('in the browser a mark beside the files says so', async () => {
    const directory = new OpfsDirectory('hub', false);
    const place = keptDirectory(() => Promise.resolve(directory.asHandle()));
    const store = notingStore(directoryStore(directory.asHandle()), place);
    await store.put('https://hub.example a', '0-9', new Uint8Array(10));
    const own = [...directory.folders.values()][0]!;
    own.times.set('0-9', Date.now() - 30 * HOUR);
    const [before] = await place.list();
    expect(Date.now() - before!.usedMs).toBeGreaterThan(HOUR);
    await store.get('https://hub.example a', '0-9');
    const [after] = await place.list();
    expect(Date.now() - after!.usedMs).toBeLessThan(HOUR);
    expect(await place.remove(after!.name)).toBe(true);
    expect(await place.list()).toEqual([]);
  });

  test('without OPFS nothing is kept and nothing fails', async () => {
    const place = keptDirectory(() => Promise.reject(new DOMException('none', 'SecurityError')));
    expect(await place.list()).toEqual([]);
    expect(await place.remove('a')).toBe(false);
  });
});
