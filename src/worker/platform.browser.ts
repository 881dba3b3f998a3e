/** The session's surroundings in a browser's worker: files come from the page's own server, the user, or the Hub. */
import wasmUrl from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm?url';
import '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm?url';
import '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-threaded-simd.wasm?url';
import type { EncoderPort } from '../data/tokens/encoders';
import { hubFileSet, type HubOptions } from '../io/hub';
import { openHubDataset } from '../io/hubDataset';
import { createKeeping, keptDirectory, notingFiles, notingStore } from '../io/kept';
import { browserFiles } from '../io/rangeFiles';
import { httpFileSet } from '../io/source';
import { openBrowserStore, openDirectory, textEntries } from '../io/storage';
import type { HubRequest, Platform } from './platform';

const TEACHER = ['config.json', 'model.safetensors', 'tokenizer.json', 'tokenizer_config.json'];
const SPLITS = ['train', 'validation', 'test'];
const TEXTS = SPLITS.map((split) => `text/${split}.bin`);
const TASKS = ['category', 'same-sense'].flatMap((task) =>
  SPLITS.map((split) => `tasks/${task}.${split}.jsonl`),
);

const places = {
  downloads: keptDirectory(() => openDirectory('hub')),
  tokens: keptDirectory(() => openDirectory('tokens')),
};

/** Beyond this what is kept is rather forgotten; a GPT-2 XL has 6 GB. */
const MOST_KEPT_BYTES = 16e9;

/** The browser's own limit is for the whole site, and beyond it writing fails. */
async function limitBytes(): Promise<number> {
  // A page that was not served securely has no storage, and keeps nothing.
  const storage = navigator.storage as StorageManager | undefined;
  const { quota = Infinity } = (await storage?.estimate()) ?? { quota: 0 };
  return Math.min(MOST_KEPT_BYTES, quota / 2);
}

const keeping = createKeeping(places, limitBytes);

/** A request whose answers are kept. */
async function kept({ onProgress, ...request }: HubRequest): Promise<HubOptions> {
  await keeping.makeRoom(0);
  const store = await openBrowserStore('hub');
  return {
    ...request,
    cache: store && notingStore(store, places.downloads),
    onProgress: ({ file, doneBytes, askedBytes }) => onProgress(file, doneBytes, askedBytes),
  };
}

/** Each holds a tokenizer; more of them would wait for the one thread that reads and writes. */
const MOST_ENCODERS = 4;

function startEncoder(): EncoderPort {
  const worker = new Worker(new URL('./encoder.ts', import.meta.url), { type: 'module' });
  return {
    post: (request) => worker.postMessage(request),
    listen(message, failed) {
      worker.onmessage = ({ data }: MessageEvent<unknown>) => message(data);
      worker.onerror = ({ message: reason }) => failed(new Error(reason || 'a worker did not start'));
    },
    close: () => worker.terminate(),
  };
}

/** `base` is the folder that the page was served from. */
export function browserPlatform(base: string): Platform {
  const demo = new URL('demo', new URL(base, globalThis.location.href)).href;
  // Chromium tells it rounded to a power of two and up to a limit of its own; others tell nothing.
  const { deviceMemory } = navigator as Navigator & { deviceMemory?: number };
  return {
    // The build keeps the names of the three files (vite.config.ts), so one of them tells where all are.
    wasmPath: new URL('.', new URL(wasmUrl, globalThis.location.href)).href,
    fetchesAhead: true,
    memoryBytes: deviceMemory === undefined ? undefined : deviceMemory * 2 ** 30,
    demoTeacher: () => Promise.resolve(httpFileSet('demo', `${demo}/teacher`, TEACHER)),
    demoTexts: () => Promise.resolve(httpFileSet('demo', demo, [...TEXTS, ...TASKS])),
    tokens: async () => notingFiles(await browserFiles('tokens'), places.tokens),
    kept: keeping,
    // One core stays with the page and this thread.
    startEncoders: () =>
      Promise.resolve(
        Array.from(
          { length: Math.max(1, Math.min(MOST_ENCODERS, navigator.hardwareConcurrency - 1)) },
          startEncoder,
        ),
      ),
    tuning: textEntries(() => openBrowserStore('tuning'), 'kernels'),
    openHub: async (request) => hubFileSet(await kept(request)),
    openDataset: async (request) => openHubDataset(await kept(request)),
  };
}
