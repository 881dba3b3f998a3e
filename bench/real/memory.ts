/** Memory of a process as the kernel counts it, and of WebGPU's buffers, phase by phase. Linux. */
import { readdirSync, readFileSync } from 'node:fs';
import { Worker } from 'node:worker_threads';

const PAGE = 4096;

/** Resident bytes of a process: its own and its share of what it shares with others. */
export function proportionalBytes(pid: number): number {
  try {
    const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
    return 1024 * Number(/^Pss:\s+(\d+)/m.exec(text)?.[1] ?? 0);
  } catch {
    return 0; // it ended
  }
}

/** Processor time of a process in milliseconds. */
export function processorMs(pid: number): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').pop()!.split(' ');
    return 10 * (Number(fields[11]) + Number(fields[12]));
  } catch {
    return 0;
  }
}

/** Ids of all processes whose command line holds `text`, with that line. */
export function processesWith(text: string): { pid: number; command: string }[] {
  const found: { pid: number; command: string }[] = [];
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const command = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ');
      if (command.includes(text)) found.push({ pid: Number(name), command });
    } catch {
      continue; // it ended
    }
  }
  return found;
}

/** Samples a few figures and keeps the largest of each since the last `next`. */
export function peaks(sample: () => Record<string, number>, everyMs = 20) {
  let most: Record<string, number> = {};
  const look = () => {
    for (const [name, value] of Object.entries(sample())) most[name] = Math.max(most[name] ?? 0, value);
  };
  const timer = setInterval(look, everyMs);
  return {
    /** What was largest, and begins anew. */
    next(): Record<string, number> {
      look();
      const result = most;
      most = {};
      return result;
    },
    stop: () => clearInterval(timer),
  };
}

/** Bytes in live buffers, and of those the bytes that something was written into by the host. */
interface DeviceBytes {
  live(): number;
  written(): number;
}

/**
 * Counts the bytes of all WebGPU buffers of this process from now on. A buffer that only the host writes counts as
 * written from its first byte on, since Dawn then clears all of it.
 */
export function countDeviceBytes(note: (live: number, written: number) => void): DeviceBytes {
  const sizes = new WeakMap<object, { size: number; written: boolean }>();
  let [live, written] = [0, 0];
  const change = (more: number, moreWritten: number) => {
    live += more;
    written += moreWritten;
    note(live, written);
  };
  const device = GPUDevice.prototype;
  const { createBuffer } = device;
  device.createBuffer = function (descriptor) {
    const buffer = createBuffer.call(this, descriptor);
    const mapped = descriptor.mappedAtCreation === true;
    sizes.set(buffer, { size: descriptor.size, written: mapped });
    change(descriptor.size, mapped ? descriptor.size : 0);
    const destroy = buffer.destroy.bind(buffer);
    buffer.destroy = () => {
      const known = sizes.get(buffer);
      if (known) change(-known.size, known.written ? -known.size : 0);
      sizes.delete(buffer);
      return destroy();
    };
    return buffer;
  };
  const queue = GPUQueue.prototype;
  const { writeBuffer } = queue;
  queue.writeBuffer = function (buffer, ...rest: unknown[]) {
    const known = sizes.get(buffer);
    if (known && !known.written) {
      known.written = true;
      change(0, known.size);
    }
    return (writeBuffer as (...all: unknown[]) => undefined).call(this, buffer, ...rest);
  };
  return { live: () => live, written: () => written };
}

const WATCH = `
const { workerData } = require('node:worker_threads');
const { readFileSync } = require('node:fs');
const shared = new Float64Array(workerData), ticks = new Int32Array(new SharedArrayBuffer(4));
for (;;) {
  Atomics.wait(ticks, 0, 0, 5);
  const [, resident, sharedPages] = readFileSync('/proc/self/statm', 'utf8').split(' ').map(Number);
  const bytes = resident * ${PAGE};
  shared[2] = Math.max(shared[2], bytes);
  shared[3] = Math.max(shared[3], bytes - shared[0]);
  shared[4] = Math.max(shared[4], bytes - shared[1]);
}`;

/**
 * Watches this process from a thread of its own, also while the main thread is busy: the largest resident size, and
 * the largest part of it that is not in WebGPU's buffers (which lie in this process on software WebGPU).
 */
export function watchProcess() {
  const shared = new Float64Array(new SharedArrayBuffer(5 * 8));
  const worker = new Worker(WATCH, { eval: true, workerData: shared.buffer });
  worker.unref();
  return {
    setDeviceBytes(live: number, written: number): void {
      [shared[0], shared[1]] = [live, written];
    },
    /** Bytes since the last call. */
    next(): { resident: number; besideLive: number; besideWritten: number } {
      const [, , resident, besideLive, besideWritten] = shared as unknown as number[];
      shared.fill(0, 2);
      return { resident: resident!, besideLive: besideLive!, besideWritten: besideWritten! };
    },
    stop: () => worker.terminate(),
  };
}
