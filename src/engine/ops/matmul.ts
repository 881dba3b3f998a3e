/**
 * Matrix products on the GPU, with what usually follows them in one pass:
 *   nn: C[m,n] = A[m,k] B[k,n]     nt: C[m,n] = A[m,k] B[n,k]ᵀ     tn: C[m,n] = A[k,m]ᵀ B[k,n]
 *   C = activation(A B + bias) + residual (+ C)
 *
 * Several forms (`matmul.kernels.ts`), chosen in `variants.ts`. Each adds up in a fixed order, so results do not vary from
 * run to run. Everything is read as vec4f along the contiguous dimension, hence the rules in `View`.
 */
import { ShapeError } from '../../errors';
import { noteFlops } from '../cost';
import type { Operand } from '../dispatch';
import { elementsOf, tensorOf } from '../ranges';
import { matmulVariant } from '../variants';
import type { Activation } from '../wgsl';
import type { Layout, MatmulParameters } from './matmul.interface';
import { launchProduct } from './matmul.kernels';

export type { Layout } from './matmul.interface';

/**
 * A matrix inside a tensor. `offset` is its first element, `stride` the elements from one row to the next
 * (default: the row's length); both must be multiples of 4. A row's length may be anything as long as the
 * stride covers it rounded up to 4; of A the padding must then hold zeros, of C it is set to zero.
 */
export interface View {
  readonly tensor: Operand;
  readonly offset?: number;
  readonly stride?: number;
  /** Operand b only: two float16 in every element of an int32 tensor. */
  readonly packed?: boolean;
}

export interface MatmulOptions {
  /** [n], added to every row. */
  bias?: Operand | undefined;
  activation?: Activation | undefined;
  /** [m, n]: receives A B + bias, which the activation's gradient needs. */
  preActivation?: Operand | undefined;
  /** [m, n], added after the activation. */
  residual?: Operand | undefined;
  /** Adds to what C holds. */
  accumulate?: boolean;
  /** [n], tn only: receives the column sums of B (a bias gradient, when B is dy); added to with `accumulateSums`. */
  columnSums?: Operand | undefined;
  accumulateSums?: boolean;
}

/** Checks what the kernels rely on: they read whole quads and do not look at the tensors' shapes. */
function checkViews(
  layout: Layout,
  m: number,
  n: number,
  k: number,
  views: Record<'a' | 'b' | 'c', View>,
): void {
  const sizes: Record<'a' | 'b' | 'c', [number, number]> = {
    a: layout === 'tn' ? [k, m] : [m, k],
    b: layout === 'nt' ? [n, k] : [k, n],
    c: [m, n],
  };
  for (const name of ['a', 'b', 'c'] as const) {
    const [rows, columns] = sizes[name];
    const { tensor, offset = 0, stride = columns, packed } = views[name];
    const available = elementsOf(tensor) * (packed ? 2 : 1);
    const needed = offset + (rows - 1) * stride + Math.ceil(columns / 4) * 4;
    if (offset % 4 !== 0 || stride % 4 !== 0 || stride < columns) {
      throw new ShapeError(
        `matmul ${layout}: ${name} [${rows}, ${columns}] has offset ${offset} and stride ${stride}; both must be multiples of 4`,
      );
    }
    if (rows < 1 || columns < 1 || needed > available) {
      throw new ShapeError(
        `matmul ${layout}: ${name} [${rows}, ${columns}] at offset ${offset} needs ${needed} elements, its tensor [${tensorOf(tensor).shape.join(', ')}] has ${available}`,
      );
    }
  }
  if (layout === 'nt' && k % 4 !== 0) throw new ShapeError(`matmul nt: k is ${k}, must be a multiple of 4`);
}

/** Writes C; the caller calls `markWritten` if C was ever read back. Throws ShapeError for views that do not fit. */
export function matmul(
  layout: Layout,
  views: { c: View; a: View; b: View },
  { m, n, k }: { m: number; n: number; k: number },
  options: MatmulOptions = {},
): void {
  checkViews(layout, m, n, k, views);
  noteFlops(2 * m * n * k);
  const { a, b, c } = views;
  const { bias, activation = null, preActivation, residual, columnSums } = options;
  const parameters: MatmulParameters = {
    layout,
    activation,
    padded: n % 4 !== 0,
    packed: b.packed ?? false,
    bias: !!bias,
    preActivation: !!preActivation,
    residual: !!residual,
    accumulate: options.accumulate ?? false,
    columnSums: !!columnSums,
    accumulateSums: options.accumulateSums ?? false,
  };
  launchProduct(
    matmulVariant({ layout, m, n, k }),
    parameters,
    { c: c.tensor, a: a.tensor, b: b.tensor, bias, preActivation, residual, columnSums },
    {
      m,
      n,
      k,
      aOffset: (a.offset ?? 0) / 4,
      aStride: (a.stride ?? (layout === 'tn' ? m : k)) / 4,
      bOffset: (b.offset ?? 0) / 4,
      bStride: (b.stride ?? (layout === 'nt' ? k : n)) / 4,
      cOffset: (c.offset ?? 0) / 4,
      cStride: (c.stride ?? n) / 4,
    },
  );
}
