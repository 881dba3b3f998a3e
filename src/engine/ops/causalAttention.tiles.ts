/**
 * Flash attention through workgroup memory, for real GPUs: 64 threads own 64 / LANES rows, and walk over the
 * other side in tiles that they load together. Where a head is too large for one thread's registers, LANES
 * threads share a row, each holding a slice of the head, and exchange their partial dot products.
 * Formulas in `causalAttention.ts`, buffers as in `causalAttention.rows.ts`.
 */
import { kernelFamily } from '../kernel';
import { unroll } from '../wgsl';
import { maskText, place, type AttentionKernels, type AttentionShape } from './causalAttention.wgsl';

const THREADS = 64;
// vec4 values of one tensor's row that a thread holds. Forward keeps two such tensors (q, y), backward three
// or four, so that 128 registers suffice in each; 255 is what current GPUs give before they spill.
const FORWARD_QUADS = 16;
const BACKWARD_QUADS = 8;
// Every device offers 16 KiB: two tiles (k and v, or q and dy) take at most 8, the exchange at most 4.
const TILE_QUADS = 256;
const FORWARD_TILE = 16;
const BACKWARD_TILE = 8;

interface Layout {
  lanes: number;
  /** vec4 values a lane holds; lanes * own may exceed quads, the rest is zero. */
  own: number;
  /** Rows of the other side in a tile. */
  tile: number;
  rows: number;
}

/** How 64 threads share rows and head when a thread may hold `limit` vec4 values of a row. */
function layoutOf(quads: number, limit: number, longest: number): Layout {
  let lanes = 1;
  while (Math.ceil(quads / lanes) > limit) lanes *= 2;
  const own = Math.ceil(quads / lanes);
  const tile = Math.max(1, Math.min(longest, Math.floor(TILE_QUADS / (lanes * own))));
  return { lanes, own, tile, rows: THREADS / lanes };
}

/** Declares this thread's row t (clamped; `inside` tells) and slice of the head, and the tile memory. */
const ownRow = ({ lanes, own, rows }: Layout): string => `
  let first = wid.x * ${rows}u;
  let inside = first + li / ${lanes}u < u.length;
  let t = min(first + li / ${lanes}u, u.length - 1u);
  let slice = (li % ${lanes}u) * ${own}u;`;

/** Workgroup memory: two tiles, and partial dot products of `kind` where lanes share a row. */
const memory = ({ lanes, own, tile }: Layout, kind: 'f32' | 'vec2f'): string => `
var<workgroup> tileA: array<vec4f, ${tile * lanes * own}>;
var<workgroup> tileB: array<vec4f, ${tile * lanes * own}>;
var<workgroup> partial: array<${kind}, ${THREADS * tile}>;`;

/** Loads rows j.. of the two tensors a(row), b(row) (first vec4 of the head) and waits; zero past the head. */
function loadTiles({ lanes, own, tile }: Layout, quads: number, a: string, b: string): string {
  const width = lanes * own;
  return `
    for (var e = li; e < ${tile * width}u; e += ${THREADS}u) {
      let row = min(j + e / ${width}u, u.length - 1u);
      let i = min(e % ${width}u, ${quads - 1}u);
      let inHead = e % ${width}u < ${quads}u;
      tileA[e] = select(vec4f(), ${a} , inHead);
      tileB[e] = select(vec4f(), ${b} , inHead);
    }
    workgroupBarrier();`;
}

/** Reads `from` (an expression in `i`) for this thread's slice, zero past the head. */
const held = (name: string, { own, lanes }: Layout, quads: number, from: string): string =>
  unroll(own, (n) =>
    lanes * own === quads
      ? `let ${name}${n} = ${from.replaceAll('@', `slice + ${n}u`)};`
      : `let ${name}${n} = select(vec4f(), ${from.replaceAll('@', `min(slice + ${n}u, ${quads - 1}u)`)}, slice + ${n}u < ${quads}u);`,
  );

/** Stores `value(n)` to `to` (an expression in @) for this thread's slice. */
const store = ({ own }: Layout, quads: number, to: string, value: (n: number) => string): string =>
  unroll(
    own,
    (n) => `if (slice + ${n}u < ${quads}u) { ${to.replaceAll('@', `slice + ${n}u`)} = ${value(n)}; }`,
  );

/** The sum over the lanes of this row of what they left in `partial` for row k of the tile. */
const gathered = ({ lanes }: Layout): string =>
  unroll(lanes, (n) => `partial[k * ${THREADS}u + li / ${lanes}u * ${lanes}u + ${n}u]`, ' + ');

const forward = kernelFamily('AttentionForwardTiles', (shape: AttentionShape) => {
  const { quads, causal } = shape;
  const mask = maskText(shape);
  const layout = layoutOf(quads, FORWARD_QUADS, FORWARD_TILE);
  const { lanes, own, tile, rows } = layout;
  const at = `k * ${lanes * own}u + slice`;
  const visible = causal ? 'j + k <= t' : 'j + k < u.length';
  return {
    write: { y: 'vec4f', logSum: 'f32' },
    read: { qkv: 'vec4f', ...mask.read },
    scalars: mask.scalars,
    workgroupSize: [THREADS],
    helpers: memory(layout, 'f32') + mask.helpers,
    main: `${place(quads)} ${ownRow(layout)} ${mask.key}
  ${held('q', layout, quads, 'qkv[base + t * stride + @] * u.scale')}
  ${unroll(own, (n) => `var o${n} = vec4f();`)}
  var m = -1e30;
  var l = 0.0;
  let end = ${causal ? `min(first + ${rows}u, u.length)` : 'u.length'};
  for (var j = 0u; j < end; j += ${tile}u) {
    ${loadTiles(layout, quads, 'qkv[base + row * stride + width + i]', 'qkv[base + row * stride + 2u * width + i]')}
    for (var k = 0u; k < ${tile}u; k++) {
      partial[k * ${THREADS}u + li] = ${unroll(own, (n) => `dot(q${n}, tileA[${at} + ${n}u])`, ' + ')};
    }
    ${lanes > 1 ? 'workgroupBarrier();' : ''}
    var n = m;
    for (var k = 0u; k < ${tile}u; k++) { if (${visible}) { n = max(n, ${gathered(layout)}); } }
    let c = exp(m - n);
    m = n;
    l *= c;
    ${unroll(own, (n) => `o${n} *= c;`)}
    for (var k = 0u; k < ${tile}u; k++) {
      if (${visible}) {
        let p = exp(${gathered(layout)} - n);
        l += p;
        ${mask.declare('keep', 't', '(j + k)')}
        ${unroll(own, (n) => `o${n} += ${mask.times('p', 'keep')} * tileB[${at} + ${n}u];`)}
      }
    }
    workgroupBarrier();
  }
  if (inside) {
    let out = (batch * u.length + t) * width + head * ${quads}u;
    ${store(layout, quads, 'y[out + @]', (n) => `o${n} / l`)}
    if (slice == 0u) { logSum[lane + t] = m + log(l); }
  }`,
  };
});

/** Statements for a tile's partial (score, dp) pairs; then `pair` is their sum over the lanes for row k. */
function pairs(layout: Layout, own: string, other: string) {
  const { lanes, tile, own: count } = layout;
  const at = `k * ${lanes * count}u + slice`;
  const sum = `vec2f(${unroll(count, (n) => `dot(${own}${n}, tileA[${at} + ${n}u])`, ' + ')},
      ${unroll(count, (n) => `dot(${other}${n}, tileB[${at} + ${n}u])`, ' + ')})`;
  return {
    exchange:
      lanes > 1
        ? `for (var k = 0u; k < ${tile}u; k++) { partial[k * ${THREADS}u + li] = ${sum}; } workgroupBarrier();`
        : '',
    pair: lanes > 1 ? gathered(layout) : sum,
    at,
  };
}

const backwardQueries = kernelFamily('AttentionBackwardQueriesTiles', (shape: AttentionShape) => {
  const { quads, causal } = shape;
  const mask = maskText(shape);
  const layout = layoutOf(quads, BACKWARD_QUADS, BACKWARD_TILE);
  const { lanes, own, tile, rows } = layout;
  const { exchange, pair, at } = pairs(layout, 'q', 'd');
  return {
    write: { dQkv: 'vec4f', delta: 'f32' },
    read: { qkv: 'vec4f', y: 'vec4f', dy: 'vec4f', logSum: 'f32', ...mask.read },
    scalars: mask.scalars,
    workgroupSize: [THREADS],
    helpers: `${memory(layout, 'vec2f')} ${lanes > 1 ? `var<workgroup> rowDelta: array<f32, ${THREADS}>;` : ''} ${mask.helpers}`,
    main: `${place(quads)} ${ownRow(layout)} ${mask.key}
  let query = base + t * stride;
  let out = (batch * u.length + t) * width + head * ${quads}u;
  ${held('q', layout, quads, 'qkv[query + @] * u.scale')}
  ${held('d', layout, quads, 'dy[out + @]')}
  ${held('y', layout, quads, 'y[out + @]')}
  ${unroll(own, (n) => `var a${n} = vec4f();`)}
  var rowSum = ${unroll(own, (n) => `dot(d${n}, y${n})`, ' + ')};
  ${
    lanes > 1
      ? `rowDelta[li] = rowSum; workgroupBarrier();
  rowSum = ${unroll(lanes, (n) => `rowDelta[li / ${lanes}u * ${lanes}u + ${n}u]`, ' + ')};`
      : ''
  }
  let logP = logSum[lane + t];
  let end = ${causal ? `min(first + ${rows}u, u.length)` : 'u.length'};
  for (var j = 0u; j < end; j += ${tile}u) {
    ${loadTiles(layout, quads, 'qkv[base + row * stride + width + i]', 'qkv[base + row * stride + 2u * width + i]')}
    ${exchange}
    for (var k = 0u; k < ${tile}u; k++) {
      if (${causal ? 'j + k <= t' : 'j + k < u.length'}) {
        let pair = ${pair};
        ${mask.declare('keep', 't', '(j + k)')}
        let ds = exp(pair.x - logP) * (${mask.times('pair.y', 'keep')} - rowSum);
        ${unroll(own, (n) => `a${n} += ds * tileA[${at} + ${n}u];`)}
      }
    }
    workgroupBarrier();
  }
  if (inside) {
    ${store(layout, quads, 'dQkv[query + @]', (n) => `a${n} * u.scale`)}
    if (slice == 0u) { delta[lane + t] = rowSum; }
  }`,
  };
});

const backwardKeys = kernelFamily('AttentionBackwardKeysTiles', (shape: AttentionShape) => {
  const { quads, causal } = shape;
  const mask = maskText(shape);
  const layout = layoutOf(quads, BACKWARD_QUADS, BACKWARD_TILE);
  const { own, tile } = layout;
  const { exchange, pair, at } = pairs(layout, 'k', 'v');
  return {
    write: { dQkv: 'vec4f' },
    read: { delta: 'f32', qkv: 'vec4f', dy: 'vec4f', logSum: 'f32', ...mask.read },
    scalars: mask.scalars,
    workgroupSize: [THREADS],
    helpers: `${memory(layout, 'vec2f')} var<workgroup> rowLog: array<vec2f, ${tile}>; ${mask.helpers}`,
    main: `${place(quads)} ${ownRow(layout)} ${mask.key}
  let key = base + t * stride + width;
  ${held('k', layout, quads, 'qkv[key + @] * u.scale')}
  ${held('v', layout, quads, 'qkv[key + width + @]')}
  ${unroll(own, (n) => `var dk${n} = vec4f(); var dv${n} = vec4f();`)}
  for (var j = ${causal ? 'first' : '0u'}; j < u.length; j += ${tile}u) {
    if (li < ${tile}u) {
      let row = lane + min(j + li, u.length - 1u);
      rowLog[li] = vec2f(logSum[row], delta[row]);
    }
    ${loadTiles(layout, quads, 'qkv[base + row * stride + i]', `dy[(batch * u.length + row) * width + head * ${quads}u + i]`)}
    ${exchange}
    for (var k = 0u; k < ${tile}u; k++) {
      if (j + k < u.length${causal ? ' && t <= j + k' : ''}) {
        let pair = ${pair};
        let p = exp(pair.x - rowLog[k].x);
        ${mask.declare('keep', '(j + k)', 't')}
        let ds = p * (${mask.times('pair.y', 'keep')} - rowLog[k].y);
        ${unroll(own, (n) => `dk${n} += ds * tileA[${at} + ${n}u]; dv${n} += ${mask.times('p', 'keep')} * tileB[${at} + ${n}u];`)}
      }
    }
    workgroupBarrier();
  }
  if (inside) {
    ${store(layout, quads, 'dQkv[key + @]', (n) => `dk${n} * u.scale`)}
    ${store(layout, quads, 'dQkv[key + width + @]', (n) => `dv${n}`)}
  }`,
  };
});

export const tileKernels: AttentionKernels = {
  forward,
  backwardQueries,
  backwardKeys,
  rowsPerGroup: (quads) => ({
    forward: layoutOf(quads, FORWARD_QUADS, FORWARD_TILE).rows,
    backward: layoutOf(quads, BACKWARD_QUADS, BACKWARD_TILE).rows,
  }),
};
