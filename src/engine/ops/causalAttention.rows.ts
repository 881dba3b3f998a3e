/**
 * Flash attention without workgroup memory: a thread owns some rows and walks over the other side four rows at a
 * time. For software adapters, where a barrier costs more than it saves, and a load as much as a dozen
 * products. Four threads that are a subgroup there load one of the four rows each and see the others' by swaps
 * (`matmul.register.ts` tells why). Formulas in `causalAttention.ts`.
 *
 * A head is `quads` vec4 values; buffers: qkv, dQkv [B*T, 3C], y, dy [B*T, C], logSum, delta [B*H*T].
 */
import { webgpuBackend } from '../dispatch';
import { kernelFamily } from '../kernel';
import { swapped, unroll } from '../wgsl';
import { maskText, place, type AttentionKernels, type AttentionShape } from './causalAttention.wgsl';

/** `swaps`: four threads share what they load. */
type Shape = AttentionShape & { swaps: boolean };

const THREADS = 16;

// Every row that is loaded serves all rows of the thread; but a kernel of many rows compiles for long.
const forwardRows = (quads: number) => (quads <= 8 ? 4 : quads <= 16 ? 2 : 1);
const backwardRows = (quads: number) => (quads <= 8 ? 2 : 1);

/** Names of the four rows of the other side that are up, this thread's view of them. */
const FOUR = [0, 1, 2, 3] as const;

/** What the three kernels share, for `count` rows a thread. */
function sharedText({ swaps, quads, ...shape }: Shape, count: number) {
  const threads = swaps ? 4 : THREADS;
  const lanes = swaps ? 4 : 1;
  const mask = maskText({ quads, ...shape });
  const each = (text: (i: number) => string) => unroll(quads, text);
  const rows = (text: (r: number) => string) => unroll(count, text);
  const four = (text: (by: number) => string) => FOUR.map(text).join(', ');
  return {
    mask,
    each,
    rows,
    spec: {
      workgroupSize: [threads] as const,
      enables: swaps ? (['subgroups'] as const) : [],
      scalars: mask.scalars,
    },
    /** Declares this thread's rows r0, r1 .. and t0, t1 .., which are r clamped to the sequence. */
    start: `${place(quads)} ${mask.key}
  let first = ${swaps ? 'wid' : 'gid'}.x * ${count * lanes}u;
  if (first >= u.length) { return; }
  let turn = ${swaps ? 'vec4u(0u, 1u, 2u, 3u) ^ vec4u(sid)' : 'vec4u(0u, 1u, 2u, 3u)'};
  ${rows((r) => `let r${r} = first + ${r * lanes}u${swaps ? ' + sid' : ''}; let t${r} = min(r${r}, u.length - 1u);`)}`,
    /** The row after the last own one. */
    end: `min(first + ${count * lanes}u, u.length)`,
    /** Declares `others`, the four rows of the other side from j on as this thread sees them. */
    others: `let others = j + turn;
    ${FOUR.slice(0, swaps ? 1 : 4)
      .map((by) => `let o${by} = min(others.${'xyzw'[by]!}, u.length - 1u);`)
      .join(' ')}`,
    /** Declares \`name\`, a vec4f with an element of the four others, or with \`quad\` a mat4x4f of such columns. */
    load: (name: string, read: (row: string) => string, type: 'vec4f' | 'mat4x4f'): string =>
      `${swaps ? `let ${name}_0 = ${read('o0')}; ${FOUR.map((by) => swapped(name, by)).join(' ')}` : FOUR.map((by) => `let ${name}_${by} = ${read(`o${by}`)};`).join(' ')}
    let ${name} = ${type}(${four((by) => `${name}_${by}`)});`,
    /** Declares \`drop<r>\`, what dropout makes of the pairs of row r with the others; empty without dropout. */
    dropped: (r: number, pair: (other: string) => readonly [string, string]): string =>
      mask.key === ''
        ? ''
        : `${FOUR.map((by) => mask.declare(`drop${r}_${by}`, ...pair(`others.${'xyzw'[by]!}`))).join('\n')}
    let drop${r} = vec4f(${four((by) => `drop${r}_${by}`)});`,
    /** Statements for every own row that exists. */
    stores: (text: (r: number) => string) => rows((r) => `if (r${r} < u.length) { ${text(r)} }`),
  };
}

const forward = kernelFamily('AttentionForward', (shape: Shape) => {
  const { quads, causal } = shape;
  const { mask, each, rows, ...text } = sharedText(shape, forwardRows(quads));
  return {
    ...text.spec,
    write: { y: 'vec4f', logSum: 'f32' },
    read: { qkv: 'vec4f', ...mask.read },
    helpers: mask.helpers,
    main: `${text.start}
  ${rows(
    (r) => `
  var m${r} = -1e30; var l${r} = 0.0;
  ${each((i) => `let q${r}_${i} = qkv[base + t${r} * stride + ${i}u] * u.scale; var o${r}_${i} = vec4f();`)}`,
  )}
  let end = ${causal ? text.end : 'u.length'};
  for (var j = 0u; j < end; j += 4u) {
    ${text.others}
    ${rows((r) => `var s${r} = vec4f();`)}
    ${each(
      (i) => `${text.load(`k${i}`, (row) => `qkv[base + ${row} * stride + width + ${i}u]`, 'mat4x4f')}
    ${rows((r) => `s${r} = q${r}_${i} * k${i} + s${r};`)}`,
    )}
    ${rows(
      (r) => `
    s${r} = select(vec4f(-1e30), s${r}, ${causal ? `others <= vec4u(r${r})` : 'others < vec4u(u.length)'});
    let n${r} = max(m${r}, max(max(s${r}.x, s${r}.y), max(s${r}.z, s${r}.w)));
    let c${r} = exp(m${r} - n${r});
    let e${r} = exp(s${r} - n${r});
    l${r} = l${r} * c${r} + dot(e${r}, vec4f(1.0));
    m${r} = n${r};
    ${text.dropped(r, (key) => [`r${r}`, key])} let p${r} = ${mask.times(`e${r}`, `drop${r}`)};`,
    )}
    ${each(
      (i) => `${text.load(`v${i}`, (row) => `qkv[base + ${row} * stride + 2u * width + ${i}u]`, 'mat4x4f')}
    ${rows((r) => `o${r}_${i} = v${i} * p${r} + o${r}_${i} * c${r};`)}`,
    )}
  }
  ${text.stores(
    (r) => `
    let out = (batch * u.length + r${r}) * width + head * ${quads}u;
    ${each((i) => `y[out + ${i}u] = o${r}_${i} / l${r};`)}
    logSum[lane + r${r}] = m${r} + log(l${r});`,
  )}`,
  };
});

const backwardQueries = kernelFamily('AttentionBackwardQueries', (shape: Shape) => {
  const { quads, causal } = shape;
  const { mask, each, rows, ...text } = sharedText(shape, backwardRows(quads));
  return {
    ...text.spec,
    write: { dQkv: 'vec4f', delta: 'f32' },
    read: { qkv: 'vec4f', y: 'vec4f', dy: 'vec4f', logSum: 'f32', ...mask.read },
    helpers: mask.helpers,
    main: `${text.start}
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
  let end = ${causal ? text.end : 'u.length'};
  for (var j = 0u; j < end; j += 4u) {
    ${text.others}
    ${rows((r) => `var s${r} = vec4f(); var dp${r} = vec4f();`)}
    ${each(
      (i) => `${text.load(`k${i}`, (row) => `qkv[base + ${row} * stride + width + ${i}u]`, 'mat4x4f')}
    ${text.load(`v${i}`, (row) => `qkv[base + ${row} * stride + 2u * width + ${i}u]`, 'mat4x4f')}
    ${rows((r) => `s${r} = q${r}_${i} * k${i} + s${r}; dp${r} = d${r}_${i} * v${i} + dp${r};`)}`,
    )}
    ${rows(
      (r) => `
    ${text.dropped(r, (key) => [`r${r}`, key])}
    let all${r} = exp(s${r} - log${r}) * (${mask.times(`dp${r}`, `drop${r}`)} - delta${r});
    let ds${r} = select(vec4f(), all${r}, ${causal ? `others <= vec4u(r${r})` : 'others < vec4u(u.length)'});`,
    )}
    ${each((i) => rows((r) => `a${r}_${i} = k${i} * ds${r} + a${r}_${i};`))}
  }
  ${text.stores(
    (r) => `
    delta[lane + r${r}] = delta${r};
    ${each((i) => `dQkv[query${r} + ${i}u] = a${r}_${i} * u.scale;`)}`,
  )}`,
  };
});

const backwardKeys = kernelFamily('AttentionBackwardKeys', (shape: Shape) => {
  const { quads, causal } = shape;
  const { mask, each, rows, ...text } = sharedText(shape, backwardRows(quads));
  return {
    ...text.spec,
    write: { dQkv: 'vec4f' },
    read: { delta: 'f32', qkv: 'vec4f', dy: 'vec4f', logSum: 'f32', ...mask.read },
    helpers: mask.helpers,
    main: `${text.start}
  ${rows(
    (r) => `
  let key${r} = base + t${r} * stride + width;
  ${each(
    (i) => `
  let k${r}_${i} = qkv[key${r} + ${i}u] * u.scale; let v${r}_${i} = qkv[key${r} + width + ${i}u];
  var dk${r}_${i} = vec4f(); var dv${r}_${i} = vec4f();`,
  )}`,
  )}
  for (var j = ${causal ? 'first' : '0u'}; j < u.length; j += 4u) {
    ${text.others}
    ${rows((r) => `var s${r} = vec4f(); var dp${r} = vec4f();`)}
    ${each(
      (i) => `${text.load(`q${i}`, (row) => `qkv[base + ${row} * stride + ${i}u]`, 'mat4x4f')}
    ${text.load(`d${i}`, (row) => `dy[(batch * u.length + ${row}) * width + head * ${quads}u + ${i}u]`, 'mat4x4f')}
    ${rows((r) => `s${r} = k${r}_${i} * q${i} + s${r}; dp${r} = v${r}_${i} * d${i} + dp${r};`)}`,
    )}
    ${text.load('logP', (row) => `logSum[lane + ${row}]`, 'vec4f')}
    ${text.load('deltas', (row) => `delta[lane + ${row}]`, 'vec4f')}
    let inside = others < vec4u(u.length);
    ${rows(
      (r) => `
    ${text.dropped(r, (query) => [query, `r${r}`])}
    let p${r} = select(vec4f(), exp(s${r} - logP), ${causal ? `inside & (vec4u(r${r}) <= others)` : 'inside'});
    let ds${r} = p${r} * (${mask.times(`dp${r}`, `drop${r}`)} - deltas);
    let w${r} = ${mask.times(`p${r}`, `drop${r}`)};`,
    )}
    ${each((i) => rows((r) => `dk${r}_${i} = q${i} * ds${r} + dk${r}_${i}; dv${r}_${i} = d${i} * w${r} + dv${r}_${i};`))}
  }
  ${text.stores((r) =>
    each(
      (i) => `dQkv[key${r} + ${i}u] = dk${r}_${i} * u.scale; dQkv[key${r} + width + ${i}u] = dv${r}_${i};`,
    ),
  )}`,
  };
});

const canSwap = () => webgpuBackend().device.features.has('subgroups');
const lanes = () => (canSwap() ? 4 : THREADS);

export const rowKernels: AttentionKernels = {
  forward: (shape) => forward({ ...shape, swaps: canSwap() }),
  backwardQueries: (shape) => backwardQueries({ ...shape, swaps: canSwap() }),
  backwardKeys: (shape) => backwardKeys({ ...shape, swaps: canSwap() }),
  rowsPerGroup: (quads) => ({
    forward: forwardRows(quads) * lanes(),
    backward: backwardRows(quads) * lanes(),
  }),
};
