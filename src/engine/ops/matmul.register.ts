/**
 * The matrix product for software adapters: 8 x 8 outputs a thread (nt: 8 x 4), no barrier, every operand read
 * straight from memory; on SwiftShader 1.1 GFLOP a core second against 0.4 for the shared form.
 */
import { kernelFamily } from '../kernel';
import { unroll } from '../wgsl';
import {
  interfaceOf,
  readFunction,
  storeFunctions,
  type Layout,
  type MatmulBuffer,
  type MatmulForm,
  type MatmulParameters,
  type MatmulScalar,
} from './matmul.interface';

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
      ${unroll(columns, (j) => unroll(4, (q) => `let y${j}_${q} = readB(b${j} + r${q});`))}
      ${each((i, j) => `s${i}_${j} += x${i}.x * y${j}_0 + x${i}.y * y${j}_1 + x${i}.z * y${j}_2 + x${i}.w * y${j}_3;`)}
    }`;
  }
  if (layout === 'nt') {
    const rowOfB = (j: number, q: number) => `min((column + ${j}u) * 4u + ${q}u, u.n - 1u)`;
    return `${rowsOfA}
    ${unroll(columns, (j) => unroll(4, (q) => `let b${j}_${q} = u.bOffset + ${rowOfB(j, q)} * u.bStride;`))}
    for (var k = 0u; k < u.k / 4u; k++) {
      ${loadA}
      ${unroll(columns, (j) => unroll(4, (q) => `let y${j}_${q} = readB(b${j}_${q} + k);`))}
      ${each((i, j) => `s${i}_${j} += vec4f(${unroll(4, (q) => `dot(x${i}, y${j}_${q})`, ', ')});`)}
    }`;
  }
  return `
    ${unroll(ROWS / 4, (i) => `let a${i} = u.aOffset + min(row / 4u + ${i}u, (u.m + 3u) / 4u - 1u);`)} ${columnsOfB}
    for (var k = 0u; k < u.k; k++) {
      ${unroll(ROWS / 4, (i) => `let x${i} = a[a${i} + k * u.aStride];`)}
      ${unroll(columns, (j) => `let y${j} = readB(b${j} + k * u.bStride);`)}
      ${each((i, j) => `s${i}_${j} += x${i >> 2}.${'xyzw'[i & 3]} * y${j};`)}
    }`;
}

const registerKernel = kernelFamily<MatmulParameters, MatmulBuffer, MatmulScalar>('MatmulRegister', (p) => {
  const columns = registerColumns(p.layout);
  return {
    ...interfaceOf(p),
    workgroupSize: [THREADS, THREADS],
    helpers: readFunction(p) + storeFunctions(p),
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
      for (var k = 0u; k < u.k; k++) { ${unroll(columns, (j) => `sum${j} += readB(b${j} + k * u.bStride);`)} }
      ${unroll(columns, (j) => `storeSums(column + ${j}u, sum${j});`)}
    }`
        : ''
    }`,
  };
});

/** The form for an operand layout. */
export const registerForm = (layout: Layout): MatmulForm => ({
  kernel: registerKernel,
  width: registerColumns(layout) * 4 * THREADS,
  height: ROWS * THREADS,
});
