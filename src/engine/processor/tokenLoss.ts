/**
 * `ops/tokenLoss.ts` on the processor, for the terms that have a kernel: chunk by chunk
 *   Z = H Eᵀ,  values and dZ row by row,  dH = dZ E,  dE += dZᵀ H
 * with the gradient made in the forward pass, while a chunk's logits exist. Other terms take plain tfjs ops around
 * `logitsProcessor`.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { GradSaveFunc, Scalar, Tensor, Tensor1D, Tensor2D, TensorInfo } from '@tensorflow/tfjs-core';
import { wrap } from '../dispatch';
import { valueOf } from '../host';
import { CROSS_ENTROPY, KL_DIVERGENCE, type RowTerm } from '../ops/rowTerms';
import type { Targets } from '../ops/tokenLoss';
import { sizeOf, tapeInput, type Logits } from '../ops/tokenLoss.logits';
import type { Parameter } from '../parameter';
import { addressOf, allocate, readFloats, release, run } from './processor';
import { product } from './product';

/** True when every term has a kernel. */
export const termsServed = (terms: readonly RowTerm[]) =>
  terms.every(({ code }) => code === CROSS_ENTROPY || code === KL_DIVERGENCE);

/** Rows whose logits fit into `bytes`. */
const chunkRows = (classes: number, rows: number, bytes: number) =>
  Math.max(1, Math.min(rows, Math.floor(bytes / 4 / classes)));

/** The address of rows `first`.. of the logits: where they lie, or in `chunk` once computed. */
function logitsAt(logits: Logits, chunk: TensorInfo | null, first: number, count: number): number {
  if (logits.kind === 'dense') return addressOf(logits.tensor, first * logits.tensor.shape[1]);
  const { hidden, embedding } = logits;
  const [classes, width] = embedding.shape as [number, number];
  const at = addressOf(chunk!);
  const from = { a: addressOf(hidden, first * width), b: addressOf(embedding.value), c: at };
  product('nt', from, { m: count, n: classes, k: width });
  return at;
}

interface RowsOfTerm {
  values: number;
  dz: number;
  z: number;
  t: number;
  labels: number;
  count: number;
  classes: number;
  scale: number;
  add: boolean;
}

function runTerm(term: RowTerm, rows: RowsOfTerm): void {
  const { values, dz, z, t, labels, count, classes } = rows;
  const weight = valueOf(term.weight) * rows.scale;
  const flops = 30 * count * classes;
  const [add, size] = [rows.add ? 1 : 0, [labels, count, classes, weight]];
  if (term.code === CROSS_ENTROPY) run('crossEntropyRows', flops, [values, dz, z, ...size, add]);
  else {
    const temperature = valueOf(term.scalars['temperature']!);
    run('divergenceRows', 2 * flops, [values, dz, z, t, ...size, temperature, add]);
  }
}

interface Gradient {
  input: TensorInfo;
  embedding: TensorInfo | null;
}

/** Weighted values of every row and term [terms * N], and the gradient where it is wanted. */
function runChunks(
  logits: Logits,
  { labels, scale }: Targets,
  terms: readonly RowTerm[],
  chunkBytes: number,
  gradient: Gradient | null,
): TensorInfo {
  const { rows, classes } = sizeOf(logits);
  const most = chunkRows(classes, rows, chunkBytes);
  const values = allocate([terms.length * rows]);
  const chunkFor = (wanted: boolean) => (wanted ? allocate([most, classes]) : null);
  const chunk = chunkFor(logits.kind === 'vocabulary');
  const teacherChunk = chunkFor(terms.some(({ teacher }) => teacher?.kind === 'vocabulary'));
  // One term's gradient may take its logits' place; several need them to the end.
  const dChunk = chunkFor(gradient !== null && logits.kind === 'vocabulary' && terms.length > 1);
  for (let first = 0; first < rows; first += most) {
    const count = Math.min(most, rows - first);
    const z = logitsAt(logits, chunk, first, count);
    const own = () => (logits.kind === 'dense' ? addressOf(gradient!.input, first * classes) : z);
    const dz = !gradient ? 0 : dChunk ? addressOf(dChunk) : own();
    terms.forEach((term, k) =>
      runTerm(term, {
        values: addressOf(values, k * rows + first),
        ...{ dz, z, count, classes, add: k > 0, scale: valueOf(scale) },
        t: term.teacher ? logitsAt(term.teacher, teacherChunk, first, count) : 0,
        labels: addressOf(labels, first),
      }),
    );
    if (gradient && logits.kind === 'vocabulary') {
      backLogits(logits, dz, { first, count }, gradient);
    }
  }
  for (const made of [chunk, teacherChunk, dChunk]) if (made) release(made);
  return values;
}

/** dH rows `first`.. = dZ E, dE (+)= dZᵀ H. */
function backLogits(
  { hidden, embedding }: { hidden: Tensor2D; embedding: Parameter },
  dz: number,
  { first, count }: { first: number; count: number },
  gradient: Gradient,
): void {
  const [classes, width] = embedding.shape as [number, number];
  const dHidden = addressOf(gradient.input, first * width);
  const sizes = { m: count, n: width, k: classes };
  product('nn', { c: dHidden, a: dz, b: addressOf(embedding.value) }, sizes);
  if (!gradient.embedding) return;
  const from = { c: addressOf(gradient.embedding), a: dz, b: addressOf(hidden, first * width) };
  product('tn', from, { m: classes, n: width, k: count }, { add: first > 0 });
}

const trainedEmbedding = (logits: Logits): Parameter | null =>
  logits.kind === 'vocabulary' && logits.embedding.trainable ? logits.embedding : null;

/** `value`, tied to the logits' tensors on the tape so that the backward pass hands out `gradient` times dy. */
function withGradient(value: Scalar, logits: Logits, gradient: Gradient): Scalar {
  const embedding = trainedEmbedding(logits);
  const op = tf.customGrad((...args: unknown[]) => {
    const save = args[args.length - 1] as GradSaveFunc;
    save([wrap(gradient.input), ...(gradient.embedding ? [wrap(gradient.embedding)] : [])]);
    return {
      value,
      gradFunc: (dy: Tensor, saved: Tensor[]) => {
        const factor = readFloats(addressOf(dy), 1)[0]!;
        return saved.map((tensor) => (factor === 1 ? tensor.clone() : tf.mul(tensor, factor)));
      },
    };
  });
  return op(tapeInput(logits), ...(embedding ? [embedding.value] : []));
}

/** The total and every term, as `tokenLoss` gives them. */
export function tokenLossProcessor(
  logits: Logits,
  targets: Targets,
  terms: readonly RowTerm[],
  chunkBytes: number,
): [Scalar, ...Scalar[]] {
  const gradient: Gradient | null = tf.engine().isTapeOn()
    ? {
        input: allocate(tapeInput(logits).shape),
        embedding: trainedEmbedding(logits) && allocate(trainedEmbedding(logits)!.shape),
      }
    : null;
  const { rows } = sizeOf(logits);
  const values = runChunks(logits, targets, terms, chunkBytes, gradient);
  const each = terms.map((_, k) => {
    let sum = 0;
    for (const value of readFloats(addressOf(values, k * rows), rows)) sum += value;
    return sum;
  });
  release(values);
  const total = tf.scalar(each.reduce((a, b) => a + b, 0));
  return [gradient ? withGradient(total, logits, gradient) : total, ...each.map((value) => tf.scalar(value))];
}

/** -log p(label) of every row, 0 where it is not scored. -> [N] */
export function negativeLogLikelihoodProcessor(
  logits: Logits,
  labels: Tensor1D,
  terms: readonly RowTerm[],
  chunkBytes: number,
): Tensor1D {
  return wrap<Tensor1D>(runChunks(logits, { labels, scale: 1 }, terms, chunkBytes, null));
}

/** H Eᵀ as a tensor [N, V]; differentiable in H and E. */
export function logitsProcessor(hidden: Tensor2D, embedding: Parameter): Tensor2D {
  const [rows, width] = hidden.shape;
  const classes = embedding.shape[0]!;
  const { trainable, value: weight } = embedding;
  const op = tf.customGrad((...args: unknown[]) => {
    (args[args.length - 1] as GradSaveFunc)([hidden]);
    const z = allocate([rows, classes]);
    const from = { c: addressOf(z), a: addressOf(hidden), b: addressOf(weight) };
    product('nt', from, { m: rows, n: classes, k: width });
    const gradFunc = (dy: Tensor, [saved]: Tensor[]) => {
      const gradient = {
        input: allocate(hidden.shape),
        embedding: trainable ? allocate(weight.shape) : null,
      };
      backLogits(
        { hidden: saved as Tensor2D, embedding },
        addressOf(dy),
        { first: 0, count: rows },
        gradient,
      );
      return [wrap(gradient.input), ...(gradient.embedding ? [wrap(gradient.embedding)] : [])];
    };
    return { value: wrap(z), gradFunc };
  });
  return op(hidden, ...(trainable ? [weight] : [])) as Tensor2D;
}
