/** Values from the device in pieces, so that the processor holds a piece and no more. */
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { readTensor } from './device';
import { bufferOf, webgpuBackend } from './dispatch';
import type { ValuePiece } from './upload';

/** 8 MiB. */
const PIECE_VALUES = 1 << 21;

/** The values of a float32 tensor in order. Elsewhere than on WebGPU it is one piece. */
export async function* readPieces(tensor: Tensor): AsyncGenerator<ValuePiece, void, undefined> {
  if (tf.getBackend() !== 'webgpu') {
    yield { first: 0, values: await readTensor(tensor) };
    return;
  }
  const staging = webgpuBackend().device.createBuffer({
    size: 4 * Math.min(PIECE_VALUES, tensor.size),
    usage: GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ,
  });
  try {
    for (let first = 0; first < tensor.size; first += PIECE_VALUES) {
      const size = 4 * Math.min(PIECE_VALUES, tensor.size - first);
      const backend = webgpuBackend();
      const source = bufferOf(tensor);
      backend.ensureCommandEncoderReady();
      backend.endComputePassEncoder();
      backend.commandEncoder!.copyBufferToBuffer(source, 4 * first, staging, 0, size);
      backend.submitQueue();
      await staging.mapAsync(GPUMapMode.READ, 0, size);
      const values = new Float32Array(staging.getMappedRange(0, size).slice(0));
      staging.unmap();
      yield { first, values };
    }
  } finally {
    staging.destroy();
  }
}
