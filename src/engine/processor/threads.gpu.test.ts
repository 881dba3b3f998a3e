/** Threads on a page: in a browser only (and there beside the GPU's tests), because Node's wasm backend has one. */
import { expect, test } from 'vitest';
import type { ThreadsReport } from '../../testing/threads.worker';

test.skipIf(typeof Worker === 'undefined')(
  'in an isolated worker all cores compute, and give what one thread gives, bit for bit',
  async () => {
    const worker = new Worker(new URL('../../testing/threads.worker.ts', import.meta.url), {
      type: 'module',
    });
    const report = await new Promise<ThreadsReport>((resolve, reject) => {
      worker.onmessage = ({ data }: MessageEvent<ThreadsReport>) => resolve(data);
      worker.onerror = ({ message }) => reject(new Error(message));
    });
    worker.terminate();
    expect(report).toMatchObject({ isolated: true, different: 0, empty: 0 });
    const threads = Math.min(8, report.cores);
    expect(report.description).toBe(`this processor, ${threads > 1 ? `${threads} threads` : 'one thread'}`);
    expect(report.features).toEqual(threads > 1 ? ['simd', 'threads'] : ['simd']);
  },
);
