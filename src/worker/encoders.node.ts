/** Threads of Node that encode text. Node 20 cannot run their TypeScript, so it is bundled as the command line is. */
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { EncoderPort } from '../data/tokens/encoders';

const MOST = 8;

function portOf(worker: Worker): EncoderPort {
  return {
    post: (request) => worker.postMessage(request),
    listen(message, failed) {
      worker.on('message', message);
      worker.on('error', failed);
    },
    close: () => void worker.terminate(),
  };
}

/** One thread a core, `MOST` at most; `root` is the project's folder. */
export async function startEncoderThreads(
  root: string,
  count = Math.min(MOST, availableParallelism()),
): Promise<EncoderPort[]> {
  const script = pathToFileURL(join(root, 'scripts', 'bundle.mjs')).href;
  const { bundle } = (await import(/* @vite-ignore */ script)) as {
    bundle(entry: string): Promise<string>;
  };
  const file = await bundle('src/worker/encoder.node.ts');
  return Array.from({ length: count }, () => portOf(new Worker(pathToFileURL(file))));
}
