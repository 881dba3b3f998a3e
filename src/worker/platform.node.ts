/** The session's surroundings in Node: the project's folder, the disk, and the Hub with a store in the user's cache. */
import { readdir, stat } from 'node:fs/promises';
import { homedir, totalmem } from 'node:os';
import { basename, dirname, join, relative, sep } from 'node:path';
import { kindOf } from '../data/dataFile';
import { installWasm } from '../engine/wasm.node';
import { SourceError } from '../errors';
import { hubFileSet, type HubOptions } from '../io/hub';
import { openHubDataset } from '../io/hubDataset';
import { createKeeping, notingFiles, notingStore, type Keeping } from '../io/kept';
import { keptFolders } from '../io/kept.node';
import { fileSource, folderFileSet } from '../io/source.node';
import { textEntries } from '../io/storage';
import { folderFiles } from '../io/rangeFiles.node';
import { folderStore } from '../io/storage.node';
import { startEncoderThreads } from './encoders.node';
import type { DataFiles, HubRequest, Platform } from './platform';

/** Where downloads and tokens are kept: `$XDG_CACHE_HOME/decant`, or `~/.cache/decant`. */
export const cacheFolder = () => join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'decant');

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

/** What is not a file of the Hub there. */
const OTHERS = ['tokens', 'tuning'];

const downloads = () => keptFolders(cacheFolder(), OTHERS);
const tokens = () => keptFolders(join(cacheFolder(), 'tokens'));

const GIGABYTE = 1e9;
const USUAL_LIMIT = 20 * GIGABYTE;

/** Bytes that `DECANT_CACHE_GB` allows; what is not a number there is as nothing. */
function limitBytes(): number {
  const asked = Number(process.env.DECANT_CACHE_GB?.trim() || Number.NaN);
  return asked >= 0 ? asked * GIGABYTE : USUAL_LIMIT;
}

/** What the command line keeps. */
export const nodeKeeping = (): Keeping =>
  createKeeping({ downloads: downloads(), tokens: tokens() }, () => Promise.resolve(limitBytes()));

/** A request whose answers are kept. */
async function kept({ onProgress, ...request }: HubRequest): Promise<HubOptions> {
  await nodeKeeping().makeRoom(0);
  return {
    ...request,
    cache: notingStore(folderStore(cacheFolder()), downloads()),
    onProgress: ({ file, doneBytes, askedBytes }) => onProgress(file, doneBytes, askedBytes),
  };
}

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
    openHub: async (request) => hubFileSet(await kept(request)),
    openDataset: async (request) => openHubDataset(await kept(request)),
    tuning: textEntries(() => Promise.resolve(folderStore(cacheFolder())), 'tuning'),
    tokens: () => Promise.resolve(notingFiles(folderFiles(join(cacheFolder(), 'tokens')), tokens())),
    kept: nodeKeeping(),
    startEncoders: () => startEncoderThreads(root),
    tunesFirst: true,
    openFolder: folderFileSet,
    openData: dataFiles,
  };
}
