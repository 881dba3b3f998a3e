/**
 * Layer normalisation over the last dimension, with the biased variance:
 *   xh = (x - mean) r,  r = 1 / sqrt(var + epsilon),  y = gamma xh + beta
 *   g = dy gamma,  dx = r (g - mean(g) - xh mean(g xh)),  dgamma = sum over rows of dy xh,  dbeta = sum of dy
 * Source: "Layer Normalization", arXiv:1607.06450, section 3.
 * Shapes: x, y [N, C]; gamma, beta [C]. Means and variances of rows in two passes, because rows whose mean is
 * large against their spread would lose all digits in E[x²] - E[x]².
 */
import * as tf from '@tensorflow/tfjs-core';
import type { GradSaveFunc, Tensor, Tensor2D, TensorInfo } from '@tensorflow/tfjs-core';
import { ShapeError } from '../../errors';
import { allocate, launch, release, wrap } from '../dispatch';
import { kernelFamily } from '../kernel';
import { usesKernels, usesProcessor } from '../mode';
import { accumulateOrDiscard, type Parameter } from '../parameter';
import { layerNormProcessor, layerNormServed } from '../processor/layerNorm';
import { variants } from '../variants';
import { rowGroup } from '../wgsl';

type Rows = { threads: number; lanes: number };

const forwardKernel = kernelFamily('LayerNorm', ({ threads, lanes }: Rows) => {
  const group = rowGroup(threads, lanes);
  return {
    write: { y: 'vec4f' as const, stats: 'vec2f' as const },
    read: { x: 'vec4f' as const, gamma: 'vec4f' as const, beta: 'vec4f' as const },
    scalars: { rows: 'u32' as const, quads: 'u32' as const, epsilon: 'f32' as const },
    workgroupSize: group.workgroupSize,
    enables: group.enables,
    helpers: group.scratch,
    main: `
    ${group.index}
    if (row >= u.rows) { return; }
    let first = row * u.quads;
    let size = f32(u.quads * 4u);
    var total = 0.0;
    for (var q = lane; q < u.quads; q += ${threads}u) { total += dot(x[first + q], vec4f(1.0)); }
    ${group.sum('total')}
    let mean = total / size;
    var squares = 0.0;
    for (var q = lane; q < u.quads; q += ${threads}u) { let d = x[first + q] - mean; squares += dot(d, d); }
    ${group.sum('squares')}
    let r = 1.0 / sqrt(squares / size + u.epsilon);
    for (var q = lane; q < u.quads; q += ${threads}u) {
      y[first + q] = (x[first + q] - mean) * r * gamma[q] + beta[q];
    }
    if (lane == 0u) { stats[row] = vec2f(mean, r); }`,
  };
});

const inputGradient = kernelFamily('LayerNormInputGradient', ({ threads, lanes }: Rows) => {
  const group = rowGroup(threads, lanes);
  return {
    write: { dx: 'vec4f' as const },
    read: { dy: 'vec4f' as const, x: 'vec4f' as const, stats: 'vec2f' as const, gamma: 'vec4f' as const },
    scalars: { rows: 'u32' as const, quads: 'u32' as const },
    workgroupSize: group.workgroupSize,
    enables: group.enables,
    helpers: group.scratch,
    main: `
    ${group.index}
    if (row >= u.rows) { return; }
    let first = row * u.quads;
    let size = f32(u.quads * 4u);
    let mean = stats[row].x;
    let r = stats[row].y;
    var sumG = 0.0;
    var sumGX = 0.0;
    for (var q = lane; q < u.quads; q += ${threads}u) {
      let g = dy[first + q] * gamma[q];
      sumG += dot(g, vec4f(1.0));
      sumGX += dot(g, (x[first + q] - mean) * r);
    }
    ${group.sum('sumG')}
    ${group.sum('sumGX')}
    for (var q = lane; q < u.quads; q += ${threads}u) {
      let xh = (x[first + q] - mean) * r;
      dx[first + q] = r * (dy[first + q] * gamma[q] - sumG / size - xh * sumGX / size);
    }`,
  };
});

const COLUMN_THREADS = 16;
// Rows are added up slab by slab and then over slabs: parallel, and in the same order every time.
const MAX_SLABS = 32;
const MIN_SLAB_ROWS = 32;

const slabSums = kernelFamily('LayerNormSlabSums', (_: object) => ({
  // [slab][dgamma, dbeta][C]
  write: { partial: 'vec4f' as const },
  read: { dy: 'vec4f' as const, x: 'vec4f' as const, stats: 'vec2f' as const },
  scalars: { rows: 'u32' as const, quads: 'u32' as const, slabRows: 'u32' as const },
  workgroupSize: [COLUMN_THREADS],
  main: `
  let q = gid.x;
  if (q >= u.quads) { return; }
  var dGamma = vec4f(0.0);
  var dBeta = vec4f(0.0);
  for (var row = gid.y * u.slabRows; row < min(u.rows, (gid.y + 1u) * u.slabRows); row++) {
    let g = dy[row * u.quads + q];
    dGamma += g * (x[row * u.quads + q] - stats[row].x) * stats[row].y;
    dBeta += g;
  }
  partial[gid.y * 2u * u.quads + q] = dGamma;
  partial[(gid.y * 2u + 1u) * u.quads + q] = dBeta;`,
}));

const slabTotals = kernelFamily('LayerNormSlabTotals', (add: { addGamma: boolean; addBeta: boolean }) => ({
  write: { dGamma: 'vec4f' as const, dBeta: 'vec4f' as const },
  read: { partial: 'vec4f' as const },
  scalars: { quads: 'u32' as const, slabs: 'u32' as const },
  workgroupSize: [COLUMN_THREADS],
  main: `
  let q = gid.x;
  if (q >= u.quads) { return; }
  var gammaTotal = ${add.addGamma ? 'dGamma[q]' : 'vec4f(0.0)'};
  var betaTotal = ${add.addBeta ? 'dBeta[q]' : 'vec4f(0.0)'};
  for (var slab = 0u; slab < u.slabs; slab++) {
    gammaTotal += partial[slab * 2u * u.quads + q];
    betaTotal += partial[(slab * 2u + 1u) * u.quads + q];
  }
  dGamma[q] = gammaTotal;
  dBeta[q] = betaTotal;`,
}));

interface Backward {
  dy: TensorInfo;
  x: TensorInfo;
  stats: TensorInfo;
}

function parameterGradients({ dy, x, stats }: Backward, gamma: Parameter, beta: Parameter): void {
  if (!gamma.trainable && !beta.trainable) return;
  const [rows, width] = x.shape as [number, number];
  const quads = width / 4;
  const slabRows = Math.max(MIN_SLAB_ROWS, Math.ceil(rows / MAX_SLABS));
  const slabs = Math.ceil(rows / slabRows);
  const columns = Math.ceil(quads / COLUMN_THREADS);
  const partial = allocate([slabs, 2, width]);
  launch(slabSums({}), { partial, dy, x, stats }, { rows, quads, slabRows }, [columns, slabs]);
  accumulateOrDiscard(gamma, (dGamma, addGamma) =>
    accumulateOrDiscard(beta, (dBeta, addBeta) =>
      launch(slabTotals({ addGamma, addBeta }), { dGamma, dBeta, partial }, { quads, slabs }, [columns]),
    ),
  );
  release(partial);
}

function layerNormKernels(x: Tensor2D, gamma: Parameter, beta: Parameter, epsilon: number): Tensor2D {
  const [rows, width] = x.shape;
  const quads = width / 4;
  const { rowThreads: threads, rowLanes: lanes } = variants();
  const grid = rowGroup(threads).grid(rows);
  const op = tf.customGrad((...args: unknown[]) => {
    const [input, save] = args as [Tensor, GradSaveFunc];
    const y = allocate([rows, width]);
    const stats = allocate([rows, 2]);
    launch(
      forwardKernel({ threads, lanes }),
      { y, stats, x: input, gamma: gamma.value, beta: beta.value },
      { rows, quads, epsilon },
      grid,
    );
    save([input, wrap(stats)]);
    const gradFunc = (dy: Tensor, saved: Tensor[]) => {
      const backward: Backward = { dy, x: saved[0]!, stats: saved[1]! };
      const dx = allocate([rows, width]);
      launch(
        inputGradient({ threads, lanes }),
        { dx, ...backward, gamma: gamma.value },
        { rows, quads },
        grid,
      );
      parameterGradients(backward, gamma, beta);
      return wrap(dx);
    };
    return { value: wrap(y), gradFunc };
  });
  return op(x) as Tensor2D;
}

function layerNormReference(x: Tensor2D, gamma: Parameter, beta: Parameter, epsilon: number): Tensor2D {
  return tf.tidy(() => {
    const centred = tf.sub(x, tf.mean(x, 1, true));
    const variance = tf.mean(tf.square(centred), 1, true);
    const xh = tf.mul(centred, tf.div(1, tf.sqrt(tf.add(variance, epsilon))));
    return tf.add(tf.mul(xh, gamma.value), beta.value);
  });
}

/**
 * Normalises the rows of x [N, C]. Differentiable in x; adds to the gradients of gamma and beta [C]. The kernels
 * need C to be a multiple of 4 (`kernelsServe`). Throws ShapeError when C differs.
 */
export function layerNorm(x: Tensor2D, gamma: Parameter, beta: Parameter, epsilon: number): Tensor2D {
  if (x.shape[1] !== gamma.size || x.shape[1] !== beta.size) {
    throw new ShapeError(
      `${gamma.name} [${gamma.shape.join(', ')}] cannot normalise x [${x.shape.join(', ')}]`,
    );
  }
  if (usesProcessor() && layerNormServed(x)) return layerNormProcessor(x, gamma, beta, epsilon);
  return usesKernels()
    ? layerNormKernels(x, gamma, beta, epsilon)
    : layerNormReference(x, gamma, beta, epsilon);
}
