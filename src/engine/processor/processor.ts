/**
 * Kernels on the processor: our own WebAssembly with SIMD (`assembly/`), which works in the memory of tfjs's wasm
 * backend, so that its tensors are tfjs tensors and plain tfjs ops may stand between them. Where threads share that
 * memory (`threads.ts`) a kernel's work is divided among them; results do not depend on how many there are.
 *
 * This file alone touches the wasm backend. The members in `Backend` are private but stable in the pinned version
 * 4.22.0.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { DataType, TensorInfo } from '@tensorflow/tfjs-core';
import { DeviceError } from '../../errors';
import { OWN_MEMORY, SHARED_MEMORY } from './module';
import { startThreads, type Threads } from './threads';

interface Backend {
  wasm: {
    /** The threaded module's memory is its own to give; the other one's stands among its exports. */
    wasmMemory?: WebAssembly.Memory;
    asm?: Record<string, unknown>;
    _malloc(bytes: number): number;
    _free(address: number): void;
    tfjs: {
      registerTensor(id: number, size: number, address: number): void;
      disposeData(id: number): void;
    };
  };
  dataIdMap: { get(id: object): { id: number; memoryOffset: number } };
  makeOutput(shape: readonly number[], dtype: DataType): TensorInfo;
  disposeData(id: object): boolean;
}

/** The kernels by their names in `assembly/index.ts`; all but `attentionScratch` take part and parts at the end. */
export type ProcessorKernel =
  | 'dense'
  | 'activationGradient'
  | 'columnSums'
  | 'layerNorm'
  | 'layerNormInputGradient'
  | 'layerNormParameterGradients'
  | 'attention'
  | 'attentionGradient'
  | 'crossEntropyRows'
  | 'divergenceRows'
  | 'adamW'
  | 'sumOfSquares';

type Exports = Record<ProcessorKernel | 'attentionScratch', (...args: number[]) => number>;

interface Processor {
  backend: Backend;
  memory: WebAssembly.Memory;
  kernels: Exports;
  threads: Threads;
  /** Working memory of all threads, and how much of it each has. */
  scratch: { address: number; step: number };
}

let processor: Processor | null = null;

/** Scratch addresses are handed out in steps of a cache line, so that threads do not share one. */
const LINE = 64;

const bytesOf = (base64: string) => Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));

/**
 * Starts the kernels on tfjs's current wasm backend with at most `wanted` threads, and returns how many there are.
 * Throws where the engine has no SIMD or the backend hides its memory; ops then stay plain tfjs ops.
 */
export async function startProcessor(wanted: number): Promise<number> {
  const backend = tf.backend() as unknown as Backend;
  if (processor?.backend === backend) return processor.threads.count;
  const { wasmMemory, asm } = backend.wasm;
  const memory = wasmMemory ?? asm?.['memory'];
  if (!(memory instanceof WebAssembly.Memory)) {
    throw new DeviceError('the memory of the wasm backend is not accessible');
  }
  const shared = !(memory.buffer instanceof ArrayBuffer);
  const module = await WebAssembly.compile(bytesOf(shared ? SHARED_MEMORY : OWN_MEMORY));
  const instance = await WebAssembly.instantiate(module, { env: { memory } });
  const threads = await startThreads(module, memory, shared ? wanted : 1);
  const kernels = instance.exports as unknown as Exports;
  processor = { backend, memory, kernels, threads, scratch: { address: 0, step: 0 } };
  return threads.count;
}

function started(): Processor {
  if (!processor) throw new DeviceError('a processor kernel was called before startProcessor');
  return processor;
}

/** Where a tensor's elements lie; `first` counts elements. Valid until the tensor is disposed. */
export function addressOf({ dataId }: TensorInfo, first = 0): number {
  return started().backend.dataIdMap.get(dataId).memoryOffset + 4 * first;
}

/**
 * Tells tfjs that a kernel wrote into a tensor in place: XNNPACK keeps a packed copy of a matrix that it multiplied
 * with for as long as the tensor is registered.
 */
export function markWritten({ dataId, shape }: TensorInfo): void {
  const { wasm, dataIdMap } = started().backend;
  const { id, memoryOffset } = dataIdMap.get(dataId);
  const size = shape.reduce((a, b) => a * b, 1);
  wasm.tfjs.disposeData(id);
  wasm.tfjs.registerTensor(id, size, memoryOffset);
}

/** The float64 or float32 at an address, for what the host goes on with. */
export const readDoubles = (address: number, count: number) =>
  new Float64Array(started().memory.buffer, address, count);
export const readFloats = (address: number, count: number) =>
  new Float32Array(started().memory.buffer, address, count);

/** A new uninitialised tensor, owned by the caller: `release` it, or `wrap` it for the tape. */
export function allocate(shape: readonly number[]): TensorInfo {
  const info = started().backend.makeOutput(shape, 'float32');
  if (addressOf(info) === 0) throw outOfMemory();
  return info;
}

/** Gives a tensor of `allocate` back. */
export function release(info: TensorInfo): void {
  started().backend.disposeData(info.dataId);
}

const outOfMemory = () =>
  new DeviceError(
    'the memory of the wasm backend is full',
    'Choose a smaller batch or a shorter context; WebAssembly here addresses at most 4 GiB.',
  );

/** Working memory for every thread: its address and the bytes from one thread's to the next. */
export function scratch(bytes: number): [address: number, step: number] {
  const { backend, threads, scratch } = started();
  if (bytes > scratch.step) {
    if (scratch.address !== 0) backend.wasm._free(scratch.address);
    const step = Math.ceil(bytes / LINE) * LINE;
    // Above 2 GiB the address comes as a negative number.
    const address = backend.wasm._malloc(step * threads.count) >>> 0;
    Object.assign(scratch, { address, step: address === 0 ? 0 : step });
    if (address === 0) throw outOfMemory();
  }
  return [scratch.address, scratch.step];
}

export const attentionScratch = (length: number) => started().kernels.attentionScratch(length);

/** Below so many floating-point operations waking the other threads costs more than they save. */
const WORTH_SHARING = 200_000;

/** Runs a kernel whose work is about `flops`, on one thread or all. Addresses and numbers in the kernel's order. */
export function run(kernel: ProcessorKernel, flops: number, args: readonly number[]): void {
  const { kernels, threads } = started();
  if (threads.count === 1 || flops < WORTH_SHARING) kernels[kernel](...args, 0, 1);
  else threads.run(kernel, args, kernels[kernel]);
}
