/**
 * Which of its two forms every op takes: our kernels (WebGPU) or plain tfjs ops (any backend). Set when the
 * device is opened, and per model for geometries that the kernels do not serve; read by op files only.
 */
import * as tf from '@tensorflow/tfjs-core';

export type OpsMode = 'kernels' | 'reference';

let mode: OpsMode = 'reference';

export function setOpsMode(next: OpsMode): void {
  mode = next;
}

/** True when ops run our WGSL kernels. */
export function usesKernels(): boolean {
  return mode === 'kernels' && tf.getBackend() === 'webgpu';
}
