/**
 * The physical buffers of plans. Plans never run at the same time, so those of training, evaluation and
 * generation share one pool: the n-th largest buffer of each is the pool's n-th largest. When a plan needs a
 * larger one it is replaced, and the others bind anew before their next replay.
 */
import { PlanError } from '../../errors';

export interface MemoryPool {
  readonly buffers: readonly GPUBuffer[];
  /** Changes whenever a buffer was replaced. */
  readonly version: number;
  readonly bytes: number;
  /** Makes sure of these sizes, largest first, for one more plan. Throws PlanError for one the device cannot hold. */
  join(sizes: readonly number[]): void;
  /** A plan is gone; with the last one the memory is given back. */
  leave(): void;
}

const pools = new WeakMap<GPUDevice, MemoryPool>();

function createPool(device: GPUDevice): MemoryPool {
  let buffers: GPUBuffer[] = [];
  let version = 0;
  let plans = 0;
  const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
  return {
    get buffers() {
      return buffers;
    },
    get version() {
      return version;
    },
    get bytes() {
      return buffers.reduce((sum, { size }) => sum + size, 0);
    },
    join(sizes) {
      const { maxBufferSize } = device.limits;
      if ((sizes[0] ?? 0) > maxBufferSize) {
        throw new PlanError(
          `a step needs a buffer of ${sizes[0]} bytes, this device allows ${maxBufferSize}`,
          'Choose a smaller batch or a shorter context.',
        );
      }
      plans++;
      const next = sizes.map((size, i) => {
        const old = buffers[i];
        if (old && old.size >= size) return old;
        old?.destroy();
        version++;
        return device.createBuffer({ size, usage });
      });
      buffers = [...next, ...buffers.slice(next.length)];
    },
    leave() {
      if (--plans > 0) return;
      for (const buffer of buffers) buffer.destroy();
      buffers = [];
      version++;
    },
  };
}

/** The pool of a device. */
export function poolOf(device: GPUDevice): MemoryPool {
  let pool = pools.get(device);
  if (!pool) pools.set(device, (pool = createPool(device)));
  return pool;
}
