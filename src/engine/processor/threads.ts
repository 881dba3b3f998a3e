/**
 * Workers that share the wasm memory with this thread and each do a part of a kernel. Commands go through a small
 * shared block; sleeping and waking is `Atomics.wait` and `notify`, so that waiting takes no processor time. Whoever is
 * free takes the next part: on a busy machine this thread does not wait for a worker that has not woken yet.
 */
import type { ProcessorKernel } from './processor';

export interface Threads {
  /** This one included. */
  readonly count: number;
  /** Runs all parts of a kernel, here and elsewhere, and returns when the last one is done. */
  run(kernel: ProcessorKernel, args: readonly number[], own: (...args: number[]) => number): void;
}

// Words of the shared block: the number of the last command, its next part that nobody took, parts done, kernel,
// number of arguments.
const COMMAND = 0;
const NEXT = 1;
const DONE = 2;
const KERNEL = 3;
const COUNT = 4;
const WORDS = 5;
const MAX_ARGUMENTS = 28;

/** A worker that does not answer is left out: the page then computes alone rather than waiting for ever. */
const START_MS = 5_000;

const alone: Threads = {
  count: 1,
  run: (_, args, own) => void own(...args, 0, 1),
};

/**
 * What a worker runs. It becomes text and runs in a scope of its own, so it may use nothing of this file.
 */
function serve(): void {
  interface Setup {
    module: WebAssembly.Module;
    memory: WebAssembly.Memory;
    control: Int32Array;
    args: Float64Array;
    parts: number;
    names: string[];
  }
  globalThis.onmessage = (event: MessageEvent<Setup>) => {
    const { module, memory, control, args, parts, names } = event.data;
    void WebAssembly.instantiate(module, { env: { memory } }).then(({ exports }) => {
      const kernels = exports as Record<string, (...args: number[]) => number>;
      let seen = 0;
      globalThis.postMessage('ready');
      for (;;) {
        Atomics.wait(control, 0, seen);
        seen = Atomics.load(control, 0);
        // Whoever has a part holds the command up: kernel and arguments cannot change before it is done.
        for (let part; (part = Atomics.add(control, 1, 1)) < parts;) {
          const given = Array.from(args.subarray(0, Atomics.load(control, 4)));
          kernels[names[Atomics.load(control, 3)]!]!(...given, part, parts);
          if (Atomics.add(control, 2, 1) === parts - 1) Atomics.notify(control, 2);
        }
      }
    });
  };
}

/** True where this thread may sleep (`Atomics.wait`): in a worker, not on a page's main thread. */
const maySleep = () => 'WorkerGlobalScope' in globalThis && typeof Worker === 'function';

function ready(worker: Worker): Promise<boolean> {
  return new Promise((resolve) => {
    worker.onmessage = () => resolve(true);
    worker.onerror = () => resolve(false);
    setTimeout(() => resolve(false), START_MS);
  });
}

/** Starts workers until there are `wanted` threads, or goes on alone where they do not start. */
export async function startThreads(
  module: WebAssembly.Module,
  memory: WebAssembly.Memory,
  wanted: number,
): Promise<Threads> {
  if (wanted < 2 || !maySleep()) return alone;
  const control = new Int32Array(new SharedArrayBuffer(4 * WORDS));
  const shared = new Float64Array(new SharedArrayBuffer(8 * MAX_ARGUMENTS));
  const names = WebAssembly.Module.exports(module).map(({ name }) => name);
  const url = URL.createObjectURL(new Blob([`(${serve.toString()})()`], { type: 'text/javascript' }));
  const workers = Array.from({ length: wanted - 1 }, () => new Worker(url));
  const answers = workers.map(ready);
  // Nothing to take before the first command.
  control[NEXT] = wanted;
  for (const worker of workers) {
    worker.postMessage({ module, memory, control, args: shared, parts: wanted, names });
  }
  const up = (await Promise.all(answers)).every(Boolean);
  URL.revokeObjectURL(url);
  if (!up) {
    workers.forEach((worker) => worker.terminate());
    return alone;
  }
  return {
    count: wanted,
    run(kernel, args, own) {
      shared.set(args);
      Atomics.store(control, KERNEL, names.indexOf(kernel));
      Atomics.store(control, COUNT, args.length);
      Atomics.store(control, DONE, 0);
      // From here on parts can be taken, also by a worker that is still awake.
      Atomics.store(control, NEXT, 0);
      Atomics.add(control, COMMAND, 1);
      Atomics.notify(control, COMMAND);
      for (let part; (part = Atomics.add(control, NEXT, 1)) < wanted;) {
        own(...args, part, wanted);
        Atomics.add(control, DONE, 1);
      }
      for (let done; (done = Atomics.load(control, DONE)) < wanted;) Atomics.wait(control, DONE, done);
    },
  };
}
