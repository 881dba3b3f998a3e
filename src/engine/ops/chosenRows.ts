/**
 * Some rows of a batch, taken out or replaced:
 *   take: y[m] = x[rows[m]];                              dx[rows[m]] = dy[m], 0 in all other rows
 *   put:  y[rows[m]] = v[m], y[n] = x[n] in all others;   dv[m] = dy[rows[m]], dx[n] = dy[n], 0 in chosen rows
 * Shapes: x [N, C], v [M, C], rows [M] distinct. Gathers in both directions, on every backend, so that no gradient
 * is a sum and the bits are the same from run to run.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { GradSaveFunc, Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs-core';

export interface ChosenRows {
  /** [M] int32: where they stand among all N. */
  readonly rows: Tensor1D;
  /** [N] int32: N + m where n = rows[m], else n. */
  readonly source: Tensor1D;
}

/** What `chosenRows` takes, [M + N]: distinct rows of `total`, and where every row comes from when they are replaced. */
export function describeRows(rows: ArrayLike<number>, total: number): Int32Array {
  const described = Int32Array.from({ length: rows.length + total }, (_, i) => i - rows.length);
  described.set(rows);
  for (let m = 0; m < rows.length; m++) described[rows.length + rows[m]!] = total + m;
  return described;
}

/** `count` of `total` rows from what `describeRows` gave. */
export function chosenRows(described: Tensor, count: number, total: number): ChosenRows {
  const flat = described as Tensor1D;
  return { rows: tf.slice1d(flat, 0, count), source: tf.slice1d(flat, count, total) };
}

/** The chosen rows of x [N, C], [M, C]. Differentiable in x. */
export function takeRows(x: Tensor2D, { rows, source }: ChosenRows): Tensor2D {
  const op = tf.customGrad((...args: unknown[]) => {
    const [input, save] = args as [Tensor2D, GradSaveFunc];
    save([source]);
    const gradFunc = (dy: Tensor, [saved]: Tensor[]) =>
      tf.gather(tf.concat2d([tf.zeros(input.shape), dy as Tensor2D], 0), saved as Tensor1D);
    return { value: tf.gather(input, rows), gradFunc };
  });
  return op(x);
}

/** x [N, C] with `values` [M, C] in the chosen rows. Differentiable in both. */
export function putRows(x: Tensor2D, values: Tensor2D, { rows, source }: ChosenRows): Tensor2D {
  const total = x.shape[0];
  const op = tf.customGrad((...args: unknown[]) => {
    const [kept, put, save] = args as [Tensor2D, Tensor2D, GradSaveFunc];
    save([rows, source]);
    const gradFunc = (dy: Tensor, [places, origin]: Tensor[]) => {
      const stays = tf.reshape(tf.cast(tf.less(origin!, tf.scalar(total, 'int32')), 'float32'), [total, 1]);
      return [tf.mul(dy, stays), tf.gather(dy, places as Tensor1D)];
    };
    return { value: tf.gather(tf.concat2d([kept, put], 0), source), gradFunc };
  });
  return op(x, values);
}
