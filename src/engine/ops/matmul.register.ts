/**
 * The matrix product for software adapters: sums in registers, no workgroup memory, no barrier.
 *
 * SwiftShader runs four threads as the lanes of a vector. A quad from a storage buffer costs it some 300
 * instructions, as every lane and component is checked and loaded by itself, a product and sum of a vector 4 and
 * an exchange between lanes 2. So four threads, which are a subgroup there, share a tile of 32 x 32: each loads an
 * eighth of B's columns and a quarter of A's rows, and sees the others' rows by three swaps. A sum that lives
 * through a loop is merged under a mask in every round, hence eight steps of k a round. On SwiftShader 5 GFLOP a
 * core second, against 2 with 8 x 8 sums a thread and no swaps, which is what runs where subgroups are missing.
 */
import { webgpuBackend } from '../dispatch';
import { kernelFamily } from '../kernel';
import { swapped, unroll } from '../wgsl';
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

/** What the text of the kernel depends on, besides what surrounds the product. */
interface RegisterTile {
  /** Four threads swap rows of A. */
  swaps: boolean;
  /** Rows of C, and quads of columns, that a thread holds. */
  rows: number;
  quads: number;
  /** Blocks of four steps of k in a round of the loop. */
  blocks: number;
  /** k is no multiple of 4. */
  ragged: boolean;
}

type Parameters = MatmulParameters & { tile: RegisterTile };

const THREADS = 8;

/** A's side of the kernel. */
interface RowLoads {
  /** Before the loop over k. */
  start: string;
  /** In the loop: the values for a block of k. */
  load: (block: number) => string;
  /** The four values of A of row `r` of this thread, for a block of k. */
  values: (r: number, block: number) => string;
  /** Rows are stored group by group, in a loop over `group`. */
  groups: number;
  /** Where in C the row at `place` of group `group` lies. */
  index: (place: number) => string;
}

/** Which of four neighbours a thread has after a swap. */
const neighbour = (by: number) => (by === 0 ? 'sid' : `(sid ^ ${by}u)`);

/** nn and nt: a quad along k of every row. Row r is load r / lanes, swap r % lanes. */
function loadsAlongK({ swaps, rows }: RegisterTile): RowLoads {
  const lanes = swaps ? 4 : 1;
  const loads = rows / lanes;
  const groups = loads % 4 === 0 ? 4 : 1;
  const rowOf = (load: string, by: number) =>
    swaps ? `row + 4u * (${load}) + ${neighbour(by)}` : `row + ${load}`;
  return {
    // Rows and columns beyond the edge repeat the last one; their sums are not stored.
    start: unroll(loads, (i) => `let a${i} = u.aOffset + min(${rowOf(`${i}u`, 0)}, u.m - 1u) * u.aStride;`),
    load: (t) =>
      unroll(loads, (i) => {
        const name = `x${t}_${i}`;
        return `let ${name}_0 = a[a${i} + k + ${t}u]; ${unroll(lanes, (by) => swapped(name, by), ' ')}`;
      }),
    values: (r, t) => `x${t}_${Math.floor(r / lanes)}_${r % lanes}`,
    groups,
    index: (place) => rowOf(`group * ${loads / groups}u + ${Math.floor(place / lanes)}u`, place % lanes),
  };
}

/** tn: a quad of rows for every step of k. Row r is component r / (rows / 4) of what is left as load and swap. */
function loadsAcrossK({ swaps, rows, ragged }: RegisterTile): RowLoads {
  const lanes = swaps ? 4 : 1;
  const quadsOfRows = rows / 4;
  const quadOf = (place: number) => {
    const load = Math.floor(place / lanes);
    return swaps ? `row / 4u + ${4 * load}u + ${neighbour(place % lanes)}` : `row / 4u + ${load}u`;
  };
  const value = (i: number, t: number, step: number) => {
    const read = `a[a${i} + r${t}_${step} * u.aStride]`;
    return ragged ? `select(vec4f(), ${read}, live${t}_${step})` : read;
  };
  return {
    start: unroll(
      quadsOfRows / lanes,
      (i) => `let a${i} = u.aOffset + min(${quadOf(i * lanes)}, (u.m + 3u) / 4u - 1u);`,
    ),
    load: (t) =>
      unroll(quadsOfRows / lanes, (i) =>
        unroll(4, (step) => {
          const name = `x${t}_${i}_${step}`;
          return `let ${name}_0 = ${value(i, t, step)}; ${unroll(lanes, (by) => swapped(name, by), ' ')}`;
        }),
      ),
    values: (r, t) => {
      const [component, place] = [Math.floor(r / quadsOfRows), r % quadsOfRows];
      const name = (step: number) => `x${t}_${Math.floor(place / lanes)}_${step}_${place % lanes}`;
      return `vec4f(${unroll(4, (step) => `${name(step)}.${'xyzw'[component]!}`, ', ')})`;
    },
    groups: 4,
    index: (place) => `(${quadOf(place)}) * 4u + group`,
  };
}

/** B's side: for every quad of columns four quads, by steps of k (nn, tn) or by columns (nt). */
function loadsOfB(layout: Layout, { quads, ragged }: RegisterTile) {
  if (layout === 'nt') {
    const row = (j: number, q: number) => `min(column${j} * 4u + ${q}u, u.n - 1u)`;
    return {
      start: unroll(quads, (j) => unroll(4, (q) => `let b${j}_${q} = u.bOffset + ${row(j, q)} * u.bStride;`)),
      load: (t: number) =>
        unroll(quads, (j) => unroll(4, (q) => `let y${t}_${j}_${q} = readB(b${j}_${q} + k + ${t}u);`)),
    };
  }
  const value = (t: number, j: number, q: number) => {
    const read = `readB(b${j} + r${t}_${q} * u.bStride)`;
    // Only tn: of nn's A the padding holds zeros.
    return ragged && layout === 'tn' ? `select(vec4f(), ${read}, live${t}_${q})` : read;
  };
  return {
    start: unroll(quads, (j) => `let b${j} = u.bOffset + min(column${j}, (u.n + 3u) / 4u - 1u);`),
    load: (t: number) => unroll(quads, (j) => unroll(4, (q) => `let y${t}_${j}_${q} = ${value(t, j, q)};`)),
  };
}

/** Names of the steps of k of a block; past the end they repeat the last one. */
const stepsOf = (layout: Layout, { ragged }: RegisterTile, t: number) =>
  layout === 'nt'
    ? ''
    : unroll(4, (q) => {
        const step = `((k + ${t}u) * 4u + ${q}u)`;
        const row = `let r${t}_${q} = ${ragged ? `min(${step}, u.k - 1u)` : step};`;
        return ragged && layout === 'tn' ? `${row} let live${t}_${q} = ${step} < u.k;` : row;
      });

/** Stores the sums, group after group: one group's text in a loop compiles four times as fast as all of it. */
function storeLoop({ rows, quads }: RegisterTile, { groups, index }: RowLoads): string {
  const size = rows / groups;
  const each = (count: number, line: (r: number, j: number) => string) =>
    unroll(count, (r) => unroll(quads, (j) => line(r, j)));
  return `for (var group = 0u; group < ${groups}u; group++) {
    ${each(size, (r, j) => `store(${index(r)}, column${j}, s${r}_${j});`)}
    ${each(rows - size, (r, j) => `s${r}_${j} = s${r + size}_${j};`)}
  }`;
}

const registerKernel = kernelFamily<Parameters, MatmulBuffer, MatmulScalar>(
  'MatmulRegister',
  ({ tile, ...p }) => {
    const { swaps, rows, quads, blocks } = tile;
    const { layout } = p;
    const a = layout === 'tn' ? loadsAcrossK(tile) : loadsAlongK(tile);
    const b = loadsOfB(layout, tile);
    const column = (j: number) =>
      swaps ? `wid.x * ${4 * quads}u + ${4 * j}u + sid` : `gid.x * ${quads}u + ${j}u`;
    const matrix = (t: number, j: number) => `mat4x4f(${unroll(4, (q) => `y${t}_${j}_${q}`, ', ')})`;
    const add = (r: number, t: number, j: number) => {
      const [x, y, s] = [a.values(r, t), `m${t}_${j}`, `s${r}_${j}`];
      return `${s} = ${layout === 'nt' ? `${x} * ${y}` : `${y} * ${x}`} + ${s};`;
    };
    const addSums = (t: number, j: number) =>
      p.columnSums ? `sums${j} += ${unroll(4, (q) => `y${t}_${j}_${q}`, ' + ')};` : '';
    // The bias is where the sums begin: added at the end it would be loaded once for every row.
    const begin = (j: number) => (p.bias ? `bias[min(column${j}, (u.n + 3u) / 4u - 1u)]` : 'vec4f()');
    return {
      ...interfaceOf(p),
      workgroupSize: swaps ? [4] : [THREADS, THREADS],
      enables: swaps ? ['subgroups'] : [],
      helpers: readFunction(p) + storeFunctions({ ...p, bias: false }),
      main: `
    let row = ${swaps ? 'wid.y' : 'gid.y'} * ${rows}u;
    ${unroll(quads, (j) => `let column${j} = ${column(j)}; let begin${j} = ${begin(j)};`)}
    ${a.start} ${b.start}
    ${unroll(rows, (r) => unroll(quads, (j) => `var s${r}_${j} = begin${j};`, ' '))}
    ${p.columnSums ? unroll(quads, (j) => `var sums${j} = vec4f();`) : ''}
    for (var k = 0u; k < (u.k + 3u) / 4u; k += ${blocks}u) {
      ${unroll(blocks, (t) => `${stepsOf(layout, tile, t)} ${a.load(t)} ${b.load(t)}`)}
      ${unroll(blocks, (t) => unroll(quads, (j) => `let m${t}_${j} = ${matrix(t, j)}; ${addSums(t, j)}`))}
      ${unroll(rows, (r) => unroll(quads, (j) => unroll(blocks, (t) => add(r, t, j))))}
    }
    ${storeLoop(tile, a)}
    ${p.columnSums ? `if (row == 0u) { ${unroll(quads, (j) => `storeSums(column${j}, sums${j});`)} }` : ''}`,
    };
  },
);

/** Few rows take smaller tiles: a tile costs the same however many of its rows exist. */
function tileOf(layout: Layout, { m, k }: { m: number; k: number }, swaps: boolean): RegisterTile {
  const ragged = k % 4 !== 0;
  if (!swaps) return { swaps, rows: 8, quads: layout === 'nt' ? 1 : 2, blocks: 1, ragged };
  const rows = m <= 4 && layout !== 'tn' ? 4 : m <= 16 ? 16 : 32;
  // Two blocks are a tenth faster, and take twice as long to compile.
  return { swaps, rows, quads: 2, blocks: m >= 128 && Math.ceil(k / 4) % 2 === 0 ? 2 : 1, ragged };
}

/** The form for a product of these sizes; `swaps` needs a device with subgroups. */
export function registerForm(
  p: MatmulParameters,
  size: { m: number; k: number },
  swaps = webgpuBackend().device.features.has('subgroups'),
): MatmulForm {
  const tile = tileOf(p.layout, size, swaps);
  return {
    kernel: registerKernel({ ...p, tile }),
    width: tile.quads * 4 * (swaps ? 4 : THREADS),
    height: tile.rows * (swaps ? 1 : THREADS),
  };
}
