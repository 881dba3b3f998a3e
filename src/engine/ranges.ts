/**
 * Parts of tensors. A device binds only so many bytes of a buffer to a kernel at once (128 MiB where it grants no
 * more, and GPT-2 small's embedding has 147 MiB), but a buffer may be larger: ops that meet tensors of the
 * vocabulary's size run once for each part of them. Where the limit allows, the one part is the whole tensor.
 */
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { DeviceError } from '../errors';

/** Some bytes of a tensor; `offset` is a multiple of 256, what every device can bind at. */
export interface Range {
  readonly tensor: TensorInfo;
  readonly offset: number;
  readonly size: number;
}

/** What a kernel can be given for one of its buffers. */
export type Operand = TensorInfo | Range;

export const tensorOf = (operand: Operand): TensorInfo => ('tensor' in operand ? operand.tensor : operand);

/** Elements of an operand, 4 bytes each. */
export function elementsOf(operand: Operand): number {
  if ('tensor' in operand) return operand.size / 4;
  return operand.shape.reduce((product, size) => product * size, 1);
}

let limit = Infinity;

/** The most bytes that one operand may have. */
export const bindingLimit = (): number => limit;

/** Called when a device is opened. */
export function setBindingLimit(bytes: number): void {
  limit = bytes;
}

let bufferLimit = Infinity;

/** Called when a device is opened. */
export function setBufferLimit(bytes: number): void {
  bufferLimit = bytes;
}

/** Throws DeviceError for a tensor that no buffer of the device can hold. */
export function checkBufferSize(shape: readonly number[]): void {
  const bytes = shape.reduce((product, size) => product * size, 4);
  if (bytes <= bufferLimit) return;
  throw new DeviceError(
    `a tensor [${shape.join(', ')}] has ${bytes} bytes, a buffer of this device holds at most ${bufferLimit}`,
    'Choose a smaller model or batch, or another device.',
  );
}

/** Consecutive items (elements, rows) of tensors that have `length` of them. */
export interface Part {
  readonly first: number;
  readonly count: number;
  /** This part of such a tensor; the tensor itself when it is the only part. */
  of(tensor: TensorInfo): Operand;
}

/**
 * Splits tensors of `length` items with `itemBytes` each into parts that can be bound, as few as possible. All but
 * the last are multiples of `unit` items, which must make a multiple of 256 bytes. Throws DeviceError when not even
 * one unit can be bound.
 */
export function partsOf(length: number, itemBytes: number, unit: number): Part[] {
  if (length * itemBytes <= limit) return [{ first: 0, count: length, of: (tensor) => tensor }];
  const most = Math.floor(limit / (unit * itemBytes)) * unit;
  if (most === 0) {
    throw new DeviceError(
      `${unit * itemBytes} bytes of a tensor are needed at once, this device binds at most ${limit}`,
      'Choose another device, or a model with a smaller n_embd.',
    );
  }
  return Array.from({ length: Math.ceil(length / most) }, (_, i) => {
    const first = i * most;
    const count = Math.min(most, length - first);
    const range = { offset: first * itemBytes, size: count * itemBytes };
    return { first, count, of: (tensor) => ({ tensor, ...range }) };
  });
}

// Sums over blocks of 4096 elements (the norm of the gradients) come out the same bits with parts as without.
const ELEMENTS = 4096;

/** Parts of float32 tensors with `size` elements, for kernels that work element by element. */
export const elementParts = (size: number): Part[] => partsOf(size, 4, ELEMENTS);

// Even rows of four packed halves make 256 bytes at a multiple of 64, and the matrix products' tiles stay whole.
const ROWS = 64;

/** Parts of a matrix of `rows` rows with `rowBytes` bytes. */
export const rowParts = (rows: number, rowBytes: number): Part[] => partsOf(rows, rowBytes, ROWS);
