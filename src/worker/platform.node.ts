/** The session's surroundings in Node: the project's folder, the disk, and the Hub with a store in the user's cache. */
import { readdir, stat } from 'node:fs/promises';
import { homedir, totalmem } from 'node:os';
import { basename, dirname, join, relative, sep } from 'node:path';
import { kindOf } from '../data/dataFile';
import { installWasm } from '../engine/wasm.node';
import { SourceError } from '../errors';
import { hubFileSet, type HubOptions } from '../io/hub';
import { openHubDataset } from '../io/hubDataset';
import { fileSource, folderFileSet } from '../io/source.node';
import { textEntries } from '../io/storage';
import { folderFiles } from '../io/rangeFiles.node';
import { folderStore } from '../io/storage.node';
import { startEncoderThreads } from './encoders.node';
import type { DataFiles, HubRequest, Platform } from './platform';

/** Where downloads are kept: `$XDG_CACHE_HOME/decant`, or `~/.cache/decant`. */
const cacheFolder = () => join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'decant');

/** A file, or what a folder and its subfolders hold of the kinds that can be read, in the order of their paths. */
async function dataFiles(path: string): Promise<DataFiles> {
  const found = await stat(path).catch(() => null);
  if (!found?.isDirectory()) {
    if (!found) throw new SourceError(`there is no file or folder ${path}`, `Looked in ${dirname(path)}.`);
    return { name: basename(path), files: [await fileSource(path)] };
  }
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter(
      (entry) => !entry.isDirectory() && !entry.name.startsWith('.') && kindOf(entry.name) !== undefined,
    )
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  const files = paths.map(async (each) => {
    const name = relative(path, each).split(sep).join('/');
    return { ...(await fileSource(each)), name };
  });
  return { name: basename(path), files: await Promise.all(files) };
}

/** A request whose answers are kept. */
const kept = ({ onProgress, ...request }: HubRequest): HubOptions => ({
  ...request,
  cache: folderStore(cacheFolder()),
  onProgress: ({ file, doneBytes, askedBytes }) => onProgress(file, doneBytes, askedBytes),
});

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
    openHub: (request) => hubFileSet(kept(request)),
    openDataset: (request) => openHubDataset(kept(request)),
    tuning: textEntries(() => Promise.resolve(folderStore(cacheFolder())), 'tuning'),
    tokens: () => Promise.resolve(folderFiles(join(cacheFolder(), 'tokens'))),
    startEncoders: () => startEncoderThreads(root),
    tunesFirst: true,
    openFolder: folderFileSet,
    openData: dataFiles,
  };
}
