/** The session's surroundings in Node: the project's folder, the disk, and the Hub with a store in the user's cache. */
import { openAsBlob } from 'node:fs';
import { stat } from 'node:fs/promises';
import { homedir, totalmem } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { installWasm } from '../engine/wasm.node';
import { SourceError } from '../errors';
import { hubFileSet } from '../io/hub';
import { fileSource, folderFileSet } from '../io/source.node';
import { textEntries } from '../io/storage';
import { folderStore } from '../io/storage.node';
import type { Platform } from './platform';

/** Where downloads are kept: `$XDG_CACHE_HOME/decant`, or `~/.cache/decant`. */
const cacheFolder = () => join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'decant');

/** `root` is the project's folder. */
export function nodePlatform(root: string): Platform {
  const demo = join(root, 'public', 'demo');
  return {
    wasmPath: installWasm(),
    fetchesAhead: false,
    memoryBytes: totalmem(),
    demoTeacher: async () => ({ ...(await folderFileSet(join(demo, 'teacher'))), name: 'demo' }),
    demoTexts: async () => ({
      name: 'demo',
      list: () => Promise.resolve([]),
      open: (name) => fileSource(join(demo, name)),
    }),
    openHub: ({ onProgress, ...request }) =>
      hubFileSet({
        ...request,
        cache: folderStore(cacheFolder()),
        onProgress: ({ file, doneBytes, askedBytes }) => onProgress(file, doneBytes, askedBytes),
      }),
    tuning: textEntries(() => Promise.resolve(folderStore(cacheFolder())), 'tuning'),
    tunesFirst: true,
    openFolder: folderFileSet,
    async openText(path) {
      const found = await stat(path).catch(() => null);
      if (!found?.isFile()) {
        throw new SourceError(`there is no text file ${path}`, `Looked in ${dirname(path)}.`);
      }
      const blob = await openAsBlob(path);
      return { name: basename(path), size: blob.size, arrayBuffer: () => blob.arrayBuffer() };
    },
  };
}
