/** Zeros on the device that never were on the processor: moments and sums as large as the weights. */
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { allocate, launch, wrap } from './dispatch';
import { flatIndex, kernelFamily, linearGrid } from './kernel';
import { usesKernels } from './mode';
import { elementParts } from './ranges';

const THREADS = 64;

const kernel = kernelFamily('Zeros', (_: object) => ({
  write: { out: 'f32' as const },
  scalars: { size: 'u32' as const },
  workgroupSize: [THREADS],
  main: `
  let i = ${flatIndex(THREADS)};
  if (i < u.size) { out[i] = 0.0; }`,
}));

/** A tensor of zeros, which the caller or the tidy around it disposes. */
export function zeros(shape: readonly number[]): Tensor {
  if (!usesKernels()) return tf.fill(shape as number[], 0);
  const out = wrap(allocate(shape));
  for (const { count, of } of elementParts(out.size)) {
    launch(kernel({}), { out: of(out) }, { size: count }, linearGrid(count, THREADS));
  }
  return out;
}
