/** What both sets of attention kernels share: their interface, and where a head's rows lie in packed qkv. */
import type { Kernel, ScalarType } from '../kernel';

export interface AttentionShape {
  /** Head size / 4. */
  quads: number;
  causal: boolean;
}

export const SIZES = { length: 'u32', heads: 'u32', scale: 'f32' } as const satisfies Record<
  string,
  ScalarType
>;
type Size = keyof typeof SIZES;

/** One of the two variants. Grid of every kernel: [ceil(T / rows per group), H, B]. */
export interface AttentionKernels {
  /** Writes y and the log-sum-exp of every row of scores. */
  forward(shape: AttentionShape): Kernel<'y' | 'logSum' | 'qkv', Size>;
  /** Writes the first third of dQkv and delta = sum(dy * y) per row, which `backwardKeys` reads. */
  backwardQueries(shape: AttentionShape): Kernel<'dQkv' | 'delta' | 'qkv' | 'y' | 'dy' | 'logSum', Size>;
  /** Writes the other two thirds of dQkv. */
  backwardKeys(shape: AttentionShape): Kernel<'dQkv' | 'delta' | 'qkv' | 'dy' | 'logSum', Size>;
  rowsPerGroup(quads: number): { forward: number; backward: number };
}

/** Declares head, batch, and in vec4 units: width (C), stride (a row of qkv), base (row 0 of this head's q). */
export const place = (quads: number): string => `
  let head = wid.y;
  let batch = wid.z;
  let width = u.heads * ${quads}u;
  let stride = 3u * width;
  let base = batch * u.length * stride + head * ${quads}u;
  let lane = (batch * u.heads + head) * u.length;`;
