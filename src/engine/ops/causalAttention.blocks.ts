/**
 * Flash attention in blocks, for real GPUs: a workgroup owns `own` rows and walks over the other side `others` rows at
 * a time. A thread computes 4 x 4 scores as an outer product, 16 steps of the head at a time through workgroup
 * memory with the head's dimension slowest; then the scores, in workgroup memory too, weigh the other side's rows,
 * of which a thread sums 4 rows by every `others / 4`th quad. Formulas in `causalAttention.ts`, buffers as in
 * `causalAttention.rows.ts`.
 */
import { kernelFamily } from '../kernel';
import { unroll } from '../wgsl';
import { maskText, place, type AttentionKernels, type AttentionShape } from './causalAttention.wgsl';

export interface Blocks {
  /** Rows of a workgroup; a multiple of 4. */
  own: number;
  /** Rows of the other side at a time; a power of two from 4 on. */
  others: number;
}
type Shape = AttentionShape & Blocks;

/** Steps of the head's dimension in workgroup memory. */
const DEPTH = 16;
/** Where the rows of a tensor lie: WGSL of a quad. */
type Source = (row: string, quad: string) => string;

const query: Source = (row, quad) => `qkv[base + ${row} * stride + ${quad}]`;
const key: Source = (row, quad) => `qkv[base + width + ${row} * stride + ${quad}]`;
const value: Source = (row, quad) => `qkv[base + 2u * width + ${row} * stride + ${quad}]`;
const upstream: Source = (row, quad) => `dy[out + ${row} * width + ${quad}]`;
const output: Source = (row, quad) => `y[out + ${row} * width + ${quad}]`;

/** The parts that the three kernels are made of. `lid.x` counts others, `lid.y` own rows, both in fours. */
function parts({ quads, own, others, causal, ...rest }: Shape) {
  const [x, y] = [others / 4, own / 4];
  const threads = x * y;
  const [ownPitch, otherPitch] = [y + 1, x + 1];
  const pool = DEPTH * (ownPitch + otherPitch);
  /** Quads of the head that a thread sums. */
  const held = Math.ceil(quads / x);
  let chunk = others;
  while (chunk * quads > pool) chunk /= 2;
  const four = (text: (i: number) => string, separator = '\n') => unroll(4, text, separator);

  /** Blocks of 4 rows x 4 steps, turned, into the pool from `start` on. */
  const fill = (source: Source, first: string, rows: number, start: number, pitch: number): string =>
    unroll(Math.ceil(rows / threads), (i) => {
      const e = `(li + ${i * threads}u)`;
      const body = `
        let quad = d + ${e} % 4u;
        let row = ${first} + ${e} / 4u * 4u;
        ${four((r) => {
          const read = source(
            `min(row + ${r}u, u.length - 1u)`,
            quads % 4 === 0 ? 'quad' : `min(quad, ${quads - 1}u)`,
          );
          return `let v${r} = ${quads % 4 === 0 ? read : `select(vec4f(), ${read}, quad < ${quads}u)`};`;
        })}
        let at = ${start}u + ${e} % 4u * ${4 * pitch}u + ${e} / 4u;
        ${four((c) => `pool[at + ${c * pitch}u] = vec4f(${four((r) => `v${r}.${'xyzw'[c]}`, ', ')});`)}`;
      return rows % threads === 0 ? `{ ${body} }` : `if (${e} < ${rows}u) { ${body} }`;
    });

  const mask = maskText({ quads, causal, ...rest });
  return {
    y,
    held,
    mask,
    four,
    memory: `
var<workgroup> pool: array<vec4f, ${pool}>;
var<workgroup> weights: array<vec4f, ${others * ownPitch}>;
var<workgroup> exchange: array<vec4f, ${threads}>;
${mask.helpers}`,
    workgroupSize: [x, y] as const,
    /** Declares the first own row of the workgroup and `t`, of this thread. */
    start: `${place(quads)} ${mask.key}
  let first = wid.x * ${own}u;
  let t = first + lid.y * 4u;
  let out = batch * u.length * width + head * ${quads}u;`,
    /** `name0` to `name3`: the products of an own row with the four other rows from `j` on that are this thread's. */
    products: (name: string, ours: Source, theirs: Source): string => `
    ${four((i) => `var ${name}${i} = vec4f();`, ' ')}
    for (var d = 0u; d < ${quads}u; d += ${DEPTH / 4}u) {
      ${fill(ours, 'first', own, 0, ownPitch)}
      ${fill(theirs, 'j', others, DEPTH * ownPitch, otherPitch)}
      workgroupBarrier();
      for (var k = 0u; k < ${DEPTH}u; k++) {
        let x = pool[k * ${ownPitch}u + lid.y];
        let y = pool[${DEPTH * ownPitch}u + k * ${otherPitch}u + lid.x];
        ${four((i) => `${name}${i} += x.${'xyzw'[i]} * y;`)}
      }
      workgroupBarrier();
    }`,
    /** Declares `visible0` to `visible3`, whether the pairs count; `theirs` tells which side the queries are on. */
    visible: (queries: 'own' | 'others'): string => `
    let at = vec4u(0u, 1u, 2u, 3u) + j + lid.x * 4u;
    ${four((i) => {
      if (!causal) return `let visible${i} = at < vec4u(u.length);`;
      return queries === 'own'
        ? `let visible${i} = at <= vec4u(t + ${i}u);`
        : `let visible${i} = (at < vec4u(u.length)) & (vec4u(t + ${i}u) <= at);`;
    })}
    ${
      mask.key === ''
        ? ''
        : four(
            (i) =>
              `${four((e) => {
                const [mine, other] = [`t + ${i}u`, `at.${'xyzw'[e]}`];
                const [from, to] = queries === 'own' ? [mine, other] : [other, mine];
                return mask.declare(`drop${i}_${e}`, from, to);
              })} let drop${i} = vec4f(${four((e) => `drop${i}_${e}`, ', ')});`,
          )
    }`,
    /** Adds the rows of `theirs`, weighed by `weight(i)` [own row i, others of this thread], to \`into<i>_<n>\`. */
    weigh: (into: string, weight: (i: number) => string, theirs: Source): string => `
    { ${four((i) => `let w${i} = ${weight(i)};`)}
    ${four((e) => `weights[(lid.x * 4u + ${e}u) * ${ownPitch}u + lid.y] = vec4f(${four((i) => `w${i}.${'xyzw'[e]}`, ', ')});`)} }
    for (var c = 0u; c < ${others}u; c += ${chunk}u) {
      for (var e = li; e < ${chunk * quads}u; e += ${threads}u) {
        let row = min(j + c + e / ${quads}u, u.length - 1u);
        pool[e] = ${theirs('row', `e % ${quads}u`)};
      }
      workgroupBarrier();
      for (var k = 0u; k < ${chunk}u; k++) {
        let w = weights[(c + k) * ${ownPitch}u + lid.y];
        ${unroll(held, (n) => {
          const quad = (n + 1) * x <= quads ? `lid.x + ${n * x}u` : `min(lid.x + ${n * x}u, ${quads - 1}u)`;
          return `let v${n} = pool[k * ${quads}u + ${quad}]; ${four((i) => `${into}${i}_${n} += w.${'xyzw'[i]} * v${n};`, ' ')}`;
        })}
      }
      workgroupBarrier();
    }`,
    sums: (name: string): string => four((i) => unroll(held, (n) => `var ${name}${i}_${n} = vec4f();`, ' ')),
    /** Statements for every own row that exists and every quad of it that this thread sums. */
    stores: (line: (i: number, n: number, quad: string) => string, once = (_: number) => ''): string =>
      four(
        (i) => `if (t + ${i}u < u.length) {
    ${unroll(held, (n) => `if (lid.x + ${n * x}u < ${quads}u) { ${line(i, n, `lid.x + ${n * x}u`)} }`)}
    ${once(i) === '' ? '' : `if (lid.x == 0u) { ${once(i)} }`}
  }`,
      ),
    /** Leaves `combine` of a vec4f `variable` (four own rows) over the threads of these rows in it. */
    combine: (variable: string, combine: (a: string, b: string) => string): string => `
    exchange[lid.x * ${y}u + lid.y] = ${variable};
    workgroupBarrier();
    ${variable} = exchange[lid.y];
    for (var o = 1u; o < ${x}u; o++) { ${variable} = ${combine(variable, `exchange[o * ${y}u + lid.y]`)}; }`,
  };
}

const largest = (v: string) => `max(max(${v}.x, ${v}.y), max(${v}.z, ${v}.w))`;
const component = (name: string, i: number) => `${name}.${'xyzw'[i]}`;

const forward = kernelFamily('AttentionForwardBlocks', (shape: Shape) => {
  const p = parts(shape);
  const { four, mask } = p;
  return {
    write: { y: 'vec4f', logSum: 'f32' },
    read: { qkv: 'vec4f', ...mask.read },
    scalars: mask.scalars,
    workgroupSize: p.workgroupSize,
    helpers: p.memory,
    main: `${p.start}
  ${p.sums('o')}
  var top = vec4f(-1e30);
  var total = vec4f();
  let end = ${shape.causal ? `min(first + ${shape.own}u, u.length)` : 'u.length'};
  for (var j = 0u; j < end; j += ${shape.others}u) {
    ${p.products('s', query, key)}
    ${p.visible('own')}
    ${four((i) => `s${i} = select(vec4f(-1e30), s${i} * u.scale, visible${i});`)}
    var now = vec4f(${four((i) => largest(`s${i}`), ', ')});
    ${p.combine('now', (a, b) => `max(${a}, ${b})`)}
    now = max(now, top);
    let shrink = exp(top - now);
    top = now;
    ${four((i) => `let p${i} = exp(s${i} - now.${'xyzw'[i]});`)}
    total = total * shrink + vec4f(${four((i) => `dot(p${i}, vec4f(1.0))`, ', ')});
    ${four((i) => unroll(p.held, (n) => `o${i}_${n} *= ${component('shrink', i)};`, ' '))}
    ${p.weigh('o', (i) => mask.times(`p${i}`, `drop${i}`), value)}
  }
  ${p.combine('total', (a, b) => `${a} + ${b}`)}
  ${p.stores(
    (i, n, quad) => `${output(`(t + ${i}u)`, quad)} = o${i}_${n} / ${component('total', i)};`,
    (i) => `logSum[lane + t + ${i}u] = ${component('top', i)} + log(${component('total', i)});`,
  )}`,
  };
});

const backwardQueries = kernelFamily('AttentionBackwardQueriesBlocks', (shape: Shape) => {
  const p = parts(shape);
  const { four, mask } = p;
  const row = (i: number) => `min(t + ${i}u, u.length - 1u)`;
  const x = shape.others / 4;
  const partial = (i: number) =>
    unroll(
      p.held,
      (n) => {
        const quad = `min(lid.x + ${n * x}u, ${shape.quads - 1}u)`;
        return `select(0.0, dot(${upstream(row(i), quad)}, ${output(row(i), quad)}), lid.x + ${n * x}u < ${shape.quads}u)`;
      },
      ' + ',
    );
  return {
    write: { dQkv: 'vec4f', delta: 'f32' },
    read: { qkv: 'vec4f', y: 'vec4f', dy: 'vec4f', logSum: 'f32', ...mask.read },
    scalars: mask.scalars,
    workgroupSize: p.workgroupSize,
    helpers: p.memory,
    main: `${p.start}
  ${p.sums('a')}
  var rowDelta = vec4f(${four(partial, ', ')});
  ${p.combine('rowDelta', (a, b) => `${a} + ${b}`)}
  let logs = vec4f(${four((i) => `logSum[lane + ${row(i)}]`, ', ')});
  let end = ${shape.causal ? `min(first + ${shape.own}u, u.length)` : 'u.length'};
  for (var j = 0u; j < end; j += ${shape.others}u) {
    ${p.products('s', query, key)}
    ${p.products('g', upstream, value)}
    ${p.visible('own')}
    ${p.weigh(
      'a',
      (i) =>
        `select(vec4f(), exp(s${i} * u.scale - ${component('logs', i)}) * (${mask.times(`g${i}`, `drop${i}`)} - ${component('rowDelta', i)}), visible${i})`,
      key,
    )}
  }
  ${p.stores(
    (i, n, quad) => `dQkv[base + (t + ${i}u) * stride + ${quad}] = a${i}_${n} * u.scale;`,
    (i) => `delta[lane + t + ${i}u] = ${component('rowDelta', i)};`,
  )}`,
  };
});

const backwardKeys = kernelFamily('AttentionBackwardKeysBlocks', (shape: Shape) => {
  const p = parts(shape);
  const { four, mask } = p;
  const ofQueries = (buffer: string) =>
    `vec4f(${four((e) => `${buffer}[lane + min(at.${'xyzw'[e]}, u.length - 1u)]`, ', ')})`;
  return {
    write: { dQkv: 'vec4f' },
    read: { delta: 'f32', qkv: 'vec4f', dy: 'vec4f', logSum: 'f32', ...mask.read },
    scalars: mask.scalars,
    workgroupSize: p.workgroupSize,
    helpers: p.memory,
    main: `${p.start}
  ${p.sums('k')} ${p.sums('v')}
  for (var j = ${shape.causal ? 'first' : '0u'}; j < u.length; j += ${shape.others}u) {
    ${p.products('s', key, query)}
    ${p.products('g', value, upstream)}
    ${p.visible('others')}
    let logs = ${ofQueries('logSum')};
    let deltas = ${ofQueries('delta')};
    ${four((i) => `let p${i} = select(vec4f(), exp(s${i} * u.scale - logs), visible${i});`)}
    ${p.weigh('v', (i) => mask.times(`p${i}`, `drop${i}`), upstream)}
    ${p.weigh('k', (i) => `p${i} * (${mask.times(`g${i}`, `drop${i}`)} - deltas)`, query)}
  }
  ${p.stores(
    (i, n, quad) => `dQkv[base + width + (t + ${i}u) * stride + ${quad}] = k${i}_${n} * u.scale;
      dQkv[base + 2u * width + (t + ${i}u) * stride + ${quad}] = v${i}_${n};`,
  )}`,
  };
});

/** The kernels for one size of blocks. */
export const blockKernels = ({ own, others }: Blocks): AttentionKernels => ({
  forward: (shape) => forward({ ...shape, own, others }),
  backwardQueries: (shape) => backwardQueries({ ...shape, own, others }),
  backwardKeys: (shape) => backwardKeys({ ...shape, own, others }),
  rowsPerGroup: () => ({ forward: own, backward: own }),
});
