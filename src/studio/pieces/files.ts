/** Files that were dropped on the page or chosen: what they are, and how to get at them. */

export interface PickedFiles {
  /** The folder's name, or the first file's. */
  name: string;
  files: File[];
}

/** What a field for text files offers first. */
export const TEXT_ACCEPT = '.txt,.md,.jsonl,.ndjson,.csv,.tsv,.gz,.parquet';

/** What `data/dataFile.ts` reads. */
const TEXT = /\.(((txt|md|jsonl|ndjson|csv|tsv)(\.gz)?)|parquet)$/;

/** What dropped names are good for: weights make a model, text files make a text. */
export function kindOfFiles(names: readonly string[]): 'model' | 'text' | null {
  const lower = names.map((name) => name.toLowerCase());
  const ends = (...endings: string[]) =>
    lower.some((name) => endings.some((ending) => name.endsWith(ending)));
  if (ends('.safetensors', '.safetensors.index.json', '.bin', '.pt', '.ckpt')) return 'model';
  if (lower.includes('config.json')) return 'model';
  return lower.some((name) => TEXT.test(name)) ? 'text' : null;
}

function fileOf(entry: FileSystemFileEntry): Promise<File> {
  return new Promise((resolve, reject) => entry.file(resolve, reject));
}

/** All entries of a folder; the browser hands them out in batches. */
async function entriesOf(folder: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = folder.createReader();
  const all: FileSystemEntry[] = [];
  for (;;) {
    const batch = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    );
    if (batch.length === 0) return all;
    all.push(...batch);
  }
}

/** The files below an entry, with their paths, at most `depth` folders down. */
async function filesBelow(entry: FileSystemEntry, depth: number): Promise<{ path: string; file: File }[]> {
  if (entry.isFile) return [{ path: entry.fullPath, file: await fileOf(entry as FileSystemFileEntry) }];
  if (depth === 0) return [];
  const inside = await entriesOf(entry as FileSystemDirectoryEntry);
  return (await Promise.all(inside.map((each) => filesBelow(each, depth - 1)))).flat();
}

/** Deeper than anybody lays out texts, and an end for a disk that was dropped. */
const DEEPEST = 8;

/**
 * The files of a drop. A checkpoint lies in its folder itself, where other folders hold other forms of it; of folders
 * with texts all files below are taken, in the order of their paths.
 */
export async function droppedFiles(transfer: DataTransfer): Promise<PickedFiles> {
  // The items are gone after the first await.
  const entries = [...transfer.items].flatMap((item) => {
    const entry = item.webkitGetAsEntry();
    return entry ? [entry] : [];
  });
  const folder = entries.find((entry) => entry.isDirectory);
  const below = async (depth: number) =>
    (await Promise.all(entries.map((entry) => filesBelow(entry, depth)))).flat();
  let found = await below(1);
  if (folder && kindOfFiles(found.map(({ file }) => file.name)) !== 'model') found = await below(DEEPEST);
  found.sort((a, b) => (a.path < b.path ? -1 : 1));
  const files = found.map(({ file }) => file);
  return {
    name:
      folder?.name ??
      nameOfFiles(
        found.map(({ file }) => file.name),
        'dropped files',
      ),
    files,
  };
}

/** What a handful of files without a folder is called: by its weights, else by the first. */
export function nameOfFiles(names: readonly string[], fallback: string): string {
  const weights = names.find((name) => name.toLowerCase().endsWith('.safetensors'));
  return weights ? weights.slice(0, -'.safetensors'.length) : (names[0] ?? fallback);
}

/** The same for files chosen in a dialog; a chosen folder's name is the first part of its files' paths. */
export function pickedFiles(files: readonly File[]): PickedFiles {
  const path = files[0]?.webkitRelativePath ?? '';
  const names = files.map((file) => file.name);
  const sorted = [...files].sort((a, b) => (a.webkitRelativePath < b.webkitRelativePath ? -1 : 1));
  const taken = path === '' ? [...files] : sorted;
  return { name: path.split('/')[0] || nameOfFiles(names, 'chosen files'), files: taken };
}
