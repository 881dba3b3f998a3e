/**
 * The loop of the matrix product through workgroup memory, as WGSL. A workgroup computes a tile of C, a thread
 * `rows` x `columns` outputs of it, as an outer product a step of k: both operands lie in workgroup memory with k
 * slowest, whatever their layout, so that a thread reads whole quads and neighbouring threads neighbouring quads.
 */
import { unroll } from '../wgsl';
import type { Layout } from './matmul.interface';

export interface Tile {
  /** Rows, columns and depth of the tile; multiples of 4. */
  m: number;
  n: number;
  k: number;
  /** Outputs of a thread; multiples of 4 that divide m and n. */
  rows: number;
  columns: number;
  /** Two: the next tile is fetched while this one is used, in twice the memory with half the barriers. */
  stages: 1 | 2;
  /** Tiles in float16 (`shader-f16`): half the memory and traffic. Products and sums stay float32. */
  half: boolean;
}

interface Operand {
  /** `a` or `b`, which names its scalars. */
  name: 'a' | 'b';
  memory: 'tileA' | 'tileB';
  /** Rows (of A) or columns (of B) in the tile, and the number there are of them. */
  width: number;
  count: 'u.m' | 'u.n';
  first: 'm0' | 'n0';
  /** Its rows run along k in memory, so that a block of 4 x 4 is turned on the way. */
  alongDepth: boolean;
}

const operandsOf = (tile: Tile, layout: Layout): [Operand, Operand] => [
  { name: 'a', memory: 'tileA', width: tile.m, count: 'u.m', first: 'm0', alongDepth: layout !== 'tn' },
  { name: 'b', memory: 'tileB', width: tile.n, count: 'u.n', first: 'n0', alongDepth: layout === 'nt' },
];

/** Quads from one step of k to the next; the odd one keeps turned blocks off each other's memory banks. */
const pitch = ({ width, alongDepth }: Operand) => width / 4 + (alongDepth ? 1 : 0);
const size = (operand: Operand, { k }: Tile) => k * pitch(operand);

export const threadsOf = ({ m, n, rows, columns }: Tile): [number, number] => [n / columns, m / rows];

/** Bytes of workgroup memory that a tile needs. */
export const tileBytes = (tile: Tile, layout: Layout): number =>
  operandsOf(tile, layout).reduce((bytes, operand) => bytes + size(operand, tile), 0) *
  tile.stages *
  (tile.half ? 8 : 16);

const read = ({ name }: Operand, at: string) => (name === 'b' ? `readB(${at})` : `a[${at}]`);

/** Fetches this thread's share of the tile at depth `k0` into registers, zero past the end of k. */
function fetch(operand: Operand, tile: Tile, threads: number): string {
  const { name, width, count, first, alongDepth } = operand;
  const across = alongDepth ? tile.k / 4 : width / 4;
  const pieces = (alongDepth ? width / 4 : tile.k) * across;
  return unroll(Math.ceil(pieces / threads), (i) => {
    const at = `e${i}`;
    const piece = `let ${at} = li + ${i * threads}u;`;
    const inTile = pieces % threads === 0 ? '' : `${at} < ${pieces}u && `;
    // Rows and columns beyond the edge repeat the last ones; their sums are not stored.
    if (!alongDepth) {
      const column = `min(${first} / 4u + ${at} % ${across}u, (${count} + 3u) / 4u - 1u)`;
      return `{ ${piece} let d = k0 + ${at} / ${across}u;
      ${name}${i} = vec4f();
      if (${inTile}d < u.k) { ${name}${i} = ${read(operand, `u.${name}Offset + d * u.${name}Stride + ${column}`)}; } }`;
    }
    const row = (q: number) => `min(${first} + ${at} / ${across}u * 4u + ${q}u, ${count} - 1u)`;
    return `{ ${piece} let d = k0 + ${at} % ${across}u * 4u;
      ${unroll(4, (q) => `${name}${i}_${q} = vec4f();`, ' ')}
      if (${inTile}d < u.k) {
        ${unroll(4, (q) => `${name}${i}_${q} = ${read(operand, `u.${name}Offset + ${row(q)} * u.${name}Stride + d / 4u`)};`)}
      } }`;
  });
}

/** The registers that `fetch` fills. */
function registers({ name, width, alongDepth }: Operand, tile: Tile, threads: number): string {
  const pieces = alongDepth ? (width / 4) * (tile.k / 4) : tile.k * (width / 4);
  return unroll(Math.ceil(pieces / threads), (i) =>
    alongDepth ? unroll(4, (q) => `var ${name}${i}_${q}: vec4f;`, ' ') : `var ${name}${i}: vec4f;`,
  );
}

/** Puts the fetched registers into workgroup memory, from quad `start` on. */
function stash(operand: Operand, tile: Tile, threads: number, start: string): string {
  const { name, memory, width, alongDepth } = operand;
  const across = alongDepth ? tile.k / 4 : width / 4;
  const pieces = (alongDepth ? width / 4 : tile.k) * across;
  const kept = (value: string) => (tile.half ? `vec4<f16>(${value})` : value);
  return unroll(Math.ceil(pieces / threads), (i) => {
    const e = `(li + ${i * threads}u)`;
    const body = alongDepth
      ? unroll(4, (q) => {
          const turned = unroll(4, (r) => `${name}${i}_${r}.${'xyzw'[q]}`, ', ');
          return `${memory}[${start} + (${e} % ${across}u * 4u + ${q}u) * ${pitch(operand)}u + ${e} / ${across}u] = ${kept(`vec4f(${turned})`)};`;
        })
      : `${memory}[${start} + ${e} / ${across}u * ${pitch(operand)}u + ${e} % ${across}u] = ${kept(`${name}${i}`)};`;
    return pieces % threads === 0 ? body : `if (${e} < ${pieces}u) { ${body} }`;
  });
}

/** Declarations above the entry point. */
export function tileMemory(tile: Tile, layout: Layout): string {
  return operandsOf(tile, layout)
    .map(
      (operand) =>
        `var<workgroup> ${operand.memory}: array<${tile.half ? 'vec4<f16>' : 'vec4f'}, ${size(operand, tile) * tile.stages}>;`,
    )
    .join('\n');
}

export interface TileLoop {
  /** Statements from the first to the last k in [`start`, `end`) that leave the sums in `s<row>_<quad>`. */
  body: string;
  /** Statements for every output quad of a thread: `line(row, column quad, value)`. */
  outputs(line: (row: string, column: string, value: string) => string): string;
  /** Statements for every column quad of the threads of the first rows: the sums of B's columns. */
  sums(line: (column: string, value: string) => string): string;
}

/** `columnSums` adds up B's columns on the way. Declares `m0`, `n0`; needs `start` and `end`, multiples of the depth. */
export function tileLoop(tile: Tile, layout: Layout, columnSums: boolean): TileLoop {
  const [x, y] = threadsOf(tile);
  const operands = operandsOf(tile, layout);
  const [a, b] = operands;
  const [rowQuads, columnQuads] = [tile.rows / 4, tile.columns / 4];
  const each = (text: (operand: Operand) => string) => operands.map(text).join('\n');
  const fetchBoth = each((operand) => fetch(operand, tile, x * y));
  const stashBoth = (stage: string) =>
    each((operand) =>
      stash(operand, tile, x * y, tile.stages === 2 ? `${stage} * ${size(operand, tile)}u` : '0u'),
    );
  const wide = (value: string) => (tile.half ? `vec4f(${value})` : value);
  const from = (operand: Operand, place: string) =>
    wide(
      `${operand.memory}[${tile.stages === 2 ? `stage * ${size(operand, tile)}u + ` : ''}k * ${pitch(operand)}u + ${place}]`,
    );
  const multiply = `for (var k = 0u; k < ${tile.k}u; k++) {
      ${unroll(rowQuads, (i) => `let x${i} = ${from(a, `lid.y + ${i * y}u`)};`)}
      ${unroll(columnQuads, (j) => `let y${j} = ${from(b, `lid.x + ${j * x}u`)};`)}
      ${unroll(tile.rows, (i) => unroll(columnQuads, (j) => `s${i}_${j} += x${i >> 2}.${'xyzw'[i & 3]} * y${j};`, ' '))}
      ${columnSums ? unroll(columnQuads, (j) => `sum${j} += y${j};`) : ''}
    }`;
  const loop =
    tile.stages === 1
      ? `for (var k0 = start; k0 < end; k0 += ${tile.k}u) {
    ${fetchBoth}
    ${stashBoth('')}
    workgroupBarrier();
    ${multiply}
    workgroupBarrier();
  }`
      : `var k0 = start;
  ${fetchBoth}
  ${stashBoth('0u')}
  workgroupBarrier();
  var stage = 0u;
  while (k0 < end) {
    k0 += ${tile.k}u;
    ${fetchBoth}
    ${multiply}
    stage = 1u - stage;
    ${stashBoth('stage')}
    workgroupBarrier();
  }`;
  return {
    body: `
  let m0 = wid.y * ${tile.m}u;
  let n0 = wid.x * ${tile.n}u;
  ${unroll(tile.rows, (i) => unroll(columnQuads, (j) => `var s${i}_${j} = vec4f();`, ' '))}
  ${columnSums ? unroll(columnQuads, (j) => `var sum${j} = vec4f();`) : ''}
  ${each((operand) => registers(operand, tile, x * y))}
  ${loop}`,
    outputs: (line) =>
      unroll(tile.rows, (i) =>
        unroll(columnQuads, (j) =>
          line(
            `m0 + (lid.y + ${(i >> 2) * y}u) * 4u + ${i & 3}u`,
            `n0 / 4u + lid.x + ${j * x}u`,
            `s${i}_${j}`,
          ),
        ),
      ),
    sums: (line) =>
      columnSums
        ? `if (wid.y == 0u && lid.y == 0u) {
    ${unroll(columnQuads, (j) => line(`n0 / 4u + lid.x + ${j * x}u`, `sum${j}`))}
  }`
        : '',
  };
}
