/**
 * Which of its forms every op takes: our kernels on the GPU (WebGPU) or on the processor (wasm), or plain tfjs ops (any backend). Set when the
 * device is opened, and per model for geometries that the kernels do not serve; read by op files only.
 */
import * as tf from '@tensorflow/tfjs-core';

export type OpsMode = 'kernels' | 'processor' | 'reference';

let mode: OpsMode = 'reference';

export function setOpsMode(next: OpsMode): void {
  mode = next;
}

/** True when ops run our WGSL kernels. */
export function usesKernels(): boolean {
  return mode === 'kernels' && tf.getBackend() === 'webgpu';
}

/** True when ops run our kernels on the processor. */
export function usesProcessor(): boolean {
  return mode === 'processor' && tf.getBackend() === 'wasm';
}

/**
 * True when the kernels can run a model of this geometry: they read four floats at a time, so widths must be
 * multiples of 4. For others the caller chooses `setOpsMode('reference')`.
 */
export function kernelsServe({
  nEmbd,
  nHead,
  nInner,
}: {
  nEmbd: number;
  nHead: number;
  nInner: number;
}): boolean {
  return nEmbd % 4 === 0 && nInner % 4 === 0 && (nEmbd / nHead) % 4 === 0;
}

/**
 * Runs `f`, which must not wait for anything, with ops that serve this geometry: the reference ones where the
 * kernels do not.
 */
export function withServingOps<T>(geometry: Parameters<typeof kernelsServe>[0], f: () => T): T {
  const before = mode;
  if (!kernelsServe(geometry)) mode = 'reference';
  try {
    return f();
  } finally {
    mode = before;
  }
}
