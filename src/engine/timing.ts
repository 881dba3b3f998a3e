/**
 * How long the GPU takes for what a function launches: by timestamps where the device has them, else by the clock
 * around the queue. Chromium rounds timestamps to a tenth of a millisecond, so that several runs are timed as one.
 */
import * as tf from '@tensorflow/tfjs-core';
import { webgpuBackend } from './dispatch';

const BATCH_FLAG = 'WEBGPU_DEFERRED_SUBMIT_BATCH_SIZE';
/** So long a timed stretch should be at least, and so many runs at most. */
const STRETCH_MS = 3;
const MOST_RUNS = 50;

/** Submits what is recorded and waits until the GPU has done it. */
async function finish(): Promise<void> {
  const backend = webgpuBackend();
  if (backend.commandEncoder) {
    backend.endComputePassEncoder();
    backend.submitQueue();
  }
  await backend.device.queue.onSubmittedWorkDone();
}

/** Milliseconds for `runs` runs in one compute pass with a timestamp at both ends. */
async function stamped(f: () => void, runs: number): Promise<number> {
  const backend = webgpuBackend();
  const { device } = backend;
  const querySet = device.createQuerySet({ type: 'timestamp', count: 2 });
  const resolved = device.createBuffer({
    size: 16,
    usage: GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC,
  });
  const staging = device.createBuffer({ size: 16, usage: GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ });
  const before = tf.env().getNumber(BATCH_FLAG);
  try {
    // One pass for all: a submit in between would end it.
    tf.env().set(BATCH_FLAG, Infinity);
    backend.ensureCommandEncoderReady();
    backend.endComputePassEncoder();
    backend.computePassEncoder = backend.commandEncoder!.beginComputePass({
      timestampWrites: { querySet, beginningOfPassWriteIndex: 0, endOfPassWriteIndex: 1 },
    });
    for (let run = 0; run < runs; run++) f();
    backend.endComputePassEncoder();
    backend.commandEncoder!.resolveQuerySet(querySet, 0, 2, resolved, 0);
    backend.commandEncoder!.copyBufferToBuffer(resolved, 0, staging, 0, 16);
    backend.submitQueue();
    await staging.mapAsync(GPUMapMode.READ);
    const [start, end] = new BigUint64Array(staging.getMappedRange()) as unknown as [bigint, bigint];
    return Number(end - start) / 1e6;
  } finally {
    tf.env().set(BATCH_FLAG, before);
    querySet.destroy();
    resolved.destroy();
    staging.destroy();
  }
}

async function clocked(f: () => void, runs: number): Promise<number> {
  const start = performance.now();
  for (let run = 0; run < runs; run++) f();
  await finish();
  return performance.now() - start;
}

/**
 * Milliseconds of GPU time that one call of `f` costs; `f` launches kernels and waits for nothing. The first call,
 * which compiles, is not counted. `enough`: a single run that takes longer is not repeated.
 */
export async function gpuTime(f: () => void, enough = Infinity): Promise<number> {
  const { device } = webgpuBackend();
  // What was recorded before is none of the function's business, should it fail.
  await finish();
  const measure = device.features.has('timestamp-query') ? stamped : clocked;
  f();
  await finish();
  const once = await measure(f, 1);
  if (once >= Math.min(enough, STRETCH_MS)) return once;
  // Rounded timestamps may say zero.
  const runs = Math.min(MOST_RUNS, Math.ceil(STRETCH_MS / Math.max(once, STRETCH_MS / MOST_RUNS)));
  return (await measure(f, runs)) / runs;
}
