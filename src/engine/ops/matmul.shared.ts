/**
 * The matrix product for real GPUs, through workgroup memory (`matmul.tile.ts`): in one pass, or split along k where
 * a product has too few tiles to keep a GPU busy. Then every part leaves its sums in a buffer and a second pass adds
 * them in a fixed order, so that results do not vary from run to run, as they would with atomics.
 */
import { kernelFamily, type Element } from '../kernel';
import {
  epilogueOf,
  interfaceOf,
  MATMUL_SCALARS,
  readFunction,
  storeFunctions,
  type Layout,
  type MatmulBuffer,
  type MatmulParameters,
  type MatmulScalar,
} from './matmul.interface';
import { threadsOf, tileLoop, tileMemory, type Tile } from './matmul.tile';

const extensions = ({ half }: Tile) => (half ? (['f16'] as const) : []);

/** One pass. Grid: [ceil(n / tile.n), ceil(m / tile.m)]. */
export const sharedKernel = kernelFamily<MatmulParameters & { tile: Tile }, MatmulBuffer, MatmulScalar>(
  'MatmulShared',
  ({ tile, ...p }) => {
    const loop = tileLoop(tile, p.layout, p.columnSums);
    return {
      ...interfaceOf(p),
      enables: extensions(tile),
      workgroupSize: threadsOf(tile),
      helpers: `${readFunction(p)} ${storeFunctions(p)} ${tileMemory(tile, p.layout)}`,
      main: `let start = 0u; let end = u.k;
  ${loop.body}
  ${loop.outputs((row, column, value) => `store(${row}, ${column}, ${value});`)}
  ${loop.sums((column, value) => `storeSums(${column}, ${value});`)}`,
    };
  },
);

type SplitParameters = { layout: Layout; packed: boolean; columnSums: boolean; tile: Tile };
type SplitBuffer = 'partial' | 'partialSums' | 'a' | 'b';

const withSums = (columnSums: boolean): Partial<Record<'partial' | 'partialSums', Element>> => ({
  partial: 'vec4f',
  ...(columnSums ? { partialSums: 'vec4f' } : {}),
});

/**
 * First pass: part `wid.z` of k, `chunk` long, a multiple of the tile's depth. partial [splits, m, ceil(n / 4)] quads,
 * partialSums [splits, ceil(n / 4)]. Grid: [ceil(n / tile.n), ceil(m / tile.m), splits].
 */
export const splitKernel = kernelFamily<SplitParameters, SplitBuffer, MatmulScalar | 'chunk'>(
  'MatmulSplit',
  (p) => {
    const loop = tileLoop(p.tile, p.layout, p.columnSums);
    return {
      write: withSums(p.columnSums),
      read: { a: 'vec4f', b: p.packed ? 'vec2u' : 'vec4f' },
      scalars: { ...MATMUL_SCALARS, chunk: 'u32' },
      enables: extensions(p.tile),
      workgroupSize: threadsOf(p.tile),
      helpers: `${readFunction(p)} ${tileMemory(p.tile, p.layout)}`,
      main: `let start = wid.z * u.chunk; let end = min(u.k, start + u.chunk);
  let quads = (u.n + 3u) / 4u;
  ${loop.body}
  ${loop.outputs(
    (row, column, value) => `if (${row} < u.m && ${column} < quads) {
    partial[(wid.z * u.m + ${row}) * quads + ${column}] = ${value};
  }`,
  )}
  ${loop.sums((column, value) => `if (${column} < quads) { partialSums[wid.z * quads + ${column}] = ${value}; }`)}`,
    };
  },
);

const SUM_THREADS = 64;
type SumBuffer = Exclude<MatmulBuffer, 'a' | 'b'> | 'partial' | 'partialSums';

/** Second pass: adds the parts of a quad of C and stores it. Grid: [ceil(n / 4 / 64), m]. */
export const sumKernel = kernelFamily<MatmulParameters, SumBuffer, MatmulScalar | 'splits'>(
  'MatmulSum',
  (p) => {
    const { write, read } = epilogueOf(p);
    return {
      write,
      read: { ...withSums(p.columnSums), ...read },
      scalars: { ...MATMUL_SCALARS, splits: 'u32' },
      workgroupSize: [SUM_THREADS],
      helpers: storeFunctions(p),
      main: `let quads = (u.n + 3u) / 4u;
  let column = gid.x;
  let row = gid.y;
  if (column >= quads) { return; }
  var sum = vec4f();
  for (var part = 0u; part < u.splits; part++) { sum += partial[(part * u.m + row) * quads + column]; }
  store(row, column, sum);
  ${
    p.columnSums
      ? `if (row == 0u) {
    var sums = vec4f();
    for (var part = 0u; part < u.splits; part++) { sums += partialSums[part * quads + column]; }
    storeSums(column, sums);
  }`
      : ''
  }`,
    };
  },
);

export const sumGrid = (m: number, n: number): [number, number] => [Math.ceil(n / 4 / SUM_THREADS), m];
