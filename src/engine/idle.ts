/** Memory that nothing uses: tfjs keeps every buffer of a disposed tensor, for the next one of exactly its size. */
import * as tf from '@tensorflow/tfjs-core';
import { webgpuBackend } from './dispatch';

/** The members of tfjs's buffer manager (4.22.0) that hold them. Its `releaseBuffer` needs the map to have entries. */
interface BufferManager {
  freeBuffers: Map<string, GPUBuffer[]>;
  numFreeBuffers: number;
  numBytesAllocated: number;
}

/**
 * Gives idle buffers back to the device, and returns their bytes. For the moment before something large whose sizes
 * are others; in between reuse is faster.
 */
export function releaseIdleBuffers(): number {
  if (tf.getBackend() !== 'webgpu') return 0;
  const manager = (webgpuBackend() as unknown as { bufferManager: BufferManager }).bufferManager;
  let bytes = 0;
  for (const [key, buffers] of manager.freeBuffers) {
    for (const buffer of buffers) {
      bytes += buffer.size;
      buffer.destroy();
    }
    manager.freeBuffers.set(key, []);
  }
  manager.numFreeBuffers = 0;
  manager.numBytesAllocated -= bytes;
  return bytes;
}
