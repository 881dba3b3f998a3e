/** What hub.spec.ts runs in a browser's worker: loads tensors of a repository through the store in OPFS. */
import { openCheckpoint } from '../src/io/checkpoint';
import { hubFileSet } from '../src/io/hub';
import { keptDirectory } from '../src/io/kept';
import { openBrowserStore, openDirectory } from '../src/io/storage';

export interface HubQuestion {
  hubUrl: string;
  repo: string;
  tensors: string[];
  /** Stop the download after so many milliseconds. */
  cancelAfterMs?: number;
}

export interface HubAnswer {
  /** Sum of all values read. */
  sum?: number;
  error?: { name: string; message: string };
  downloadedBytes: number;
  storedBytes: number;
  warnings: string[];
}

async function answer({ hubUrl, repo, tensors, cancelAfterMs }: HubQuestion): Promise<HubAnswer> {
  const cache = await openBrowserStore('hub-test');
  if (!cache) throw new Error('this browser has no OPFS');
  const controller = new AbortController();
  if (cancelAfterMs !== undefined) setTimeout(() => controller.abort(), cancelAfterMs);
  const result: HubAnswer = { downloadedBytes: 0, storedBytes: 0, warnings: [] };
  try {
    const files = await hubFileSet({
      hubUrl,
      repo,
      cache,
      signal: controller.signal,
      patience: { retries: 2, delayMs: 10, stallMs: 5000 },
      onProgress: ({ downloadedBytes }) => (result.downloadedBytes = downloadedBytes),
    });
    result.warnings = files.warnings;
    const checkpoint = await openCheckpoint(files);
    result.sum = 0;
    for (const name of tensors) for (const value of await checkpoint.readFloat32(name)) result.sum += value;
  } catch (error) {
    result.error = { name: (error as Error).name, message: (error as Error).message };
  }
  result.storedBytes = (await keptDirectory(() => openDirectory('hub-test')).list()).reduce(
    (sum, { bytes }) => sum + bytes,
    0,
  );
  return result;
}

self.onmessage = (event: MessageEvent<HubQuestion>) => {
  void answer(event.data).then((result) => self.postMessage(result));
};
