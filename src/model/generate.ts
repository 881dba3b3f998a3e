/**
 * Continues a prompt token by token. Only the last row's logits are computed, and the context slides once it
 * is longer than the model's positions. Without a cache of keys and values: a token costs one forward pass.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Rank, Tensor2D } from '@tensorflow/tfjs-core';
import { readTensor } from '../engine/device';
import { hostTensor } from '../engine/host';
import { withServingOps } from '../engine/mode';
import { hostTokens } from '../engine/ops/embedding';
import { denseLogits } from '../engine/ops/tokenLoss';
import { createPlanCache, type PlanCache } from '../engine/plan/cache';
import { DataError } from '../errors';
import type { RandomStream } from '../random';
import { randomStream } from '../random';
import { forward } from './gpt2';
import type { Model } from './gpt2';

export interface GenerateOptions {
  maxNewTokens: number;
  /** 0: always the likeliest token. */
  temperature: number;
  /** Draw from the k likeliest tokens only; 0: from all. */
  topK: number;
  seed: number;
  /** Stop before this token, e.g. end of text. */
  stopAt?: number;
  /** Where the traced forward passes are kept for the next call with the same weights. Default: for this call. */
  plans?: PlanCache;
}

// One plan for each length: rounding up keeps their number small.
const LENGTH_STEP = 32;

/** Logits of the token after `ids` (at most nPositions of them). -> [V] */
export async function nextLogits(
  { params, config }: Model,
  ids: readonly number[],
  plans: PlanCache,
): Promise<Float32Array> {
  const length = Math.min(config.nPositions, Math.ceil(ids.length / LENGTH_STEP) * LENGTH_STEP);
  // Attention is causal, so what stands behind the last token does not reach it.
  const padded = new Int32Array(length);
  padded.set(ids);
  const next = (input: () => { padded: Int32Array; last: number }) => [
    tf.tidy(() => {
      const tokens = hostTokens(() => input().padded, 1, length, config.vocabSize);
      const { hidden } = forward(params, config, tokens);
      const row = hostTensor<Rank.R1>([1], 'int32', () => Int32Array.of(input().last));
      const last = tf.gather<Tensor2D>(hidden, row); // [1, C]
      return denseLogits({ kind: 'vocabulary', hidden: last, embedding: params['wte.weight']! }); // [1, V]
    }),
  ];
  const key = `next token of ${length}`;
  const input = { padded, last: ids.length - 1 };
  await withServingOps(config, () => plans.prepare(key, next, input));
  const result = withServingOps(config, () => plans.run(key, next, input));
  try {
    return await readTensor(result.tensors[0]!);
  } finally {
    result.release();
  }
}

/** The likeliest token; the lower id where two are equal. */
function argmax(logits: Float32Array): number {
  let best = 0;
  for (let i = 1; i < logits.length; i++) if (logits[i]! > logits[best]!) best = i;
  return best;
}

/** One draw from softmax(logits / temperature), cut to the k likeliest tokens. */
export function drawToken(
  logits: Float32Array,
  temperature: number,
  topK: number,
  random: RandomStream,
): number {
  if (temperature === 0) return argmax(logits);
  let ids = Array.from(logits.keys());
  if (topK > 0 && topK < ids.length) {
    ids = ids.sort((a, b) => logits[b]! - logits[a]! || a - b).slice(0, topK);
  }
  const largest = ids.reduce((max, id) => Math.max(max, logits[id]!), -Infinity);
  const weights = ids.map((id) => Math.exp((logits[id]! - largest) / temperature));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  let rest = random.uniform() * total;
  for (let i = 0; i < ids.length; i++) {
    rest -= weights[i]!;
    if (rest < 0) return ids[i]!;
  }
  return ids[ids.length - 1]!; // rounding left a crumb
}

/**
 * Yields the ids of the continuation, one at a time; leaving the loop cancels it. The same seed gives the same
 * text on the same device. Throws DataError for an empty prompt.
 */
export async function* generate(
  model: Model,
  prompt: readonly number[],
  { maxNewTokens, temperature, topK, seed, stopAt, plans }: GenerateOptions,
): AsyncGenerator<number, void, void> {
  if (prompt.length === 0) {
    throw new DataError(
      'there is no prompt to continue',
      'Give at least one character, or start from end of text.',
    );
  }
  const random = randomStream(seed, 'sampling');
  const cache = plans ?? createPlanCache();
  const ids = [...prompt];
  try {
    for (let i = 0; i < maxNewTokens; i++) {
      const logits = await nextLogits(model, ids.slice(-model.config.nPositions), cache);
      const id = drawToken(logits, temperature, topK, random);
      if (id === stopAt) return;
      ids.push(id);
      yield id;
    }
  } finally {
    if (!plans) cache.dispose();
  }
}
