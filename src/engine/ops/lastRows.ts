/**
 * The last row of every sequence that is not padding: y[b] = x[b T + lengths[b] - 1].
 *   dx[b T + t] = dy[b] where t = lengths[b] - 1, else 0
 * Shapes: x [N, C] with N = B T, lengths [B] int32 from 1 to T, y [B, C]. Each row is read once, so that the
 * gradient needs no sum and is the same from run to run.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { GradSaveFunc, Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs-core';
import { ShapeError } from '../../errors';
import { allocate, launch, wrap } from '../dispatch';
import { flatIndex, kernelFamily, linearGrid } from '../kernel';
import { usesKernels } from '../mode';

const THREADS = 64;

const take = kernelFamily('LastRows', () => ({
  write: { y: 'vec4f' as const },
  read: { x: 'vec4f' as const, lengths: 'i32' as const },
  scalars: { batch: 'u32' as const, length: 'u32' as const, quads: 'u32' as const },
  workgroupSize: [THREADS],
  main: `
  let i = ${flatIndex(THREADS)};
  if (i >= u.batch * u.quads) { return; }
  let b = i / u.quads;
  let row = b * u.length + u32(lengths[b]) - 1u;
  y[i] = x[row * u.quads + i % u.quads];`,
}));

const put = kernelFamily('LastRowsGradient', () => ({
  write: { dx: 'vec4f' as const },
  read: { dy: 'vec4f' as const, lengths: 'i32' as const },
  scalars: { rows: 'u32' as const, length: 'u32' as const, quads: 'u32' as const },
  workgroupSize: [THREADS],
  main: `
  let i = ${flatIndex(THREADS)};
  let row = i / u.quads;
  if (row >= u.rows) { return; }
  let b = row / u.length;
  let isLast = row % u.length + 1u == u32(lengths[b]);
  dx[i] = select(vec4f(0.0), dy[b * u.quads + i % u.quads], isLast);`,
}));

function takeKernels(x: Tensor2D, lengths: Tensor1D, batch: number, length: number): Tensor2D {
  const [rows, width] = x.shape;
  const quads = width / 4;
  const op = tf.customGrad((...args: unknown[]) => {
    (args[1] as GradSaveFunc)([]);
    const y = allocate([batch, width]);
    launch(take({}), { y, x, lengths }, { batch, length, quads }, linearGrid(batch * quads, THREADS));
    const gradFunc = (dy: Tensor) => {
      const dx = allocate([rows, width]);
      launch(put({}), { dx, dy, lengths }, { rows, length, quads }, linearGrid(rows * quads, THREADS));
      return wrap(dx);
    };
    return { value: wrap<Tensor2D>(y), gradFunc };
  });
  return op(x);
}

function takeReference(x: Tensor2D, lengths: Tensor1D, batch: number, length: number): Tensor2D {
  const firsts = tf.mul(tf.range(0, batch, 1, 'int32'), tf.scalar(length, 'int32'));
  const rows: Tensor1D = tf.sub(tf.add(firsts, lengths), tf.scalar(1, 'int32'));
  const op = tf.customGrad((...args: unknown[]) => {
    const [input, save] = args as [Tensor2D, GradSaveFunc];
    save([rows]);
    const gradFunc = (dy: Tensor, [saved]: Tensor[]) =>
      tf.scatterND(tf.expandDims(saved!, 1), dy, input.shape);
    return { value: tf.gather(input, rows), gradFunc };
  });
  return op(x);
}

/**
 * Differentiable in x. The kernels need C to be a multiple of 4 (`kernelsServe`). Throws ShapeError when the rows of x are
 * not so many sequences of equal length.
 */
export function lastRows(x: Tensor2D, lengths: Tensor1D): Tensor2D {
  const batch = lengths.size;
  const length = x.shape[0] / batch;
  if (!Number.isInteger(length)) {
    throw new ShapeError(`${x.shape[0]} rows are not ${batch} sequences of equal length`);
  }
  return usesKernels() ? takeKernels(x, lengths, batch, length) : takeReference(x, lengths, batch, length);
}
