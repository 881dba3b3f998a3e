/** `tokenLoss` and its companions in plain tfjs ops, differentiable by the tape on any backend. */
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor1D, Tensor2D } from '@tensorflow/tfjs-core';
import { valueOf, type LiveNumber } from '../host';
import { usesProcessor } from '../mode';
import { logitsProcessor } from '../processor/tokenLoss';
import { crossEntropy, type RowTerm } from './rowTerms';
import { sizeOf, tapeInput, type Logits } from './tokenLoss.logits';

/** Rows `first`.. of the logits, [count, K]. */
function logitRows(logits: Logits, first: number, count: number): Tensor2D {
  const input = tapeInput(logits);
  const all = first === 0 && count === input.shape[0];
  const rows = all ? input : tf.slice(input, [first, 0], [count, input.shape[1]]);
  if (logits.kind === 'dense') return rows;
  if (usesProcessor()) return logitsProcessor(rows, logits.embedding);
  return tf.matMul(rows, logits.embedding.value, false, true);
}

/** x, but constant for the tape: tfjs has no op for that. */
const constant = (x: Tensor2D): Tensor2D =>
  tf.customGrad((input) => ({ value: (input as Tensor2D).clone(), gradFunc: () => tf.zeros(x.shape) }))(x);

/** The unweighted value of every row, 0 where it is not scored, for each term. -> terms x [count] */
function rowValues(
  logits: Logits,
  labels: Tensor1D,
  terms: readonly RowTerm[],
  first: number,
  count: number,
): Tensor1D[] {
  const { classes } = sizeOf(logits);
  const z = logitRows(logits, first, count);
  const chunk = tf.slice(labels, first, count);
  const scored = tf.cast(tf.greaterEqual(chunk, 0), 'float32');
  const hit = tf.cast(tf.oneHot(chunk, classes), 'float32') as Tensor2D;
  return terms.map((term) => {
    const t = term.teacher && constant(logitRows(term.teacher, first, count));
    return tf.mul(term.reference({ z, t, hit }), scored);
  });
}

/** First row and length of chunks whose logits fit into `bytes`. The tape keeps them all: this bounds evaluation only. */
function* chunks(logits: Logits, bytes: number): Generator<[number, number]> {
  const { rows, classes } = sizeOf(logits);
  const most = Math.max(1, Math.floor(bytes / 4 / classes));
  for (let first = 0; first < rows; first += most) yield [first, Math.min(most, rows - first)];
}

/** Every term's weighted sum over the rows. */
export function termsReference(
  logits: Logits,
  labels: Tensor1D,
  scale: LiveNumber,
  terms: readonly RowTerm[],
  chunkBytes: number,
): Scalar[] {
  const sums: Scalar[] = [];
  for (const [first, count] of chunks(logits, chunkBytes)) {
    rowValues(logits, labels, terms, first, count).forEach((values, k) => {
      const sum = tf.mul<Scalar>(tf.sum(values), valueOf(terms[k]!.weight) * valueOf(scale));
      sums[k] = sums[k] ? tf.add(sums[k], sum) : sum;
    });
  }
  return sums;
}

/** -log p(label) of every row, 0 where it is not scored. -> [N] */
export function negativeLogLikelihoodReference(
  logits: Logits,
  labels: Tensor1D,
  chunkBytes: number,
): Tensor1D {
  const parts: Tensor1D[] = [];
  for (const [first, count] of chunks(logits, chunkBytes)) {
    parts.push(tf.tidy(() => rowValues(logits, labels, [crossEntropy({ weight: 1 })], first, count)[0]!));
  }
  return tf.concat1d(parts);
}

export const denseLogitsReference = (logits: Logits): Tensor2D => {
  const rows = logitRows(logits, 0, sizeOf(logits).rows);
  return logits.kind === 'dense' ? rows.clone() : rows;
};
