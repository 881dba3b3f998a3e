/** What the forms of the matrix product share: buffers, scalars, how B is read and how C is written. */
import type { Kernel, ScalarType } from '../kernel';
import { activationFunctions, type Activation } from '../wgsl';

export type Layout = 'nn' | 'nt' | 'tn';

type Features = Record<
  'bias' | 'preActivation' | 'residual' | 'accumulate' | 'columnSums' | 'accumulateSums',
  boolean
>;
export type MatmulParameters = {
  layout: Layout;
  activation: Activation | null;
  /** n is no multiple of 4: the rest of a row's last quad is set to zero. */
  padded: boolean;
  /** B holds float16 pairs, two u32 a quad. */
  packed: boolean;
} & Features;

const vec4 = (names: Record<string, boolean>) =>
  Object.fromEntries(
    Object.entries(names).flatMap(([name, used]) => (used ? [[name, 'vec4f'] as const] : [])),
  );

export type MatmulBuffer = 'c' | 'preActivation' | 'columnSums' | 'a' | 'b' | 'bias' | 'residual';
export type MatmulScalar =
  'm' | 'n' | 'k' | 'aOffset' | 'aStride' | 'bOffset' | 'bStride' | 'cOffset' | 'cStride';

/** Sizes in elements, offsets and strides in quads. */
export const MATMUL_SCALARS = {
  m: 'u32',
  n: 'u32',
  k: 'u32',
  aOffset: 'u32',
  aStride: 'u32',
  bOffset: 'u32',
  bStride: 'u32',
  cOffset: 'u32',
  cStride: 'u32',
} as const satisfies Record<MatmulScalar, ScalarType>;

/** The buffers that `storeFunctions` uses. */
export const epilogueOf = (p: MatmulParameters) => ({
  write: vec4({ c: true, preActivation: p.preActivation, columnSums: p.columnSums }),
  read: vec4({ bias: p.bias, residual: p.residual }),
});

/** What a kernel that does it all in one pass declares, to be spread into its spec. */
export const interfaceOf = (p: MatmulParameters) => {
  const { write, read } = epilogueOf(p);
  const operands = { a: 'vec4f', b: p.packed ? 'vec2u' : 'vec4f' } as const;
  return { write, read: { ...operands, ...read }, scalars: MATMUL_SCALARS };
};

/** WGSL of `readB(i)`, quad i of B in float32; every form reads B through it. */
export const readFunction = (p: Pick<MatmulParameters, 'packed'>) =>
  `fn readB(i: u32) -> vec4f { return ${p.packed ? 'vec4f(unpack2x16float(b[i].x), unpack2x16float(b[i].y))' : 'b[i]'}; }`;

/** WGSL of `store(row, column quad, value)` and `storeSums(column quad, sums)`: everything after the product. */
export const storeFunctions = (p: MatmulParameters) => `
${p.activation ? activationFunctions(p.activation) : ''}
fn store(row: u32, column: u32, product: vec4f) {
  if (row >= u.m || column * 4u >= u.n) { return; }
  var v = product;
  ${p.bias ? 'v += bias[column];' : ''}
  ${p.preActivation ? 'preActivation[row * (u.n / 4u) + column] = v;' : ''}
  ${p.activation ? 'v = activate(v);' : ''}
  ${p.residual ? 'v += residual[row * (u.n / 4u) + column];' : ''}
  let at = u.cOffset + row * u.cStride + column;
  ${p.accumulate ? 'v += c[at];' : ''}
  ${p.padded ? 'v = select(vec4f(0.0), v, vec4u(0u, 1u, 2u, 3u) + column * 4u < vec4u(u.n));' : ''}
  c[at] = v;
}
${
  p.columnSums
    ? `fn storeSums(column: u32, sums: vec4f) {
  if (column * 4u >= u.n) { return; }
  columnSums[column] = sums${p.accumulateSums ? ' + columnSums[column]' : ''};
}`
    : ''
}`;

export interface MatmulForm {
  readonly kernel: Kernel<MatmulBuffer, MatmulScalar>;
  /** Columns and rows of C that a workgroup writes. */
  readonly width: number;
  readonly height: number;
}
