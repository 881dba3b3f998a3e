/**
 * A loss over rows of logits that never holds all logits at once: for every chunk of rows
 *   Z = H E^T,  value and dZ by one row kernel for all terms,  dH = dZ E,  dE += dZ^T H
 *   total = scale * sum over scored rows and terms of weight_i * value_i
 * Gradients are made in the forward pass, while a chunk's logits exist, and multiplied by the gradient of the
 * total in the backward pass. The fused head is after "Cut Your Losses in Large-Vocabulary Language Models",
 * arXiv:2411.09009 (chunks of rows here, not blocks of the vocabulary).
 * Shapes: hidden H [N, C], embedding E [V, C], or dense logits [N, K]; labels [N], negative (-100): not scored.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor, Tensor1D, Tensor2D, TensorInfo } from '@tensorflow/tfjs-core';
import { ShapeError } from '../../errors';
import { withKind } from '../cost';
import { allocate, launch, release, wrap } from '../dispatch';
import { hostScalar, valueOf, type LiveNumber } from '../host';
import { flatIndex, kernelFamily, linearGrid } from '../kernel';
import { usesKernels, usesProcessor } from '../mode';
import { accumulateGradient, giveGradient } from '../parameter';
import { elementParts, elementsOf } from '../ranges';
import { negativeLogLikelihoodProcessor, termsServed, tokenLossProcessor } from '../processor/tokenLoss';
import { computePrecision } from '../variants';
import { rowGroup } from '../wgsl';
import { crossEntropy, type RowTerm } from './rowTerms';
import {
  allocateGradient,
  backLogits,
  chunkRows,
  cropLogits,
  sizeOf,
  tapeInput,
  writeLogits,
  type Logits,
  type LogitsGradient,
} from './tokenLoss.logits';
import { denseLogitsReference, negativeLogLikelihoodReference, termsReference } from './tokenLoss.reference';
import { rowPass } from './tokenLoss.rows';

export { sizeOf as logitsShape, type Logits } from './tokenLoss.logits';

export interface Targets {
  /** [N] int32; a negative label (-100) takes its row out of every term. */
  labels: Tensor1D;
  /** 1 / scored rows of the whole step, so that micro-batches add up to its mean. */
  scale: LiveNumber;
  /** Logits of one chunk take at most so many bytes; what a teacher's take is as much again. */
  chunkBytes?: number;
}

export interface LossTerms {
  /** The sum of the terms; the loss is differentiated through it alone. */
  total: Scalar;
  /** Already weighted. */
  terms: Record<string, Scalar>;
}

/** Logits of one chunk, in bytes; a teacher takes as much again. About 166 rows of GPT-2's vocabulary. */
const CHUNK_BYTES = 32 * 2 ** 20;

const SUM_THREADS = 64;
const sumGroup = rowGroup(SUM_THREADS);
const sumRange = kernelFamily('SumRange', () => ({
  write: { sum: 'f32' },
  read: { values: 'f32' },
  scalars: { first: 'u32', count: 'u32' },
  workgroupSize: sumGroup.workgroupSize,
  helpers: sumGroup.scratch,
  main: `${sumGroup.index}
  var all = 0.0;
  for (var i = lane; i < u.count; i += ${SUM_THREADS}u) { all += values[u.first + i]; }
  ${sumGroup.sum('all')}
  if (row == 0u && lane == 0u) { sum[0] = all; }`,
}));

const THREADS = 64;

/** out = factor x, out += factor x, or x *= factor, by the mode. */
const scaleBy = kernelFamily<
  { mode: 'write' | 'add' | 'inPlace'; element: 'f32' | 'vec4f' },
  'out' | 'x' | 'factor',
  'size'
>('ScaleBy', ({ mode, element }) => ({
  write: { out: element },
  read: mode === 'inPlace' ? { factor: 'f32' } : { x: element, factor: 'f32' },
  scalars: { size: 'u32' },
  workgroupSize: [THREADS],
  main: `
  let i = ${flatIndex(THREADS)};
  if (i >= u.size) { return; }
  out[i] ${{ write: '= x[i] *', add: '+= x[i] *', inPlace: '*=' }[mode]} factor[0];`,
}));

function scale(
  mode: 'write' | 'add' | 'inPlace',
  out: TensorInfo,
  x: TensorInfo | undefined,
  factor: TensorInfo,
) {
  for (const { count: size, of } of elementParts(elementsOf(out))) {
    const [element, count] = size % 4 === 0 ? (['vec4f', size / 4] as const) : (['f32', size] as const);
    launch(
      scaleBy({ mode, element }),
      { out: of(out), x: x && of(x), factor },
      { size: count },
      linearGrid(count, THREADS),
    );
  }
}

function checkRows(logits: Logits, labels: Tensor1D, terms: readonly RowTerm[]): void {
  const { rows, classes } = sizeOf(logits);
  if (labels.size !== rows) throw new ShapeError(`${labels.size} labels do not fit ${rows} rows of logits`);
  for (const { teacher } of terms) {
    if (!teacher) continue;
    const of = sizeOf(teacher);
    if (of.rows !== rows || of.classes !== classes) {
      throw new ShapeError(
        `a teacher's logits [${of.rows}, ${of.classes}] cannot be compared with the student's [${rows}, ${classes}]`,
        'Student and teacher need the same tokenizer, and the same batch.',
      );
    }
  }
}

interface PassResult {
  /** Weighted, [terms * N]. */
  values: TensorInfo;
  gradient: LogitsGradient | null;
}

interface PassOptions {
  wantsGradient: boolean;
  chunkBytes: number;
  /** The gradient comes times this number. */
  lift?: LiveNumber | undefined;
}

/**
 * A power of two by which the gradient of the logits, of about the size of `scale`, becomes one of about 1: else most
 * of it would be zero in float16.
 */
const liftOf = (scale: LiveNumber) => () => 2 ** Math.floor(-Math.log2(valueOf(scale)));

/** All chunks: values of every row and term, and the gradient where it is wanted. */
function runChunks(
  logits: Logits,
  { labels, scale }: Targets,
  terms: readonly RowTerm[],
  { wantsGradient, chunkBytes, lift }: PassOptions,
): PassResult {
  const size = sizeOf(logits);
  const rows = chunkRows(size, chunkBytes);
  const values = allocate([terms.length * size.rows]);
  const gradient = wantsGradient ? allocateGradient(logits) : null;
  const pass = rowPass(terms, size, { labels, scale, values, gradient: wantsGradient, lift });
  const makeChunk = () => withKind('logits', () => allocate([rows, size.stride]));
  const chunk = makeChunk();
  const teacherChunks = pass.teachers.map(makeChunk);
  for (let first = 0; first < size.rows; first += rows) {
    const count = Math.min(rows, size.rows - first);
    writeLogits(logits, chunk, first, count);
    pass.teachers.forEach((teacher, n) => writeLogits(teacher, teacherChunks[n]!, first, count));
    pass.run(chunk, teacherChunks, first, count);
    if (gradient) backLogits(logits, chunk, first, count, gradient, first > 0);
  }
  [chunk, ...teacherChunks].forEach(release);
  return { values, gradient };
}

/** `total`, tied to the logits' tensor on the tape so that the backward pass hands out `gradient` / `lift`. */
function withGradient(
  total: Scalar,
  logits: Logits,
  gradient: LogitsGradient,
  lift: LiveNumber | undefined,
): Scalar {
  const op = tf.customGrad((...args: unknown[]) => {
    const save = args[args.length - 1] as tf.GradSaveFunc;
    const { input, embedding } = gradient;
    save(embedding ? [wrap(input), wrap(embedding)] : [wrap(input)]);
    return {
      value: total,
      gradFunc: (dy: Tensor, saved: Tensor[]) => {
        const [dInput, dEmbedding] = saved;
        const result = allocate(dInput!.shape);
        const factor = lift === undefined ? dy : tf.div(dy, hostScalar(lift));
        scale('write', result, dInput, factor);
        if (dEmbedding && logits.kind === 'vocabulary') {
          giveGradient(logits.embedding, dEmbedding, (mode, out) =>
            scale(mode, out, mode === 'inPlace' ? undefined : dEmbedding, factor),
          );
        }
        return wrap(result);
      },
    };
  });
  return op(tapeInput(logits));
}

function tokenLossKernels(
  logits: Logits,
  targets: Targets,
  terms: readonly RowTerm[],
  { chunkBytes, lifted }: Required<TokenLossOptions>,
): [Scalar, ...Scalar[]] {
  const { rows } = sizeOf(logits);
  const wantsGradient = tf.engine().isTapeOn();
  const lift = wantsGradient && lifted ? liftOf(targets.scale) : undefined;
  const { values, gradient } = runChunks(logits, targets, terms, { wantsGradient, chunkBytes, lift });
  const sum = (first: number, count: number) => {
    const result = allocate([]);
    launch(sumRange({}), { sum: result, values }, { first, count }, [1]);
    return wrap<Scalar>(result);
  };
  const total = sum(0, terms.length * rows);
  const each = terms.map((_, k) => sum(k * rows, rows));
  release(values);
  return [gradient ? withGradient(total, logits, gradient, lift) : total, ...each];
}

export interface TokenLossOptions {
  /** Of the logits that are there at once. */
  chunkBytes?: number;
  /** Lifts the gradient to where float16 can hold it while the head is differentiated. */
  lifted?: boolean;
}

/**
 * The weighted sum of `terms` over all scored rows, in one pass. Differentiable in hidden (or the dense tensor);
 * adds to the embedding's gradient unless it is frozen; teachers get none. Off the tape no gradient is computed.
 * Throws ShapeError when labels or a teacher's logits do not fit.
 */
export function tokenLoss(
  logits: Logits,
  targets: Targets,
  terms: Readonly<Record<string, RowTerm>>,
  {
    chunkBytes = targets.chunkBytes ?? CHUNK_BYTES,
    lifted = computePrecision() === 'f16',
  }: TokenLossOptions = {},
): LossTerms {
  const names = Object.keys(terms);
  const list = Object.values(terms);
  checkRows(logits, targets.labels, list);
  const [total, ...each] = tf.tidy(() => {
    if (usesKernels()) return tokenLossKernels(logits, targets, list, { chunkBytes, lifted });
    if (usesProcessor() && termsServed(list)) return tokenLossProcessor(logits, targets, list, chunkBytes);
    const sums = termsReference(logits, targets.labels, targets.scale, list, chunkBytes);
    return [tf.addN<Scalar>(sums), ...sums];
  });
  return { total: total, terms: Object.fromEntries(names.map((name, k) => [name, each[k]!])) };
}

/** -log p(label) in nats of every row; 0 where the label is negative. Has no gradient. -> [N] */
export function negativeLogLikelihood(
  logits: Logits,
  labels: Tensor1D,
  { chunkBytes = CHUNK_BYTES } = {},
): Tensor1D {
  const terms = [crossEntropy({ weight: 1 })];
  checkRows(logits, labels, terms);
  return tf.tidy(() => {
    if (usesProcessor()) return negativeLogLikelihoodProcessor(logits, labels, terms, chunkBytes);
    if (!usesKernels()) return negativeLogLikelihoodReference(logits, labels, chunkBytes);
    return wrap<Tensor1D>(
      runChunks(logits, { labels, scale: 1 }, terms, { wantsGradient: false, chunkBytes }).values,
    );
  });
}

/**
 * All logits as a tensor [N, K] that the caller owns: for few rows, or few classes. Differentiable as
 * `tokenLoss` is.
 */
export function denseLogits(logits: Logits): Tensor2D {
  if (!usesKernels() || logits.kind === 'dense') return tf.tidy(() => denseLogitsReference(logits));
  const size = sizeOf(logits);
  const { embedding } = logits;
  const op = tf.customGrad((...args: unknown[]) => {
    const [hidden, save] = args as [Tensor2D, tf.GradSaveFunc];
    save([hidden]);
    const z = allocate([size.rows, size.stride]);
    writeLogits(logits, z, 0, size.rows);
    const value = size.stride === size.classes ? z : cropLogits(z, size);
    if (value !== z) release(z);
    return {
      value: wrap<Tensor2D>(value),
      gradFunc: (dy: Tensor, [saved]: Tensor[]) => {
        const padded = allocate([size.rows, size.stride]);
        writeLogits({ kind: 'dense', tensor: dy as Tensor2D }, padded, 0, size.rows);
        const source = { ...logits, hidden: saved as Tensor2D };
        const dHidden = allocate(hidden.shape);
        const back = (dEmbedding: TensorInfo | null, add: boolean) =>
          backLogits(source, padded, 0, size.rows, { input: dHidden, embedding: dEmbedding }, add);
        if (embedding.trainable) accumulateGradient(embedding, back);
        else back(null, false);
        release(padded);
        return wrap(dHidden);
      },
    };
  });
  return op(logits.hidden);
}
