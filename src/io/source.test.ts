import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { CheckpointError, SourceError } from '../errors';
import { blobSource, countingSource, filesFileSet, httpFileSet, memorySource } from './source';
import { fileSource, folderFileSet } from './source.node';

const BYTES = Uint8Array.from({ length: 100 }, (_, i) => i);
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'decant-'));
  await writeFile(join(folder, 'data.bin'), BYTES);
});
afterEach(() => rm(folder, { recursive: true }));

const sources = {
  memory: () => Promise.resolve(memorySource('data.bin', BYTES)),
  blob: () => Promise.resolve(blobSource('data.bin', new Blob([BYTES]))),
  disk: () => fileSource(join(folder, 'data.bin')),
};

for (const [kind, make] of Object.entries(sources))
  describe(`a source in ${kind}`, () => {
    test('gives exactly the range asked for, as bytes of its own', async () => {
      const source = await make();
      expect([source.name, source.size]).toEqual(['data.bin', 100]);
      expect(await source.read(10, 13)).toEqual(Uint8Array.of(10, 11, 12));
      expect(await source.read(100, 100)).toEqual(new Uint8Array(0));
      (await source.read(0, 1))[0] = 99;
      expect((await source.read(0, 1))[0]).toBe(0);
    });

    test('refuses ranges that are none of the file', async () => {
      const source = await make();
      for (const [start, end] of [
        [-1, 2],
        [5, 4],
        [0, 101],
        [0.5, 2],
        [0, Infinity],
      ] as const)
        await expect(source.read(start, end)).rejects.toThrow(SourceError);
    });
  });

test('a file that became shorter is noticed', async () => {
  const source = await fileSource(join(folder, 'data.bin'));
  await truncate(join(folder, 'data.bin'), 50);
  await expect(source.read(40, 60)).rejects.toThrow('ended at byte 50, before byte 60');
});

test('a counting source counts', async () => {
  const source = countingSource(memorySource('m', BYTES));
  await source.read(0, 8);
  await source.read(20, 24);
  expect(source.bytesRead).toBe(12);
  expect(source.ranges).toEqual([
    [0, 8],
    [20, 24],
  ]);
});

describe('dropped files', () => {
  const file = (path: string, content: string) => {
    const made = new File([content], path.split('/').at(-1)!);
    Object.defineProperty(made, 'webkitRelativePath', { value: path.includes('/') ? path : '' });
    return made;
  };
  const text = async (set: ReturnType<typeof filesFileSet>, name: string) => {
    const source = await set.open(name);
    return source && new TextDecoder().decode(await source.read(0, source.size));
  };

  test('from a folder are known by their base names, the nearest to the top first', async () => {
    const set = filesFileSet('gpt2', [
      file('gpt2/onnx/config.json', 'deep'),
      file('gpt2/config.json', 'top'),
      file('gpt2/onnx/only.json', 'below'),
    ]);
    expect((await set.list()).sort()).toEqual(['config.json', 'only.json']);
    expect(await text(set, 'config.json')).toBe('top');
    expect(await text(set, 'only.json')).toBe('below');
    expect(await set.open('model.safetensors')).toBeNull();
  });

  test('from two folders at once are refused', async () => {
    const set = filesFileSet('drop', [file('a/config.json', '1'), file('b/config.json', '2')]);
    await expect(set.open('config.json')).rejects.toThrow(CheckpointError);
    await expect(set.open('config.json')).rejects.toThrow('drop holds 2 files named config.json');
  });
});

describe('a folder on the disk', () => {
  test('lists and opens its files, and nothing outside it', async () => {
    const set = await folderFileSet(folder);
    expect(await set.list()).toEqual(['data.bin']);
    expect((await set.open('data.bin'))!.size).toBe(100);
    expect(await set.open('../etc/passwd')).toBeNull();
  });

  test('that does not exist is named', async () => {
    await expect(folderFileSet(join(folder, 'no'))).rejects.toThrow('there is no such folder');
  });
});

describe('files over HTTP', () => {
  const serve =
    (status: number): typeof fetch =>
    (url) =>
      Promise.resolve(new Response(JSON.stringify(url), { status, statusText: 'so' }));

  test('are fetched from below the base address', async () => {
    const set = httpFileSet('demo', '/demo/', ['config.json'], serve(200));
    const source = (await set.open('config.json'))!;
    expect(new TextDecoder().decode(await source.read(0, source.size))).toBe('"/demo/config.json"');
    expect(await set.open('merges.txt')).toBeNull();
  });

  test('that are not there end with the address and the status', async () => {
    await expect(httpFileSet('demo', '/demo', ['a'], serve(404)).open('a')).rejects.toThrow(
      '/demo/a answered 404 so',
    );
    const offline = () => Promise.reject(new TypeError('fetch failed'));
    await expect(httpFileSet('demo', '/demo', ['a'], offline).open('a')).rejects.toThrow(
      '/demo/a cannot be reached: fetch failed',
    );
  });
});
