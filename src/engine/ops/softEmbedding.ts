/**
 * Embedding of a word that is drawn but can be differentiated: a mix of all words' vectors by Gumbel-softmax.
 *   a = z + g,  g = -log(-log u),  p = softmax(a / T),  y = p E            ("soft")
 *   y = E[argmax a], with the gradient of the soft one                    (straight-through)
 *   dp = dy E^T,  dz = p (dp - sum(p dp)) / T,  dE = p^T dy  (of the one-hot p where y is straight-through)
 * Sources: "Categorical Reparameterization with Gumbel-Softmax", arXiv:1611.01144, section 2; MATE-KD,
 * arXiv:2105.05912, section 3.1. Works on chunks of rows, forward and backward: [N, V] is never held.
 * Shapes: z [N, V] as a handle (`Logits`), E [V, C], y [N, C], g [N, V].
 */
import * as tf from '@tensorflow/tfjs-core';
import type { GradSaveFunc, Tensor, Tensor2D, TensorInfo } from '@tensorflow/tfjs-core';
import { ShapeError } from '../../errors';
import { withKind } from '../cost';
import { allocate, release, wrap } from '../dispatch';
import { usesKernels } from '../mode';
import { accumulateGradient, tapeAnchor, type Parameter } from '../parameter';
import { matmul } from './matmul';
import { gumbelNoise, type NoiseSource } from './noise';
import { sampleRows, sampleRowsGradient } from './softEmbedding.rows';
import { backLogits, chunkRows, sizeOf, tapeInput, writeLogits, type Logits } from './tokenLoss.logits';
import { denseLogitsReference } from './tokenLoss.reference';
import { vocabularyParts } from './vocabulary';

export interface SoftEmbeddingOptions {
  /** T; small ones bring p close to a single word. */
  temperature: number;
  /** Where the noise comes from, or the noise itself [N, V]. */
  noise: NoiseSource | Tensor2D;
  /** Give the vector of the drawn word alone, not the mix. */
  straightThrough: boolean;
  /** The draw is a constant: the logits get no gradient, the table does. */
  constant?: boolean;
  /** Of the logits held at once, and of their gradient as much again. */
  chunkBytes?: number | undefined;
}

const CHUNK_BYTES = 64 * 2 ** 20;

/** Calls `f` for every chunk of rows with `count` buffers of a chunk's size. */
function inChunks(
  logits: Logits,
  bytes: number,
  buffers: number,
  f: (chunks: TensorInfo[], first: number, rows: number) => void,
): void {
  const size = sizeOf(logits);
  const most = chunkRows(size, bytes);
  const chunks = withKind('logits', () =>
    Array.from({ length: buffers }, () => allocate([most, size.stride])),
  );
  for (let first = 0; first < size.rows; first += most) f(chunks, first, Math.min(most, size.rows - first));
  chunks.forEach(release);
}

/** Fills a chunk with p, or with the one-hot draw. */
function writeSample(
  logits: Logits,
  chunk: TensorInfo,
  first: number,
  rows: number,
  { noise, temperature }: SoftEmbeddingOptions,
  hard: boolean,
): void {
  writeLogits(logits, chunk, first, rows);
  sampleRows(chunk, { rows, first, classes: sizeOf(logits).classes, temperature }, noise, hard);
}

function softEmbeddingKernels(logits: Logits, table: Parameter, options: SoftEmbeddingOptions): Tensor2D {
  const { straightThrough, constant = false, temperature, chunkBytes = CHUNK_BYTES } = options;
  const { rows: total, classes, stride } = sizeOf(logits);
  const width = table.shape[1]!;
  const forward = (): Tensor2D => {
    const y = wrap<Tensor2D>(allocate([total, width]));
    const product: Logits = { kind: 'vocabulary', hidden: y, embedding: table };
    inChunks(logits, chunkBytes, 1, ([chunk], first, rows) => {
      writeSample(logits, chunk!, first, rows, options, straightThrough);
      // y = p E is what a gradient of logits p would send to their hidden states.
      backLogits(product, chunk!, first, rows, { input: y, embedding: null }, false);
    });
    return y;
  };
  const backToTable = (source: Logits, dy: Tensor) =>
    accumulateGradient(table, (dTable, add) =>
      inChunks(source, chunkBytes, 1, ([chunk], first, rows) => {
        writeSample(source, chunk!, first, rows, options, straightThrough);
        for (const part of vocabularyParts(table)) {
          matmul(
            'tn',
            {
              c: { tensor: part.of(dTable) },
              a: { tensor: chunk!, stride, offset: part.first },
              b: { tensor: dy, offset: first * width },
            },
            { m: part.count, n: width, k: rows },
            { accumulate: add || first > 0 },
          );
        }
      }),
    );
  const backToLogits = (source: Logits, dy: Tensor): Tensor => {
    const input = allocate(tapeInput(source).shape);
    const upstream: Logits = { kind: 'vocabulary', hidden: dy as Tensor2D, embedding: table };
    const back = (embedding: TensorInfo | null, add: boolean) =>
      inChunks(source, chunkBytes, 2, ([chunk, dp], first, rows) => {
        writeSample(source, chunk!, first, rows, options, false);
        writeLogits(upstream, dp!, first, rows);
        sampleRowsGradient(chunk!, dp!, { rows, first, classes, temperature });
        backLogits(source, chunk!, first, rows, { input, embedding }, add || first > 0);
      });
    if (source.kind === 'vocabulary' && source.embedding.trainable)
      accumulateGradient(source.embedding, back);
    else back(null, false);
    return wrap(input);
  };
  const op = tf.customGrad((...args: unknown[]) => {
    // Saved too, the noise is still there when a loss that made it has ended.
    const { noise } = options;
    (args[args.length - 1] as GradSaveFunc)([tapeInput(logits), 'stream' in noise ? noise.seed : noise]);
    const gradFunc = (dy: Tensor, [saved]: Tensor[]) => {
      const input = saved as Tensor2D;
      const source: Logits =
        logits.kind === 'dense' ? { ...logits, tensor: input } : { ...logits, hidden: input };
      backToTable(source, dy);
      return constant ? tf.zeros([1]) : backToLogits(source, dy);
    };
    return { value: forward(), gradFunc };
  });
  // A constant draw has no tape input of its own, but its table may learn.
  return op(constant ? tapeAnchor() : tapeInput(logits));
}

function softEmbeddingReference(
  logits: Logits,
  table: Parameter,
  { noise, temperature, straightThrough, constant = false }: SoftEmbeddingOptions,
): Tensor2D {
  const z = denseLogitsReference(logits);
  const scores: Tensor2D = tf.add(z, 'stream' in noise ? gumbelNoise<tf.Rank.R2>(z.shape, noise) : noise);
  const soft = tf.softmax(tf.div<Tensor2D>(scores, temperature));
  const hard = tf.cast<Tensor2D>(tf.oneHot(tf.argMax(scores, 1), z.shape[1]) as Tensor2D, 'float32');
  // The value of one, the gradient of the other.
  const sample = tf.customGrad((p) => ({
    value: straightThrough ? hard.clone() : (p as Tensor2D).clone(),
    gradFunc: (dy: Tensor) => (constant ? tf.zerosLike(dy) : dy.clone()),
  }))(soft) as Tensor2D;
  return tf.matMul(sample, table.value);
}

/**
 * The vectors [N, C] of words drawn from softmax(logits), of `table` [V, C]. Differentiable in the logits (unless
 * `constant`); adds to the gradient of the table and, of a vocabulary's logits, of their embedding. For two tables
 * call it twice with the same noise: the draw is the same. Throws ShapeError when sizes differ.
 */
export function softEmbedding(logits: Logits, table: Parameter, options: SoftEmbeddingOptions): Tensor2D {
  const { rows, classes } = sizeOf(logits);
  const { noise } = options;
  if (table.shape[0] !== classes) {
    throw new ShapeError(
      `${table.name} [${table.shape.join(', ')}] has no vectors for logits of ${classes} words`,
    );
  }
  if (!('stream' in noise) && (noise.shape[0] !== rows || noise.shape[1] !== classes)) {
    throw new ShapeError(`noise [${noise.shape.join(', ')}] does not fit logits [${rows}, ${classes}]`);
  }
  return tf.tidy(() =>
    usesKernels()
      ? softEmbeddingKernels(logits, table, options)
      : softEmbeddingReference(logits, table, options),
  );
}
