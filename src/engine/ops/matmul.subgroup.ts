/**
 * The matrix product with subgroups (nn and tn; of nt the rows of B lie across the lanes): `lanes` threads that run
 * in step compute 8 rows of C, each thread two quads of columns. A thread loads a part of A's rows and hands it to the
 * others by broadcast; B is read straight from memory, a row of it side by side. No workgroup memory, no barrier.
 */
import { kernelFamily } from '../kernel';
import { unroll } from '../wgsl';
import {
  interfaceOf,
  readFunction,
  storeFunctions,
  type MatmulBuffer,
  type MatmulForm,
  type MatmulParameters,
  type MatmulScalar,
} from './matmul.interface';

const ROWS = 8;
const COLUMNS = 2;

/**
 * How the lanes hold A: `depth` steps of k, `pieces` quads of them, piece p in register p / lanes of lane p % lanes.
 * nn: a row after the other, quads along k; tn: a step of k after the other, quads along the rows.
 */
function held(layout: 'nn' | 'tn', lanes: number) {
  const depth = layout === 'nn' ? Math.max(1, lanes / ROWS) * 4 : Math.max(1, lanes / (ROWS / 4));
  const pieces = (ROWS * depth) / 4;
  return { depth, pieces, registers: Math.ceil(pieces / lanes) };
}

const subgroupKernel = kernelFamily<MatmulParameters & { lanes: number }, MatmulBuffer, MatmulScalar>(
  'MatmulSubgroup',
  ({ lanes, ...p }) => {
    const layout = p.layout === 'tn' ? 'tn' : 'nn';
    const { depth, pieces, registers } = held(layout, lanes);
    const columns = (text: (j: number) => string) => unroll(COLUMNS, text, ' ');
    const across = layout === 'nn' ? depth / 4 : ROWS / 4;
    const fetch = unroll(registers, (i) => {
      const [piece, inside] = [`p${i}`, pieces % lanes === 0 ? '' : `p${i} < ${pieces}u && `];
      const [step, at] =
        layout === 'nn'
          ? [
              `k0 + ${piece} % ${across}u * 4u`,
              `min(row + ${piece} / ${across}u, u.m - 1u) * u.aStride + d${i} / 4u`,
            ]
          : [
              `k0 + ${piece} / ${across}u`,
              `d${i} * u.aStride + min(row / 4u + ${piece} % ${across}u, (u.m + 3u) / 4u - 1u)`,
            ];
      return `let ${piece} = sid + ${i * lanes}u; let d${i} = ${step};
    var x${i} = vec4f();
    if (${inside}d${i} < u.k) { x${i} = a[u.aOffset + ${at}]; }`;
    });
    const broadcast = (piece: number) =>
      `subgroupBroadcast(x${Math.floor(piece / lanes)}, ${piece % lanes}u)`;
    // Past the end of k A is zero, so that B's last row may stand for those that are not there.
    const rowOfB = (step: number) => `min(k0 + ${step}u, u.k - 1u) * u.bStride`;
    const addSums = (step: number, y: (j: number) => string) =>
      p.columnSums ? `if (k0 + ${step}u < u.k) { ${columns((j) => `sum${j} += ${y(j)};`)} }` : '';
    const multiply =
      layout === 'nn'
        ? unroll(
            depth / 4,
            (q) => `{
      ${unroll(4, (e) => columns((j) => `let y${j}_${e} = readB(b${j} + ${rowOfB(q * 4 + e)});`))}
      ${unroll(ROWS, (i) => `{ let v = ${broadcast(i * across + q)}; ${columns((j) => `s${i}_${j} += v.x * y${j}_0 + v.y * y${j}_1 + v.z * y${j}_2 + v.w * y${j}_3;`)} }`)}
      ${unroll(4, (e) => addSums(q * 4 + e, (j) => `y${j}_${e}`), ' ')}
    }`,
          )
        : unroll(
            depth,
            (d) => `{
      ${columns((j) => `let y${j} = readB(b${j} + ${rowOfB(d)});`)}
      ${unroll(ROWS / 4, (h) => `{ let v = ${broadcast(d * across + h)}; ${unroll(4, (e) => columns((j) => `s${h * 4 + e}_${j} += v.${'xyzw'[e]} * y${j};`), ' ')} }`)}
      ${addSums(d, (j) => `y${j}`)}
    }`,
          );
    return {
      ...interfaceOf(p),
      enables: ['subgroups'],
      // One group of lanes: how the threads of a larger one are dealt to subgroups is not said anywhere.
      workgroupSize: [lanes],
      helpers: readFunction(p) + storeFunctions(p),
      main: `
  let row = wid.y * ${ROWS}u;
  let column = wid.x * ${lanes * COLUMNS}u + sid;
  ${columns((j) => `let b${j} = u.bOffset + min(column + ${j * lanes}u, (u.n + 3u) / 4u - 1u);`)}
  ${unroll(ROWS, (i) => columns((j) => `var s${i}_${j} = vec4f();`))}
  ${p.columnSums ? columns((j) => `var sum${j} = vec4f();`) : ''}
  for (var k0 = 0u; k0 < u.k; k0 += ${depth}u) {
    ${fetch}
    ${multiply}
  }
  ${unroll(ROWS, (i) => columns((j) => `store(row + ${i}u, column + ${j * lanes}u, s${i}_${j});`))}
  ${p.columnSums ? `if (row == 0u) { ${columns((j) => `storeSums(column + ${j * lanes}u, sum${j});`)} }` : ''}`,
    };
  },
);

/** The form for subgroups of `lanes` threads or more; a power of two from 4 on. */
export const subgroupForm = (p: MatmulParameters, lanes: number): MatmulForm => ({
  kernel: subgroupKernel({ ...p, lanes }),
  width: lanes * COLUMNS * 4,
  height: ROWS,
});
