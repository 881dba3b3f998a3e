/**
 * The row kernels of `softEmbedding`, over a chunk of logits [rows, stride] whose padding they keep 0: logits
 * become the sample p (or the one-hot draw), and p becomes the gradient of the logits. One thread a row on software adapters, a
 * workgroup on real ones.
 */
import type { Tensor2D, TensorInfo } from '@tensorflow/tfjs-core';
import { launch } from '../dispatch';
import { kernelFamily } from '../kernel';
import { variants } from '../variants';
import { rowGroup } from '../wgsl';
import { GUMBEL, NOISE, type NoiseSource } from './noise';

const live = `vec4u(0u, 1u, 2u, 3u) + i * 4u < vec4u(u.classes)`;

interface SampleShape {
  threads: number;
  /** Leave 1 at the drawn word and 0 elsewhere, rather than p. */
  hard: boolean;
  drawn: boolean;
}

/** Logits of a chunk become p, or the one-hot draw; padding becomes 0. */
const sampleKernel = kernelFamily<
  SampleShape,
  'chunk' | 'seed' | 'noise',
  'rows' | 'first' | 'classes' | 'quads' | 'stream' | 'temperature'
>('SoftSample', ({ threads, hard, drawn }) => {
  const group = rowGroup(threads);
  const each = (body: string) => `for (var i = lane; i < u.quads; i += ${threads}u) { ${body} }`;
  const four = (text: (c: string, at: number) => string) => [...'xyzw'].map(text).join(', ');
  return {
    write: { chunk: 'vec4f' },
    read: drawn ? { seed: 'i32' } : { noise: 'f32' },
    scalars: {
      rows: 'u32',
      first: 'u32',
      classes: 'u32',
      quads: 'u32',
      stream: 'u32',
      temperature: 'f32',
    },
    workgroupSize: group.workgroupSize,
    helpers: group.scratch + (drawn ? NOISE + GUMBEL : ''),
    main: `
  ${group.index}
  if (row >= u.rows) { return; }
  let base = row * u.quads;
  let origin = (u.first + row) * u.classes;
  ${drawn ? 'let key = noiseKey(seed[0], u.stream);' : ''}
  var top = -3.4e38;
  ${each(`
    let live = ${live};
    let at = origin + i * 4u;
    ${drawn ? 'let bits = noiseBits4(key, at);' : ''}
    let g = vec4f(${four((c, n) => (drawn ? `gumbel(bits.${c})` : `noise[select(origin, at + ${n}u, live.${c})]`))});
    let a = select(vec4f(-3.4e38), chunk[base + i] + g, live);
    chunk[base + i] = a;
    top = max(top, max(max(a.x, a.y), max(a.z, a.w)));`)}
  ${group.max('top')}
  ${
    hard
      ? `
  // The first of the largest: the largest negative index. Exact up to 2^24.
  var winner = -3.4e38;
  ${each(`
    let a = chunk[base + i];
    ${[...'wzyx'].map((c) => `if (a.${c} == top) { winner = max(winner, -f32(i * 4u + ${'xyzw'.indexOf(c)}u)); }`).join('\n')}`)}
  ${group.max('winner')}
  let word = u32(-winner);
  ${each('chunk[base + i] = select(vec4f(), vec4f(1.0), vec4u(0u, 1u, 2u, 3u) + i * 4u == vec4u(word));')}`
      : `
  var total = 0.0;
  ${each(`
    let e = select(vec4f(), exp((chunk[base + i] - top) / u.temperature), ${live});
    chunk[base + i] = e;
    total += dot(e, vec4f(1.0));`)}
  ${group.sum('total')}
  ${each('chunk[base + i] = chunk[base + i] / total;')}`
  }`,
  };
});

/** p of a chunk becomes dz. */
const sampleGradient = kernelFamily('SoftSampleGradient', ({ threads }: { threads: number }) => {
  const group = rowGroup(threads);
  return {
    write: { chunk: 'vec4f' as const },
    read: { dp: 'vec4f' as const },
    scalars: {
      rows: 'u32' as const,
      classes: 'u32' as const,
      quads: 'u32' as const,
      temperature: 'f32' as const,
    },
    workgroupSize: group.workgroupSize,
    helpers: group.scratch,
    main: `
  ${group.index}
  if (row >= u.rows) { return; }
  let base = row * u.quads;
  var mean = 0.0;
  for (var i = lane; i < u.quads; i += ${threads}u) {
    mean += dot(chunk[base + i], select(vec4f(), dp[base + i], ${live}));
  }
  ${group.sum('mean')}
  for (var i = lane; i < u.quads; i += ${threads}u) {
    let dz = chunk[base + i] * (dp[base + i] - mean) / u.temperature;
    chunk[base + i] = select(vec4f(), dz, ${live});
  }`,
  };
});

/** Which rows of the logits a chunk holds. */
export interface SampledRows {
  rows: number;
  /** The chunk's first row among all. */
  first: number;
  classes: number;
  temperature: number;
}

const quadsOf = (classes: number) => Math.ceil(classes / 4);

/** Logits in `chunk` become p, or with `hard` 1 at the drawn word and 0 elsewhere. `noise`: a source, or [N, V]. */
export function sampleRows(
  chunk: TensorInfo,
  { rows, first, classes, temperature }: SampledRows,
  noise: NoiseSource | Tensor2D,
  hard: boolean,
): void {
  const threads = variants().vocabularyThreads;
  const drawn = 'stream' in noise;
  launch(
    sampleKernel({ threads, hard, drawn }),
    { chunk, seed: drawn ? noise.seed : undefined, noise: drawn ? undefined : noise },
    { rows, first, classes, quads: quadsOf(classes), stream: drawn ? noise.stream : 0, temperature },
    rowGroup(threads).grid(rows),
  );
}

/** p in `chunk` becomes dz; `dp` has the same layout. */
export function sampleRowsGradient(
  chunk: TensorInfo,
  dp: TensorInfo,
  { rows, classes, temperature }: SampledRows,
): void {
  const threads = variants().vocabularyThreads;
  launch(
    sampleGradient({ threads }),
    { chunk, dp },
    { rows, classes, quads: quadsOf(classes), temperature },
    rowGroup(threads).grid(rows),
  );
}
