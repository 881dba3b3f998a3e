/**
 * Scaled dot-product attention over packed q, k, v, without a T x T tensor ("flash" attention):
 *   S = Q K^T / sqrt(D),  P = softmax(S) (over keys <= query where causal),  Y = P V
 * Forward keeps a running maximum and sum per row and stores logSum = log sum exp S. Backward, with
 * delta = sum(dY * Y) over a row and P = exp(S - logSum) recomputed:
 *   dS = P * (dY V^T - delta),  dQ = dS K / sqrt(D),  dK = dS^T Q / sqrt(D),  dV = P^T dY
 * Dropout multiplies by a mask M of zeros and 1 / (1 - rate), drawn from counters (`noise.ts`) in every kernel anew:
 *   Y = (M * P) V,  dS = P * (M * (dY V^T) - delta),  dV = (M * P)^T dY;  delta stays as it is
 * Sources: "Attention Is All You Need", arXiv:1706.03762, 3.2.1; "FlashAttention-2", arXiv:2307.08691, 3.1.
 * Shapes: qkv, dQkv [B*T, 3C] (a row is q | k | v, heads side by side in each), y, dy [B*T, C]; C = H * D.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Tensor2D, Tensor4D, TensorInfo } from '@tensorflow/tfjs-core';
import { ShapeError } from '../../errors';
import { noteFlops } from '../cost';
import { allocate, launch, release, wrap } from '../dispatch';
import { usesKernels, usesProcessor } from '../mode';
import { attentionProcessor } from '../processor/attention';
import { attentionVariant } from '../variants';
import { blockKernels } from './causalAttention.blocks';
import { rowKernels } from './causalAttention.rows';
import { tileKernels } from './causalAttention.tiles';
import type { AttentionKernels, AttentionShape, Size } from './causalAttention.wgsl';
import type { Dropout } from './dropout';
import { keepMask, thresholdOf } from './noise';

export interface AttentionLayout {
  batch: number;
  length: number;
  heads: number;
  /** A token sees itself and those before it (GPT-2); otherwise all of its sequence. */
  causal: boolean;
  /** Of the probabilities; absent: none. */
  dropout?: Dropout;
}

interface Launch {
  kernels: AttentionKernels;
  shape: AttentionShape;
  sizes: Record<Size, number>;
  seed: Tensor | undefined;
  forwardGrid: [number, number, number];
  backwardGrid: [number, number, number];
}

function kernelsFor(quads: number, length: number): AttentionKernels {
  const variant = attentionVariant({ quads, length });
  if (variant.form === 'blocks') return blockKernels(variant);
  return variant.form === 'tiles' ? tileKernels : rowKernels;
}

function headSize(qkv: Tensor2D, { batch, length, heads }: AttentionLayout): number {
  const [rows, columns] = qkv.shape;
  if (rows !== batch * length) {
    throw new ShapeError(`attention got ${rows} rows for ${batch} sequences of ${length} tokens`);
  }
  if (columns % (3 * heads) !== 0) {
    throw new ShapeError(
      `attention got ${columns} columns, which ${heads} heads of q, k and v do not divide`,
    );
  }
  return columns / 3 / heads;
}

function launchOf(size: number, layout: AttentionLayout): Launch {
  const { batch, length, heads, causal, dropout } = layout;
  const quads = size / 4;
  const kernels = kernelsFor(quads, length);
  const rows = kernels.rowsPerGroup(quads);
  return {
    kernels,
    shape: dropout ? { quads, causal, dropout: true } : { quads, causal },
    sizes: {
      length,
      heads,
      scale: 1 / Math.sqrt(size),
      stream: dropout?.stream ?? 0,
      threshold: thresholdOf(dropout?.rate ?? 0),
      keepScale: 1 / (1 - (dropout?.rate ?? 0)),
    },
    seed: dropout?.seed,
    forwardGrid: [Math.ceil(length / rows.forward), heads, batch],
    backwardGrid: [Math.ceil(length / rows.backward), heads, batch],
  };
}

/** Products of [T, D] with [D, T] or [T, T] with [T, D], of every head; the causal half of each. */
function noteProducts(products: number, [rows, columns]: readonly number[], { shape, sizes }: Launch): void {
  noteFlops((products * 2 * rows! * sizes.length * (columns! / 3)) / (shape.causal ? 2 : 1));
}

function forward(qkv: TensorInfo, plan: Launch) {
  const { kernels, shape, sizes, seed, forwardGrid } = plan;
  noteProducts(2, qkv.shape, plan);
  const [rows, columns] = qkv.shape as [number, number];
  const y = allocate([rows, columns / 3]);
  const logSum = allocate([rows * sizes.heads]);
  launch(kernels.forward(shape), { y, logSum, qkv, seed }, sizes, forwardGrid);
  return { y, logSum };
}

/** The gradient of all of qkv: two kernels write different thirds of one buffer. */
function backward(
  saved: Record<'qkv' | 'y' | 'logSum', TensorInfo>,
  dy: TensorInfo,
  plan: Launch,
): TensorInfo {
  const { kernels, shape, sizes, seed, backwardGrid } = plan;
  noteProducts(5, saved.qkv.shape, plan);
  const { qkv, y, logSum } = saved;
  const dQkv = allocate(qkv.shape);
  const delta = allocate(logSum.shape);
  launch(kernels.backwardQueries(shape), { dQkv, delta, qkv, y, dy, logSum, seed }, sizes, backwardGrid);
  launch(kernels.backwardKeys(shape), { dQkv, delta, qkv, dy, logSum, seed }, sizes, backwardGrid);
  release(delta);
  return dQkv;
}

/** The same in plain tfjs ops, differentiable on any backend; holds B*H*T*T scores. */
export function attentionReference(qkv: Tensor2D, layout: AttentionLayout): Tensor2D {
  const { batch, length, heads, causal, dropout } = layout;
  const size = headSize(qkv, layout);
  return tf.tidy(() => {
    const perHead = (part: Tensor) =>
      tf.transpose(tf.reshape<tf.Rank.R4>(part, [batch, length, heads, size]), [0, 2, 1, 3]);
    const [q, k, v] = tf.split(qkv, 3, 1).map(perHead) as [Tensor4D, Tensor4D, Tensor4D];
    const scores = tf.mul(tf.matMul(q, k, false, true), 1 / Math.sqrt(size));
    // Added rather than selected: `where` on a mask that depends on nothing is slower on every backend.
    const masked = causal ? tf.add(scores, futureMask(length)) : scores;
    const probabilities = tf.softmax(masked) as Tensor4D;
    const mixed = tf.matMul(dropout ? dropped(probabilities, dropout) : probabilities, v);
    return tf.reshape<tf.Rank.R2>(tf.transpose(mixed, [0, 2, 1, 3]), [batch * length, heads * size]);
  });
}

/** Probabilities [B, H, T, T] times the mask. */
const dropped = (probabilities: Tensor4D, { rate, ...source }: Dropout): Tensor4D =>
  tf.mul(probabilities, tf.mul(keepMask<tf.Rank.R4>(probabilities.shape, rate, source), 1 / (1 - rate)));

/** [T, T]: 0 where key <= query, else a number that makes exp() exactly 0. */
function futureMask(length: number) {
  const values = new Float32Array(length * length);
  for (let query = 0; query < length; query++) {
    values.fill(-1e9, query * length + query + 1, (query + 1) * length);
  }
  return tf.tensor2d(values, [length, length]);
}

/**
 * Attention of every head; differentiable in qkv. Kernels need a head size that is a multiple of 4.
 * qkv [B*T, 3C] -> [B*T, C]. Throws ShapeError when B, T, H do not fit qkv.
 */
export function attention(qkv: Tensor2D, layout: AttentionLayout): Tensor2D {
  const size = headSize(qkv, layout);
  if (usesProcessor() && !layout.dropout) return attentionProcessor(qkv, layout);
  if (!usesKernels()) return attentionReference(qkv, layout);
  if (size % 4 !== 0) {
    throw new ShapeError(
      `the attention kernels need a head size that is a multiple of 4, not ${size}`,
      'Switch such a model to the reference ops (setOpsMode).',
    );
  }
  const plan = launchOf(size, layout);
  return tf.customGrad((input, save) => {
    const qkv = input as Tensor2D;
    const { y, logSum } = forward(qkv, plan);
    const value = wrap<Tensor2D>(y);
    (save as tf.GradSaveFunc)([qkv, value, wrap(logSum)]);
    return {
      value,
      gradFunc: (dy, [qkv, y, logSum]) =>
        wrap<Tensor2D>(backward({ qkv: qkv!, y: y!, logSum: logSum! }, dy, plan)),
    };
  })(qkv) as Tensor2D;
}
