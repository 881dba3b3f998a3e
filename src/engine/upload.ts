/**
 * Weights onto the device in pieces. `createParameter` hands tfjs a whole tensor, which tfjs keeps on the processor
 * until an op first uses it: a loaded model would be in memory twice until then. Here the device's memory is taken
 * at once and filled piece by piece, so that the processor holds a piece and no more.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { ShapeError } from '../errors';
import { allocate, bufferOf, webgpuBackend, wrap, writeTensorRange } from './dispatch';
import { unpackedCopy } from './packed';
import { createParameter, disposeParameter, parameterOf, type Parameter } from './parameter';

/** Values from element `first` on. */
export interface ValuePiece {
  first: number;
  values: Float32Array;
}

/** The members of tfjs's wasm backend (4.22.0) that give room in its memory. */
interface WasmBackend {
  makeOutput(shape: readonly number[], dtype: 'float32'): TensorInfo;
  /** A view that lasts until the memory grows. */
  typedArrayFromHeap(info: TensorInfo): Float32Array;
}

/** A tensor on the device with nothing in it yet, and how to fill it. */
interface Target {
  make: () => tf.Tensor;
  /** Resolves when the piece may be let go. */
  write: (piece: ValuePiece) => Promise<void> | void;
}

function emptyTensor(shape: readonly number[], size: number): Target {
  switch (tf.getBackend()) {
    case 'webgpu': {
      const info = allocate(shape);
      return {
        make: () => wrap(info),
        write({ first, values }) {
          writeTensorRange(info, first, values);
          // Else a fast disk would queue up every piece in the device's staging memory.
          return webgpuBackend().device.queue.onSubmittedWorkDone();
        },
      };
    }
    case 'wasm': {
      const backend = tf.backend() as unknown as WasmBackend;
      const info = backend.makeOutput(shape, 'float32');
      return {
        make: () => wrap(info),
        write: ({ first, values }) => backend.typedArrayFromHeap(info).set(values, first),
      };
    }
    default: {
      // The plain JavaScript backend computes on this very array.
      const all = new Float32Array(size);
      return {
        make: () => tf.tensor(all, shape as number[], 'float32'),
        write: ({ first, values }) => all.set(values, first),
      };
    }
  }
}

/**
 * Makes a parameter of pieces that cover it once, in any order; the caller disposes it. Throws ShapeError when they
 * do not, and whatever `pieces` throws.
 */
export async function fillParameter(
  name: string,
  shape: readonly number[],
  pieces: AsyncIterable<ValuePiece>,
  trainable = true,
): Promise<Parameter> {
  const size = shape.reduce((product, n) => product * n, 1);
  const { make, write } = emptyTensor(shape, size);
  const parameter = parameterOf(name, make, trainable);
  try {
    let filled = 0;
    for await (const piece of pieces) {
      filled += piece.values.length;
      if (piece.first + piece.values.length > size) break;
      await write(piece);
    }
    if (filled !== size) throw new ShapeError(`${filled} values do not fill ${name} [${shape.join(', ')}]`);
    return parameter;
  } catch (error) {
    disposeParameter(parameter);
    throw error;
  }
}

/** Puts a weight's values on the device now: tfjs waits for the first kernel that reads them, perhaps in a traced step. */
export function uploadNow({ value }: Parameter): void {
  if (tf.getBackend() === 'webgpu') bufferOf(value);
}

/** A copy of a weight, bit by bit (in float32 if it is packed); on the GPU without a way through the processor. */
export function copyParameter(name: string, source: Parameter, trainable = true): Parameter {
  if (source.packed) return unpackedCopy(name, source, trainable);
  const { shape, value } = source;
  if (tf.getBackend() !== 'webgpu')
    return createParameter(name, shape, Float32Array.from(value.dataSync<'float32'>()), trainable);
  const copy = allocate(shape);
  const backend = webgpuBackend();
  const [from, to] = [bufferOf(value), bufferOf(copy)];
  backend.ensureCommandEncoderReady();
  backend.endComputePassEncoder();
  backend.commandEncoder!.copyBufferToBuffer(from, 0, to, 0, value.size * 4);
  backend.submitQueue();
  return parameterOf(name, () => wrap(copy), trainable);
}
