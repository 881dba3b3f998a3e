/** WGSL that several kernels share. Everything returns source text. */
import { flatIndex, linearGrid, type Extension } from './kernel';

/** `count` lines, one for each index: WGSL arrays in registers spill on software adapters, named scalars do not. */
export const unroll = (count: number, line: (index: number) => string, separator = '\n'): string =>
  Array.from({ length: count }, (_, index) => line(index)).join(separator);

const SWAPS = ['', 'quadSwapX', 'quadSwapY', 'quadSwapDiagonal'];

/**
 * Declares `name_1` to `name_3`, what the neighbours sid ^ 1, 2, 3 of a thread hold in `name_0`; nothing for 0. For
 * workgroups of four threads in a subgroup, where all of them get here.
 */
export const swapped = (name: string, by: number): string =>
  by === 0 ? '' : `let ${name}_${by} = ${SWAPS[by]!}(${name}_0);`;

export interface RowGroup {
  readonly workgroupSize: readonly [number];
  /** Declares `row` and `lane`; a lane starts at `lane` and strides by `threads`. */
  readonly index: string;
  readonly threads: number;
  readonly enables: readonly Extension[];
  grid(rows: number): [number, number];
  /** The workgroup memory that `sum` and `max` need, once above the entry point. */
  readonly scratch: string;
  /** Statements that leave the sum (maximum) of `variable` over the lanes of a row in every lane's `variable`. */
  sum(variable: string): string;
  max(variable: string): string;
}

// Eight rows in a workgroup: SwiftShader runs four threads to a vector, and small models have few rows.
const ROWS_PER_GROUP = 8;

/**
 * A kernel over rows in which `threads` threads share a row. With one thread there is no barrier and a
 * workgroup takes several rows; else a workgroup takes one row and reduces by a tree, in a fixed order. With
 * subgroups of `lanes` threads or more the tree stops at that many values, which every subgroup then adds by itself.
 */
export function rowGroup(threads: number, lanes = 0): RowGroup {
  if (threads === 1) {
    return {
      workgroupSize: [ROWS_PER_GROUP],
      index: `let row = ${flatIndex(ROWS_PER_GROUP)}; let lane = 0u;`,
      threads,
      enables: [],
      grid: (rows) => linearGrid(rows, ROWS_PER_GROUP),
      scratch: '',
      sum: () => '',
      max: () => '',
    };
  }
  // How threads are dealt to subgroups is not said anywhere: each reads all the values that are left.
  const left = Math.max(1, Math.min(lanes, threads));
  const reduce = (
    variable: string,
    combine: (a: string, b: string) => string,
    subgroup: { operation: string; neutral: string },
  ) => `
  scratch[lane] = ${variable};
  workgroupBarrier();
  for (var width = ${threads / 2}u; width >= ${left}u; width /= 2u) {
    if (lane < width) { scratch[lane] = ${combine('scratch[lane]', 'scratch[lane + width]')}; }
    workgroupBarrier();
  }
  ${variable} = ${left === 1 ? 'scratch[0]' : `${subgroup.operation}(select(${subgroup.neutral}, scratch[sid % ${left}u], sid < ${left}u))`};
  workgroupBarrier();`;
  return {
    workgroupSize: [threads],
    index: `let row = wid.y * nwg.x + wid.x; let lane = li;`,
    threads,
    enables: left > 1 ? ['subgroups'] : [],
    grid: (rows) => linearGrid(rows, 1),
    scratch: `var<workgroup> scratch: array<f32, ${threads}>;`,
    sum: (variable) =>
      reduce(variable, (a, b) => `${a} + ${b}`, { operation: 'subgroupAdd', neutral: '0.0' }),
    max: (variable) =>
      reduce(variable, (a, b) => `max(${a}, ${b})`, { operation: 'subgroupMax', neutral: '-3.4e38' }),
  };
}

export type Activation = 'gelu_new' | 'gelu';

// Some drivers build tanh from exp and return NaN for large arguments; past 15 it is +-1 in float32.
const GELU_NEW = `
const GELU_K = 0.7978845608028654; // sqrt(2 / pi)
const GELU_A = 0.044715;
fn geluTanh(x: vec4f) -> vec4f { return tanh(clamp(GELU_K * (x + GELU_A * x * x * x), vec4f(-15.0), vec4f(15.0))); }
fn activate(x: vec4f) -> vec4f { return 0.5 * x * (1.0 + geluTanh(x)); }
fn activateGrad(x: vec4f) -> vec4f {
  let t = geluTanh(x);
  return 0.5 * (1.0 + t) + 0.5 * x * (1.0 - t * t) * GELU_K * (1.0 + 3.0 * GELU_A * x * x);
}`;

// WGSL has no erf. Abramowitz and Stegun 7.1.26, absolute error below 1.5e-7; tfjs uses the same one.
const GELU = `
fn erf(x: vec4f) -> vec4f {
  let t = 1.0 / (1.0 + 0.3275911 * abs(x));
  let p = ((((1.061405429 * t - 1.453152027) * t + 1.421413741) * t - 0.284496736) * t + 0.254829592) * t;
  return sign(x) * (1.0 - p * exp(-x * x));
}
const SQRT_HALF = 0.7071067811865476;
const DENSITY = 0.3989422804014327; // 1 / sqrt(2 pi)
fn activate(x: vec4f) -> vec4f { return 0.5 * x * (1.0 + erf(x * SQRT_HALF)); }
fn activateGrad(x: vec4f) -> vec4f { return 0.5 * (1.0 + erf(x * SQRT_HALF)) + x * DENSITY * exp(-0.5 * x * x); }`;

/**
 * `activate(x: vec4f)` and its derivative `activateGrad(x: vec4f)`.
 *   gelu_new: 0.5 x (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3)));  gelu: x Phi(x) = 0.5 x (1 + erf(x / sqrt 2))
 * Source: "Gaussian Error Linear Units", arXiv:1606.08415, section 2.
 */
export const activationFunctions = (activation: Activation): string =>
  activation === 'gelu_new' ? GELU_NEW : GELU;
