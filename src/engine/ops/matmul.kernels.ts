/**
 * The two forms of the matrix product, as WGSL. Register form: 8 x 8 outputs a thread (nt: 8 x 4), no barrier,
 * every operand read straight from memory; on SwiftShader 1.1 GFLOP a core second against 0.4 for the other.
 * Shared form: 64 x 64 outputs a workgroup, 4 x 4 a thread, A and B through workgroup memory 16 deep.
 */
import { kernelFamily } from '../kernel';
import { activationFunctions, unroll, type Activation } from '../wgsl';

export type Layout = 'nn' | 'nt' | 'tn';

type Features = Record<
  'bias' | 'preActivation' | 'residual' | 'accumulate' | 'columnSums' | 'accumulateSums',
  boolean
>;
export type MatmulParameters = { layout: Layout; activation: Activation | null; padded: boolean } & Features;

const vec4 = (names: Record<string, boolean>) =>
  Object.fromEntries(
    Object.entries(names).flatMap(([name, used]) => (used ? [[name, 'vec4f'] as const] : [])),
  );

type Buffer = 'c' | 'preActivation' | 'columnSums' | 'a' | 'b' | 'bias' | 'residual';
type Scalar = 'm' | 'n' | 'k' | 'aOffset' | 'aStride' | 'bOffset' | 'bStride' | 'cOffset' | 'cStride';

const interfaceOf = (p: MatmulParameters) => ({
  write: vec4({ c: true, preActivation: p.preActivation, columnSums: p.columnSums }),
  read: vec4({ a: true, b: true, bias: p.bias, residual: p.residual }),
  // Offsets and strides in quads.
  scalars: {
    m: 'u32',
    n: 'u32',
    k: 'u32',
    aOffset: 'u32',
    aStride: 'u32',
    bOffset: 'u32',
    bStride: 'u32',
    cOffset: 'u32',
    cStride: 'u32',
  } as const,
});

/** WGSL of `store(row, column quad, value)`: everything after the product. */
const storeFunction = (p: MatmulParameters) => `
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

const ROWS = 8;
const THREADS = 8;
/** Quads of columns a thread holds: nt reads four rows of B a quad, and more of them spill. */
const registerColumns = (layout: Layout) => (layout === 'nt' ? 1 : 2);

/** The loop over k of the register form; `x` are values of A, `y` of B, `s<row>_<quad>` the sums. */
function registerLoop(layout: Layout): string {
  const columns = registerColumns(layout);
  const each = (line: (i: number, j: number) => string) =>
    unroll(ROWS, (i) => unroll(columns, (j) => line(i, j)));
  // Rows and columns beyond the edge repeat the last one; their sums are not stored.
  const rowsOfA = unroll(ROWS, (i) => `let a${i} = u.aOffset + min(row + ${i}u, u.m - 1u) * u.aStride;`);
  const columnsOfB = unroll(
    columns,
    (j) => `let b${j} = u.bOffset + min(column + ${j}u, (u.n + 3u) / 4u - 1u);`,
  );
  const loadA = unroll(ROWS, (i) => `let x${i} = a[a${i} + k];`);
  if (layout === 'nn') {
    return `${rowsOfA} ${columnsOfB}
    for (var k = 0u; k < (u.k + 3u) / 4u; k++) {
      ${loadA}
      ${unroll(4, (q) => `let r${q} = min(k * 4u + ${q}u, u.k - 1u) * u.bStride;`)}
      ${unroll(columns, (j) => unroll(4, (q) => `let y${j}_${q} = b[b${j} + r${q}];`))}
      ${each((i, j) => `s${i}_${j} += x${i}.x * y${j}_0 + x${i}.y * y${j}_1 + x${i}.z * y${j}_2 + x${i}.w * y${j}_3;`)}
    }`;
  }
  if (layout === 'nt') {
    const rowOfB = (j: number, q: number) => `min((column + ${j}u) * 4u + ${q}u, u.n - 1u)`;
    return `${rowsOfA}
    ${unroll(columns, (j) => unroll(4, (q) => `let b${j}_${q} = u.bOffset + ${rowOfB(j, q)} * u.bStride;`))}
    for (var k = 0u; k < u.k / 4u; k++) {
      ${loadA}
      ${unroll(columns, (j) => unroll(4, (q) => `let y${j}_${q} = b[b${j}_${q} + k];`))}
      ${each((i, j) => `s${i}_${j} += vec4f(${unroll(4, (q) => `dot(x${i}, y${j}_${q})`, ', ')});`)}
    }`;
  }
  return `
    ${unroll(ROWS / 4, (i) => `let a${i} = u.aOffset + min(row / 4u + ${i}u, (u.m + 3u) / 4u - 1u);`)} ${columnsOfB}
    for (var k = 0u; k < u.k; k++) {
      ${unroll(ROWS / 4, (i) => `let x${i} = a[a${i} + k * u.aStride];`)}
      ${unroll(columns, (j) => `let y${j} = b[b${j} + k * u.bStride];`)}
      ${each((i, j) => `s${i}_${j} += x${i >> 2}.${'xyzw'[i & 3]} * y${j};`)}
    }`;
}

const registerKernel = kernelFamily<MatmulParameters, Buffer, Scalar>('MatmulRegister', (p) => {
  const columns = registerColumns(p.layout);
  return {
    ...interfaceOf(p),
    workgroupSize: [THREADS, THREADS],
    helpers: storeFunction(p),
    main: `
    let column = gid.x * ${columns}u;
    let row = gid.y * ${ROWS}u;
    if (row >= u.m || column * 4u >= u.n) { return; }
    ${unroll(ROWS, (i) => unroll(columns, (j) => `var s${i}_${j} = vec4f(0.0);`))}
    ${registerLoop(p.layout)}
    ${unroll(ROWS, (i) => unroll(columns, (j) => `store(row + ${i}u, column + ${j}u, s${i}_${j});`))}
    ${
      p.columnSums
        ? `if (row == 0u) {
      ${unroll(columns, (j) => `var sum${j} = vec4f(0.0);`)}
      for (var k = 0u; k < u.k; k++) { ${unroll(columns, (j) => `sum${j} += b[b${j} + k * u.bStride];`)} }
      ${unroll(columns, (j) => `storeSums(column + ${j}u, sum${j});`)}
    }`
        : ''
    }`,
  };
});

const TILE = 64;
const DEPTH = 16;

/** Loads a tile whose rows run along k: thread `li` takes quad li % 4 of row li / 4 and stores it transposed. */
const loadAlongDepth = (tile: string, source: string, first: string, rows: string) => `{
  let r = li / 4u;
  let q = li % 4u;
  var v = vec4f(0.0);
  if (${first} + r < ${rows} && k0 + q * 4u < u.k) {
    v = ${source}[u.${source}Offset + (${first} + r) * u.${source}Stride + k0 / 4u + q];
  }
  ${unroll(4, (e) => `${tile}[(q * 4u + ${e}u) * 16u + r / 4u][r % 4u] = v.${'xyzw'[e]};`)}
}`;

/** Loads a tile whose rows run across k: thread `li` takes quad li % 16 of row li / 16. */
const loadAcrossDepth = (tile: string, source: string, first: string, columns: string) => `{
  let r = li / 16u;
  let q = li % 16u;
  var v = vec4f(0.0);
  if (k0 + r < u.k && ${first} + q * 4u < ${columns}) {
    v = ${source}[u.${source}Offset + (k0 + r) * u.${source}Stride + ${first} / 4u + q];
  }
  ${tile}[r * 16u + q] = v;
}`;

const sharedKernel = kernelFamily<MatmulParameters, Buffer, Scalar>('MatmulShared', (p) => ({
  ...interfaceOf(p),
  workgroupSize: [16, 16],
  helpers: `${storeFunction(p)}
  var<workgroup> tileA: array<vec4f, ${(TILE * DEPTH) / 4}>;
  var<workgroup> tileB: array<vec4f, ${(TILE * DEPTH) / 4}>;`,
  main: `
  let m0 = wid.y * ${TILE}u;
  let n0 = wid.x * ${TILE}u;
  ${unroll(4, (i) => `var s${i} = vec4f(0.0);`)}
  ${p.columnSums ? 'var sums = vec4f(0.0);' : ''}
  for (var k0 = 0u; k0 < u.k; k0 += ${DEPTH}u) {
    ${p.layout === 'tn' ? loadAcrossDepth('tileA', 'a', 'm0', 'u.m') : loadAlongDepth('tileA', 'a', 'm0', 'u.m')}
    ${p.layout === 'nt' ? loadAlongDepth('tileB', 'b', 'n0', 'u.n') : loadAcrossDepth('tileB', 'b', 'n0', 'u.n')}
    workgroupBarrier();
    for (var k = 0u; k < ${DEPTH}u; k++) {
      let x = tileA[k * 16u + lid.y];
      let y = tileB[k * 16u + lid.x];
      ${unroll(4, (i) => `s${i} += x.${'xyzw'[i]} * y;`)}
      ${p.columnSums ? 'sums += y;' : ''}
    }
    workgroupBarrier();
  }
  ${unroll(4, (i) => `store(m0 + lid.y * 4u + ${i}u, n0 / 4u + lid.x, s${i});`)}
  ${p.columnSums ? 'if (wid.y == 0u && lid.y == 0u) { storeSums(n0 / 4u + lid.x, sums); }' : ''}`,
}));

export interface MatmulForm {
  readonly kernel: typeof registerKernel;
  /** Columns and rows of C that a workgroup writes. */
  readonly width: number;
  readonly height: number;
}

/** The form for an adapter (`variants.ts`). */
export function matmulForm(variant: 'register' | 'shared', layout: Layout): MatmulForm {
  if (variant === 'shared') return { kernel: sharedKernel, width: TILE, height: TILE };
  return { kernel: registerKernel, width: registerColumns(layout) * 4 * THREADS, height: ROWS * THREADS };
}
