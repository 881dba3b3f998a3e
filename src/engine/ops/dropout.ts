/**
 * Dropout, with what follows it in a transformer block:
 *   keep_i = bits_i >= 2^32 rate,  y = x keep / (1 - rate) + residual
 *   dx = dy keep / (1 - rate),  dresidual = dy
 * The bits come from (seed, stream, i) with i the flat index (`noise.ts`): the backward pass computes them
 * again, and nothing is stored. Source: "Dropout: A Simple Way to Prevent Neural Networks from Overfitting"
 * (Srivastava et al., JMLR 2014), scaled while training ("inverted"), as in Hugging Face.
 * Shapes: x, y, residual [N, C].
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Tensor2D, TensorInfo } from '@tensorflow/tfjs-core';
import { allocate, launch, wrap } from '../dispatch';
import { flatIndex, kernelFamily, linearGrid } from '../kernel';
import { usesKernels } from '../mode';
import { keepMask, NOISE, thresholdOf, type NoiseSource } from './noise';

/** Where and how much to drop. Two places of one step need different streams. */
export interface Dropout extends NoiseSource {
  /** 0 (nothing) to below 1. */
  rate: number;
}

const THREADS = 64;

const dropKernel = kernelFamily<
  { residual: boolean },
  'y' | 'x' | 'residual' | 'seed',
  'quads' | 'stream' | 'threshold' | 'scale'
>('Dropout', ({ residual }) => ({
  write: { y: 'vec4f' },
  read: residual ? { x: 'vec4f', residual: 'vec4f', seed: 'i32' } : { x: 'vec4f', seed: 'i32' },
  scalars: { quads: 'u32', stream: 'u32', threshold: 'u32', scale: 'f32' },
  workgroupSize: [THREADS],
  helpers: NOISE,
  main: `
  let i = ${flatIndex(THREADS)};
  if (i >= u.quads) { return; }
  let keep = noiseBits4(noiseKey(seed[0], u.stream), i * 4u) >= vec4u(u.threshold);
  y[i] = select(vec4f(), x[i] * u.scale, keep)${residual ? ' + residual[i]' : ''};`,
}));

function drop(x: TensorInfo, { rate, seed, stream }: Dropout, residual?: TensorInfo): Tensor2D {
  const y = allocate(x.shape);
  const quads = x.shape.reduce((product, n) => product * n, 1) / 4;
  launch(
    dropKernel({ residual: residual !== undefined }),
    { y, x, residual, seed },
    { quads, stream, threshold: thresholdOf(rate), scale: 1 / (1 - rate) },
    linearGrid(quads, THREADS),
  );
  return wrap(y);
}

/**
 * x where it is kept, scaled so that its mean stays, plus the residual. Differentiable in both. The kernels need
 * the size of x to be a multiple of 4.
 */
export function dropout(x: Tensor2D, source: Dropout, residual?: Tensor2D): Tensor2D {
  if (source.rate === 0) return residual ? tf.add(x, residual) : x.clone();
  if (!usesKernels()) {
    return tf.tidy(() => {
      const kept: Tensor2D = tf.mul(x, tf.mul(keepMask(x.shape, source.rate, source), 1 / (1 - source.rate)));
      return residual ? tf.add(kept, residual) : kept;
    });
  }
  const op = tf.customGrad(() => ({
    value: drop(x, source, residual),
    gradFunc: residual ? (dy: Tensor) => [drop(dy, source), dy.clone()] : (dy: Tensor) => drop(dy, source),
  }));
  return (residual ? op(x, residual) : op(x)) as Tensor2D;
}
