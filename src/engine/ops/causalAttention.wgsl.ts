/** What both sets of attention kernels share: their interface, and where a head's rows lie in packed qkv. */
import type { Element, Kernel, ScalarType } from '../kernel';
import { NOISE } from './noise';

export interface AttentionShape {
  /** Head size / 4. */
  quads: number;
  causal: boolean;
  /** Probabilities are dropped; absent where not, so that the kernels are the same as ever. */
  dropout?: true;
}

export const SIZES = { length: 'u32', heads: 'u32', scale: 'f32' } as const satisfies Record<
  string,
  ScalarType
>;
const DROPOUT_SIZES = { stream: 'u32', threshold: 'u32', keepScale: 'f32' } as const;
export type Size = keyof typeof SIZES | keyof typeof DROPOUT_SIZES;

/** One of the two variants. Grid of every kernel: [ceil(T / rows per group), H, B]. */
export interface AttentionKernels {
  /** Writes y and the log-sum-exp of every row of scores. */
  forward(shape: AttentionShape): Kernel<'y' | 'logSum' | 'qkv' | 'seed', Size>;
  /** Writes the first third of dQkv and delta = sum(dy * y) per row, which `backwardKeys` reads. */
  backwardQueries(
    shape: AttentionShape,
  ): Kernel<'dQkv' | 'delta' | 'qkv' | 'y' | 'dy' | 'logSum' | 'seed', Size>;
  /** Writes the other two thirds of dQkv. */
  backwardKeys(shape: AttentionShape): Kernel<'dQkv' | 'delta' | 'qkv' | 'dy' | 'logSum' | 'seed', Size>;
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

/** What dropout adds to a kernel's text; all of it is empty without. Index of the mask: [B, H, query, key]. */
export function maskText({ dropout }: AttentionShape) {
  return {
    read: (dropout ? { seed: 'i32' } : {}) as Partial<Record<'seed', Element>>,
    scalars: (dropout ? { ...SIZES, ...DROPOUT_SIZES } : SIZES) as Record<Size, ScalarType>,
    helpers: dropout ? NOISE : '',
    /** Once per thread, before `declare`. */
    key: dropout ? 'let dropKey = noiseKey(seed[0], u.stream);' : '',
    /** Declares `name`: 0 or 1 / (1 - rate), for a query and a key of this head. */
    declare: (name: string, query: string, key: string): string =>
      dropout
        ? `let ${name} = select(0.0, u.keepScale, noiseBits(dropKey, (lane + ${query}) * u.length + ${key}) >= u.threshold);`
        : '',
    times: (value: string, name: string): string => (dropout ? `(${value} * ${name})` : value),
  };
}
