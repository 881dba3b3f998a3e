/** AdamW of `ops/adamw.ts` and the norm of `ops/globalNorm.ts` on the processor. */
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import type { Parameter } from '../parameter';
import { addressOf, markWritten, readDoubles, readFloats, run, scratch } from './processor';

/** What an update needs besides the tensors; names as in `ops/adamw.ts`. */
export interface UpdateSettings {
  rate: number;
  keep: number;
  beta1: number;
  rest1: number;
  beta2: number;
  rest2: number;
  correction2: number;
  epsilon: number;
  clip: number;
}

/** Updates value, m and v in place. */
export function updateProcessor(
  { value, gradient, size }: Parameter,
  { m, v }: { m: Tensor; v: Tensor },
  { rate, keep, beta1, rest1, beta2, rest2, correction2, epsilon, clip }: UpdateSettings,
  norm: Scalar,
): void {
  const scale = clip > 0 ? Math.min(1, clip / (readFloats(addressOf(norm), 1)[0]! + 1e-6)) : 1;
  run('adamW', 15 * size, [
    ...[value, m, v, gradient!].map((tensor) => addressOf(tensor)),
    ...[size, scale, rate, keep, beta1, rest1, beta2, rest2, correction2, epsilon],
  ]);
  markWritten(value);
}

/** sqrt of the sum of squares over all tensors. */
export function globalNormProcessor(tensors: readonly Tensor[]): Scalar {
  const [sum] = scratch(8);
  let total = 0;
  for (const tensor of tensors) {
    // On one thread, so that the norm does not depend on how many there are.
    run('sumOfSquares', 0, [sum, addressOf(tensor), tensor.size]);
    total += readDoubles(sum, 1)[0]!;
  }
  return tf.scalar(Math.sqrt(total));
}
