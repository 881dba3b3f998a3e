/**
 * What the host may change from step to step. A step that is traced once and replayed keeps everything it
 * computed on the host during the trace; values that must not be frozen (a batch, the learning rate, weights
 * that follow a schedule, seeds) enter it through `hostTensor`, and as `LiveNumber`s on the way there.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Rank, Tensor, TensorInfo } from '@tensorflow/tfjs-core';
import { ShapeError } from '../errors';

/** A number, or a function that tells what it is right now. */
export type LiveNumber = number | (() => number);

export const valueOf = (number: LiveNumber): number => (typeof number === 'function' ? number() : number);

export type HostValues = Float32Array | Int32Array;

/** What listens while a step is traced. */
export interface TraceListener {
  /** Makes the tensor whose buffer every replay fills anew from `read`. */
  hostTensor(shape: readonly number[], dtype: 'float32' | 'int32', read: () => HostValues): TensorInfo;
  /** A kernel wrote into a tensor in place. */
  written(info: TensorInfo): void;
}

let listener: TraceListener | null = null;

/** Null outside a trace. */
export const traceListener = (): TraceListener | null => listener;

export function setTraceListener(next: TraceListener | null): void {
  listener = next;
}

/** Calls `read` and checks that it gives `size` values. Throws ShapeError. */
export function readHostValues(read: () => HostValues, size: number): HostValues {
  const values = read();
  if (values.length !== size)
    throw new ShapeError(`${values.length} values from the host do not fill a tensor of ${size}`);
  return values;
}

/**
 * A tensor whose values come from the host and may differ from step to step; the caller or the tidy around it
 * disposes it. Run eagerly it is an upload of `read()`; in a trace `read` is called before every replay instead.
 * Throws ShapeError when `read` gives another number of values than `shape` has.
 */
export function hostTensor<R extends Rank>(
  shape: readonly number[],
  dtype: 'float32' | 'int32',
  read: () => HostValues,
): Tensor<R> {
  if (listener)
    return tf.engine().makeTensorFromTensorInfo(listener.hostTensor(shape, dtype, read)) as Tensor<R>;
  const size = shape.reduce((product, n) => product * n, 1);
  const values: Tensor = tf.tensor(readHostValues(read, size), shape as number[], dtype);
  return values as Tensor<R>;
}

/** A scalar whose value the host may change from step to step, for plain tfjs ops. */
export function hostScalar(number: LiveNumber): tf.Scalar {
  return hostTensor<Rank.R0>([], 'float32', () => Float32Array.of(valueOf(number)));
}
