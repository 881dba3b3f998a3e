/**
 * Flash attention without workgroup memory: a thread owns some rows and walks over the other side one row at a
 * time. For software adapters, where a barrier costs more than it saves. Formulas in `causalAttention.ts`.
 *
 * A head is `quads` vec4 values; buffers: qkv, dQkv [B*T, 3C], y, dy [B*T, C], logSum, delta [B*H*T].
 */
import { kernelFamily } from '../kernel';
import { unroll } from '../wgsl';
import { place, SIZES, type AttentionKernels, type AttentionShape } from './causalAttention.wgsl';

const THREADS = 16;

// Every row that is loaded serves all rows of the thread, which is what counts on a software adapter: GFLOP/s
// with 1, 2, 4 rows forward 0.38, 0.55, 0.79, both ways 0.49, 0.76, 1.13 (SwiftShader, D 32). But it also
// compiles for longer, faster than linearly: backward with 4 rows 3.5 s at D 32 and 16 s at D 64.
const forwardRows = (quads: number) => (quads <= 8 ? 4 : quads <= 16 ? 2 : 1);
const backwardRows = (quads: number) => (quads <= 8 ? 2 : 1);

/** Declares this thread's rows t0, t1 ..., clamped to the sequence; returns past its end. */
const ownRows = (count: number) => `
  let first = gid.x * ${count}u;
  if (first >= u.length) { return; }
  let last = min(first + ${count}u, u.length) - 1u;
  ${unroll(count, (r) => `let t${r} = min(first + ${r}u, last);`)}`;

const unrolled = (quads: number, count: number) => ({
  each: (text: (i: number) => string) => unroll(quads, text),
  rows: (text: (r: number) => string) => unroll(count, text),
});

const forward = kernelFamily('AttentionForward', ({ quads, causal }: AttentionShape) => {
  const count = forwardRows(quads);
  const { each, rows } = unrolled(quads, count);
  return {
    write: { y: 'vec4f', logSum: 'f32' },
    read: { qkv: 'vec4f' },
    scalars: SIZES,
    workgroupSize: [THREADS],
    main: `${place(quads)} ${ownRows(count)}
  ${rows(
    (r) => `
  var m${r} = -1e30; var l${r} = 0.0;
  ${each((i) => `let q${r}_${i} = qkv[base + t${r} * stride + ${i}u] * u.scale; var o${r}_${i} = vec4f();`)}`,
  )}
  let end = ${causal ? 'last + 1u' : 'u.length'};
  for (var j = 0u; j < end; j++) {
    let key = base + j * stride + width;
    ${rows((r) => `var s${r} = 0.0;`)}
    ${each((i) => `let k${i} = qkv[key + ${i}u]; ${rows((r) => `s${r} += dot(q${r}_${i}, k${i});`)}`)}
    ${rows(
      (r) => `
    ${causal ? `s${r} = select(-1e30, s${r}, j <= t${r});` : ''}
    let n${r} = max(m${r}, s${r});
    let c${r} = exp(m${r} - n${r});
    let p${r} = exp(s${r} - n${r});
    l${r} = l${r} * c${r} + p${r};
    m${r} = n${r};`,
    )}
    ${each(
      (i) => `let v${i} = qkv[key + width + ${i}u];
    ${rows((r) => `o${r}_${i} = o${r}_${i} * c${r} + p${r} * v${i};`)}`,
    )}
  }
  ${rows(
    (r) => `if (first + ${r}u <= last) {
    let out = (batch * u.length + t${r}) * width + head * ${quads}u;
    ${each((i) => `y[out + ${i}u] = o${r}_${i} / l${r};`)}
    logSum[lane + t${r}] = m${r} + log(l${r});
  }`,
  )}`,
  };
});

const backwardQueries = kernelFamily('AttentionBackwardQueries', ({ quads, causal }: AttentionShape) => {
  const count = backwardRows(quads);
  const { each, rows } = unrolled(quads, count);
  return {
    write: { dQkv: 'vec4f', delta: 'f32' },
    read: { qkv: 'vec4f', y: 'vec4f', dy: 'vec4f', logSum: 'f32' },
    scalars: SIZES,
    workgroupSize: [THREADS],
    main: `${place(quads)} ${ownRows(count)}
  ${rows(
    (r) => `
  let query${r} = base + t${r} * stride;
  let out${r} = (batch * u.length + t${r}) * width + head * ${quads}u;
  let log${r} = logSum[lane + t${r}];
  var delta${r} = 0.0;
  ${each(
    (i) => `
  let q${r}_${i} = qkv[query${r} + ${i}u] * u.scale;
  let d${r}_${i} = dy[out${r} + ${i}u];
  var a${r}_${i} = vec4f();
  delta${r} += dot(d${r}_${i}, y[out${r} + ${i}u]);`,
  )}`,
  )}
  let end = ${causal ? 'last + 1u' : 'u.length'};
  for (var j = 0u; j < end; j++) {
    let key = base + j * stride + width;
    ${rows((r) => `var s${r} = 0.0; var dp${r} = 0.0;`)}
    ${each(
      (i) => `let k${i} = qkv[key + ${i}u]; let v${i} = qkv[key + width + ${i}u];
    ${rows((r) => `s${r} += dot(q${r}_${i}, k${i}); dp${r} += dot(d${r}_${i}, v${i});`)}`,
    )}
    ${rows(
      (r) => `
    let p${r} = exp(s${r} - log${r});
    let ds${r} = ${causal ? `select(0.0, p${r}, j <= t${r})` : `p${r}`} * (dp${r} - delta${r});`,
    )}
    ${each((i) => rows((r) => `a${r}_${i} += ds${r} * k${i};`))}
  }
  ${rows(
    (r) => `if (first + ${r}u <= last) {
    delta[lane + t${r}] = delta${r};
    ${each((i) => `dQkv[query${r} + ${i}u] = a${r}_${i} * u.scale;`)}
  }`,
  )}`,
  };
});

const backwardKeys = kernelFamily('AttentionBackwardKeys', ({ quads, causal }: AttentionShape) => {
  const count = backwardRows(quads);
  const { each, rows } = unrolled(quads, count);
  return {
    write: { dQkv: 'vec4f' },
    read: { delta: 'f32', qkv: 'vec4f', dy: 'vec4f', logSum: 'f32' },
    scalars: SIZES,
    workgroupSize: [THREADS],
    main: `${place(quads)} ${ownRows(count)}
  ${rows(
    (r) => `
  let key${r} = base + t${r} * stride + width;
  ${each(
    (i) => `
  let k${r}_${i} = qkv[key${r} + ${i}u] * u.scale; let v${r}_${i} = qkv[key${r} + width + ${i}u];
  var dk${r}_${i} = vec4f(); var dv${r}_${i} = vec4f();`,
  )}`,
  )}
  for (var j = ${causal ? 'first' : '0u'}; j < u.length; j++) {
    let query = base + j * stride;
    let out = (batch * u.length + j) * width + head * ${quads}u;
    ${rows((r) => `var s${r} = 0.0; var dp${r} = 0.0;`)}
    ${each(
      (i) => `let q${i} = qkv[query + ${i}u]; let d${i} = dy[out + ${i}u];
    ${rows((r) => `s${r} += dot(k${r}_${i}, q${i}); dp${r} += dot(v${r}_${i}, d${i});`)}`,
    )}
    let logP = logSum[lane + j]; let rowDelta = delta[lane + j];
    ${rows(
      (r) => `
    let p${r} = ${causal ? `select(0.0, exp(s${r} - logP), t${r} <= j)` : `exp(s${r} - logP)`};
    let ds${r} = p${r} * (dp${r} - rowDelta);`,
    )}
    ${each((i) => rows((r) => `dk${r}_${i} += ds${r} * q${i}; dv${r}_${i} += p${r} * d${i};`))}
  }
  ${rows(
    (r) => `if (first + ${r}u <= last) {
    ${each((i) => `dQkv[key${r} + ${i}u] = dk${r}_${i} * u.scale; dQkv[key${r} + width + ${i}u] = dv${r}_${i};`)}
  }`,
  )}`,
  };
});

export const rowKernels: AttentionKernels = {
  forward,
  backwardQueries,
  backwardKeys,
  rowsPerGroup: (quads) => ({
    forward: forwardRows(quads) * THREADS,
    backward: backwardRows(quads) * THREADS,
  }),
};
