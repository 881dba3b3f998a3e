/**
 * A classifier on labelled rows: logits, predictions, metrics. Rows are sorted by length into passes of a few fixed
 * shapes [batchSize, bucket]; results come back in the order of the rows, and do not depend on the shapes.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Rank } from '@tensorflow/tfjs-core';
import type { EncodedExamples, EncodedRow } from '../data/examples';
import { padRows } from '../data/rowBatches';
import type { MetricId } from '../data/tasks';
import { readTensor } from '../engine/device';
import { hostTensor } from '../engine/host';
import { withServingOps } from '../engine/mode';
import { hostTokens } from '../engine/ops/embedding';
import { denseLogits } from '../engine/ops/tokenLoss';
import { createPlanCache, type PlanCache, type Step } from '../engine/plan/cache';
import { CancelledError, ShapeError } from '../errors';
import type { Model } from '../model/gpt2';
import { classify, rowLengths } from '../model/heads';
import { score } from './metrics';

export interface ClassifyOptions {
  /** Rows in one forward pass. Default 16. */
  batchSize?: number;
  /** Told the rows done and in all. */
  onProgress?: (done: number, total: number) => void;
  signal?: AbortSignal;
  /** Where traced forward passes are kept for the next call with the same weights and options. */
  plans?: PlanCache;
}

export const ROWS_PER_PASS = 16;

export interface ClassificationReport {
  /** By name, as shares; the task's first metric is the one that is charted. */
  metrics: Record<string, number>;
  /** Mean cross-entropy of the rows, nats. */
  loss: number;
  /** Examples that were scored. */
  rows: number;
  /** Share of the most frequent label: what answering it always would get. */
  majority: number;
  /** Of every example, by its place among the task's label values. */
  predictions: number[];
}

interface PassInput {
  ids: Int32Array;
  lengths: Int32Array;
}

/** The logits of one pass, [batch, K], as a step that can be traced. */
export function classifyingPass(
  model: Model,
  { batch, length }: { batch: number; length: number },
): Step<PassInput> {
  return (input) => [
    tf.tidy(() => {
      const lengths = hostTensor<Rank.R1>([batch], 'int32', () => input().lengths);
      const tokens = hostTokens(() => input().ids, batch, length, model.config.vocabSize);
      return denseLogits(classify(model, { ...tokens, lengths }).logits);
    }),
  ];
}

/** Logits of every row, [rows · K]. Throws ShapeError for a model without a head, CancelledError when aborted. */
export async function rowLogits(
  model: Model,
  rows: readonly EncodedRow[],
  { batchSize: most = ROWS_PER_PASS, onProgress, signal, plans: kept }: ClassifyOptions = {},
): Promise<Float32Array> {
  const { config } = model;
  if (!config.classifier) throw new ShapeError('a language model has no classes to choose from');
  const { labels, padTokenId } = config.classifier;
  const K = labels.length;
  const batchSize = Math.min(most, rows.length);
  const logits = new Float32Array(rows.length * K);
  const byLength = rows.map((_, i) => i).sort((a, b) => rows[a]!.ids.length - rows[b]!.ids.length || a - b);
  const plans = kept ?? createPlanCache();
  try {
    for (let first = 0; first < rows.length; first += batchSize) {
      if (signal?.aborted) throw new CancelledError('the evaluation was cancelled');
      const part = byLength.slice(first, first + batchSize);
      const chosen = part.map((i) => rows[i]!);
      const { ids, batch, length } = padRows(chosen, { batchSize, maxLength: config.nPositions, padTokenId });
      const input = { ids, lengths: rowLengths(ids, batch, padTokenId) };
      const key = `classify ${batch} x ${length}`;
      const pass = classifyingPass(model, { batch, length });
      await withServingOps(config, () => plans.prepare(key, pass, input));
      const result = withServingOps(config, () => plans.run(key, pass, input));
      const values = await readTensor(result.tensors[0]!);
      result.release();
      part.forEach((row, i) => logits.set(values.subarray(i * K, (i + 1) * K), row * K));
      onProgress?.(Math.min(first + batchSize, rows.length), rows.length);
    }
  } finally {
    if (!kept) plans.dispose();
  }
  return logits;
}

/** log softmax(z) of one row of K logits. */
function logProbabilities(z: ArrayLike<number>): number[] {
  const values = Array.from(z);
  const largest = Math.max(...values);
  const sum = values.reduce((total, value) => total + Math.exp(value - largest), 0);
  return values.map((value) => value - largest - Math.log(sum));
}

const argmax = (values: readonly number[]) => values.indexOf(Math.max(...values));

/**
 * Predictions from the logits of the inputs [inputs · K]: the likeliest class, the lower one where two are equal; of an
 * example with several choices the choice whose class 1 is likeliest.
 */
export function predictionsOf(logits: Float32Array, K: number, choices: number): number[] {
  const rows = Array.from({ length: logits.length / K }, (_, i) =>
    logProbabilities(logits.subarray(i * K, (i + 1) * K)),
  );
  if (choices === 1) return rows.map(argmax);
  return Array.from({ length: rows.length / choices }, (_, i) =>
    argmax(rows.slice(i * choices, (i + 1) * choices).map((row) => row[1]!)),
  );
}

function majorityOf(labels: readonly number[]): number {
  const counts = new Map<number, number>();
  for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1);
  return Math.max(...counts.values()) / labels.length;
}

/** Measures a classifier. Throws ShapeError for a model without a head, CancelledError when aborted. */
export async function evaluateClassifier(
  model: Model,
  { rows, labels, choices }: EncodedExamples,
  metrics: readonly MetricId[],
  options: ClassifyOptions = {},
): Promise<ClassificationReport> {
  const logits = await rowLogits(model, rows, options);
  const K = model.config.classifier!.labels.length;
  const predictions = predictionsOf(logits, K, choices);
  let loss = 0;
  rows.forEach(({ label }, i) => (loss -= logProbabilities(logits.subarray(i * K, (i + 1) * K))[label]!));
  return {
    metrics: score(labels, predictions, metrics),
    loss: loss / rows.length,
    rows: labels.length,
    majority: majorityOf(labels),
    predictions,
  };
}
