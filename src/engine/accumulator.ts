/** A tensor that micro-batches add to, in place on the GPU, so that the plan of one can go on where another ended. */
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { launch, markWritten } from './dispatch';
import { flatIndex, kernelFamily, linearGrid } from './kernel';
import { usesKernels } from './mode';
import { elementParts } from './ranges';
import { zeros } from './zeros';

const THREADS = 64;

const kernel = kernelFamily('AccumulateInto', ({ add }: { add: boolean }) => ({
  write: { out: 'f32' as const },
  read: { x: 'f32' as const },
  scalars: { size: 'u32' as const },
  workgroupSize: [THREADS],
  main: `
  let i = ${flatIndex(THREADS)};
  if (i < u.size) { out[i] ${add ? '+=' : '='} x[i]; }`,
}));

/** out = x, or out += x; on the GPU, in out's own buffer. */
export function accumulateInto(out: Tensor, x: Tensor, add: boolean): void {
  for (const { count, of } of elementParts(x.size)) {
    launch(kernel({ add }), { out: of(out), x: of(x) }, { size: count }, linearGrid(count, THREADS));
  }
  markWritten(out);
}

export interface Accumulator {
  /** The sum so far; changes hands at every `add` on backends without kernels. */
  readonly value: Tensor;
  /** value = x where `first`, else value += x. */
  add(x: Tensor, first: boolean): void;
  dispose(): void;
}

/** A sum of tensors of this shape; the caller disposes it. */
export function createAccumulator(shape: readonly number[]): Accumulator {
  const kernels = usesKernels();
  let value: Tensor = tf.keep(zeros(shape));
  return {
    get value() {
      return value;
    },
    add(x, first) {
      if (kernels) return accumulateInto(value, x, !first);
      const sum = tf.keep(first ? x.clone() : tf.add(value, x));
      value.dispose();
      value = sum;
    },
    dispose: () => value.dispose(),
  };
}
