/** Writes exported files where the reader wants them: a folder of theirs, or the browser's downloads. */
import { saveBlob } from '../charts/figure';
import type { ExportedFile } from '../../worker/protocol';

interface FolderPicker {
  showDirectoryPicker(options: { mode: 'readwrite'; id?: string }): Promise<FileSystemDirectoryHandle>;
}

/** Chromium can write into a folder; other browsers download. */
export function canSaveToFolder(): boolean {
  return 'showDirectoryPicker' in window;
}

/** Asks for a folder and writes a subfolder `name` into it. Rejects with AbortError when the reader declines. */
export async function saveToFolder(files: readonly ExportedFile[], name: string): Promise<string> {
  const picker = window as unknown as FolderPicker;
  const parent = await picker.showDirectoryPicker({ mode: 'readwrite', id: 'decant-export' });
  const folder = await parent.getDirectoryHandle(name, { create: true });
  for (const file of files) {
    const handle = await folder.getFileHandle(file.name, { create: true });
    const writable = await handle.createWritable();
    await writable.write(file.bytes);
    await writable.close();
  }
  return `saved to ${parent.name}/${name}`;
}

/** Between two downloads: Chromium drops clicks that come in one burst. */
const APART_MS = 150;

/** Downloads each file under its own name. */
export async function downloadFiles(files: readonly ExportedFile[]): Promise<string> {
  for (const file of files) {
    saveBlob(new Blob([file.bytes]), file.name);
    await new Promise((resolve) => setTimeout(resolve, APART_MS));
  }
  return 'downloaded';
}
