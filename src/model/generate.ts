/**
 * Continues a prompt token by token. Only the last row's logits are computed, and the context slides once it
 * is longer than the model's positions. Without a cache of keys and values: a token costs one forward pass.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Rank, Tensor2D } from '@tensorflow/tfjs-core';
import { readTensor } from '../engine/device';
import { withServingOps } from '../engine/mode';
import { uploadTokens } from '../engine/ops/embedding';
import { denseLogits } from '../engine/ops/tokenLoss';
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
}

// The engine's pool keeps buffers by exact size: rounding the length up keeps their number small.
const LENGTH_STEP = 32;

/** Logits of the token after `ids` (at most nPositions of them). -> [V] */
async function nextLogits({ params, config }: Model, ids: readonly number[]): Promise<Float32Array> {
  const length = Math.min(config.nPositions, Math.ceil(ids.length / LENGTH_STEP) * LENGTH_STEP);
  // Attention is causal, so what stands behind the last token does not reach it.
  const padded = new Int32Array(length);
  padded.set(ids);
  const logits = withServingOps(config, () =>
    tf.tidy(() => {
      const tokens = uploadTokens(padded, 1, length, config.vocabSize);
      const { hidden } = forward(params, config, tokens);
      const last = tf.slice<Rank.R2, Tensor2D>(hidden, [ids.length - 1, 0], [1, config.nEmbd]); // [1, C]
      return denseLogits({ kind: 'vocabulary', hidden: last, embedding: params['wte.weight']! }); // [1, V]
    }),
  );
  try {
    return await readTensor(logits);
  } finally {
    logits.dispose();
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
  { maxNewTokens, temperature, topK, seed, stopAt }: GenerateOptions,
): AsyncGenerator<number, void, void> {
  if (prompt.length === 0) {
    throw new DataError(
      'there is no prompt to continue',
      'Give at least one character, or start from end of text.',
    );
  }
  const random = randomStream(seed, 'sampling');
  const ids = [...prompt];
  for (let i = 0; i < maxNewTokens; i++) {
    const logits = await nextLogits(model, ids.slice(-model.config.nPositions));
    const id = drawToken(logits, temperature, topK, random);
    if (id === stopAt) return;
    ids.push(id);
    yield id;
  }
}
