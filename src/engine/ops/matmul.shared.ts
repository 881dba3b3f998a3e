/**
 * The matrix product for real GPUs: 64 x 64 outputs a workgroup, 4 x 4 a thread, A and B through workgroup memory
 * 16 deep.
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

const TILE = 64;
const DEPTH = 16;

const read = (source: string, at: string) => (source === 'b' ? `readB(${at})` : `${source}[${at}]`);

/** Loads a tile whose rows run along k: thread `li` takes quad li % 4 of row li / 4 and stores it transposed. */
const loadAlongDepth = (tile: string, source: string, first: string, rows: string) => `{
  let r = li / 4u;
  let q = li % 4u;
  var v = vec4f(0.0);
  if (${first} + r < ${rows} && k0 + q * 4u < u.k) {
    v = ${read(source, `u.${source}Offset + (${first} + r) * u.${source}Stride + k0 / 4u + q`)};
  }
  ${unroll(4, (e) => `${tile}[(q * 4u + ${e}u) * 16u + r / 4u][r % 4u] = v.${'xyzw'[e]};`)}
}`;

/** Loads a tile whose rows run across k: thread `li` takes quad li % 16 of row li / 16. */
const loadAcrossDepth = (tile: string, source: string, first: string, columns: string) => `{
  let r = li / 16u;
  let q = li % 16u;
  var v = vec4f(0.0);
  if (k0 + r < u.k && ${first} + q * 4u < ${columns}) {
    v = ${read(source, `u.${source}Offset + (k0 + r) * u.${source}Stride + ${first} / 4u + q`)};
  }
  ${tile}[r * 16u + q] = v;
}`;

const sharedKernel = kernelFamily<MatmulParameters, MatmulBuffer, MatmulScalar>('MatmulShared', (p) => ({
  ...interfaceOf(p),
  workgroupSize: [16, 16],
  helpers: `${readFunction(p)} ${storeFunctions(p)}
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

export const sharedForm: MatmulForm = { kernel: sharedKernel, width: TILE, height: TILE };
