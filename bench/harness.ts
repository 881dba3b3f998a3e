/**
 * How every bench measures: it verifies the result first, warms up, waits for the queue, repeats, and prints
 * the median and the spread (half the distance between the quartiles) with a unit a reader can check against
 * the hardware. On a shared machine processor time is the figure to trust; wall time is printed beside it.
 */
import * as tf from '@tensorflow/tfjs-core';
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { execFileSync } from 'node:child_process';
import { dirname } from 'node:path';
import { webgpuBackend } from '../src/engine/dispatch';

export interface Timing {
  /** Medians over the repeats, milliseconds. */
  wallMs: number;
  /** Processor time of this process, all threads: on software WebGPU that is the kernels' own. */
  cpuMs: number;
  /** Half the interquartile range of the processor time. */
  spreadMs: number;
  repeats: number;
}

const quantile = (sorted: readonly number[], q: number) => {
  const at = (sorted.length - 1) * q;
  const low = sorted[Math.floor(at)]!;
  return low + (sorted[Math.ceil(at)]! - low) * (at - Math.floor(at));
};

const pause = new Int32Array(new SharedArrayBuffer(4));

/** Dawn in Node asks for news in a loop that keeps a core busy, which would count as the kernels' time. */
async function waitWithoutSpinning(promise: Promise<unknown>): Promise<void> {
  let done = false;
  void promise.finally(() => (done = true));
  while (!done) {
    Atomics.wait(pause, 0, 0, 2);
    await new Promise(setImmediate);
  }
}

/** Waits until the GPU has done everything submitted so far; the wasm and cpu backends are never behind. */
export async function drain(): Promise<void> {
  if (tf.getBackend() !== 'webgpu') return;
  const backend = webgpuBackend();
  if (backend.commandEncoder) {
    backend.endComputePassEncoder();
    backend.submitQueue();
  }
  await waitWithoutSpinning(backend.device.queue.onSubmittedWorkDone());
}

/** Times `f`, which submits work and may return a promise; the queue is drained after every repeat. */
export async function time(f: () => unknown, { warmup = 1, repeats = 5 } = {}): Promise<Timing> {
  for (let i = 0; i < warmup; i++) await f();
  await drain();
  const wall: number[] = [];
  const cpu: number[] = [];
  for (let i = 0; i < repeats; i++) {
    const before = process.cpuUsage();
    const start = performance.now();
    await f();
    await drain();
    wall.push(performance.now() - start);
    const used = process.cpuUsage(before);
    cpu.push((used.user + used.system) / 1000);
  }
  wall.sort((a, b) => a - b);
  cpu.sort((a, b) => a - b);
  return {
    wallMs: quantile(wall, 0.5),
    cpuMs: quantile(cpu, 0.5),
    spreadMs: (quantile(cpu, 0.75) - quantile(cpu, 0.25)) / 2,
    repeats,
  };
}

/** Counts every dispatch of every library on the page or process while `f` runs. */
export async function countDispatches(f: () => unknown): Promise<number> {
  const prototype = GPUComputePassEncoder.prototype;
  const original = Object.getOwnPropertyDescriptor(prototype, 'dispatchWorkgroups')!;
  const dispatch = original.value as GPUComputePassEncoder['dispatchWorkgroups'];
  let count = 0;
  Object.defineProperty(prototype, 'dispatchWorkgroups', {
    ...original,
    value(this: GPUComputePassEncoder, ...grid: [number, number?, number?]) {
      count++;
      return dispatch.apply(this, grid);
    },
  });
  try {
    await f();
    await drain();
  } finally {
    Object.defineProperty(prototype, 'dispatchWorkgroups', original);
  }
  return count;
}

/** Fails the bench unless two results agree; `tolerance` is relative to the larger one. */
export function verify(what: string, ours: number, theirs: number, tolerance: number): void {
  const error = Math.abs(ours - theirs) / Math.max(Math.abs(ours), Math.abs(theirs), 1e-30);
  if (!(error <= tolerance))
    throw new Error(`${what}: ${ours} against ${theirs}, relative difference ${error}`);
}

function commit(): string {
  try {
    return execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
  } catch {
    return 'unknown';
  }
}

/** What a result file must say about where it was measured. */
export function machine(device: string): Record<string, string | number> {
  return {
    date: new Date().toISOString().slice(0, 10),
    commit: commit(),
    node: process.version,
    processor: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    device,
  };
}

/** Prints a table to the terminal and, when `--save FILE` was given, writes the rows with the machine. */
export function report(device: string, rows: readonly Record<string, string | number>[]): void {
  console.table(rows);
  const at = process.argv.indexOf('--save');
  const file = at < 0 ? undefined : process.argv[at + 1];
  if (!file) return;
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify({ machine: machine(device), rows }, null, 2)}\n`);
}
