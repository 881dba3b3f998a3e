/** Matrix products on the processor; the layouts and the epilogue are those of `ops/matmul.ts`. */
import { noteFlops } from '../cost';
import { run, scratch } from './processor';

export type Layout = 'nn' | 'nt' | 'tn';

const LAYOUTS: readonly Layout[] = ['nn', 'nt', 'tn'];

/** Addresses, 0 for what there is not; with any of them n must be a multiple of 4. */
export interface ProductOptions {
  bias?: number;
  /** 1 gelu_new, 2 gelu. */
  activation?: number;
  /** Receives A B + bias. */
  z?: number;
  residual?: number;
  /** Adds to what C holds. */
  add?: boolean;
}

// A panel of A, a block of B and a tile of C: PRODUCT_SCRATCH in assembly/product.ts.
const SCRATCH_BYTES = 4 * (4 * 256 + 512 * 256 + 32);

/** C[m,n] = act(A B + bias) + residual (+ C), matrices without gaps at the given addresses. */
export function product(
  layout: Layout,
  { c, a, b }: Record<'a' | 'b' | 'c', number>,
  { m, n, k }: Record<'m' | 'n' | 'k', number>,
  { bias = 0, activation = 0, z = 0, residual = 0, add = false }: ProductOptions = {},
): void {
  const flops = 2 * m * n * k;
  noteFlops(flops);
  run('dense', flops, [
    LAYOUTS.indexOf(layout),
    ...[m, n, k, a, b, c, add ? 1 : 0, bias, activation, z, residual],
    ...scratch(SCRATCH_BYTES),
  ]);
}
