/**
 * Perplexity of a token stream: exp(total negative log-likelihood / scored tokens), natural logarithm.
 *
 * Window w starts at w · stride and ends at min(start + window, N); it scores the tokens from the end of the
 * window before on, except its own first token, which has no context. The last window is the first one that
 * reaches N. With stride = window the windows lie side by side; with a smaller stride they slide, and every
 * token but the first is scored exactly once with at least window − stride tokens of context.
 * Source: `fixtures/perplexity.json`; Hugging Face's guide "Perplexity of fixed-length models" for the idea.
 */
import * as tf from '@tensorflow/tfjs-core';
import { readTensor } from '../engine/device';
import { withServingOps } from '../engine/mode';
import { uploadTokens } from '../engine/ops/embedding';
import { negativeLogLikelihood } from '../engine/ops/tokenLoss';
import { CancelledError, DataError } from '../errors';
import type { GPT2Config } from '../model/config';
import { forward } from '../model/gpt2';
import type { GPT2Params } from '../model/params';

export interface PerplexityOptions {
  /** Tokens in a window, at most nPositions. */
  window: number;
  /** From one window's start to the next one's, at most `window`. */
  stride: number;
  /** Score at most so many tokens; 0 or absent: the whole stream. */
  maxTokens?: number;
  /** Windows in one forward pass. */
  batchSize?: number;
  /** Told the windows done and in all. */
  onProgress?: (done: number, total: number) => void;
  signal?: AbortSignal;
}

export interface PerplexityResult {
  perplexity: number;
  /** Nats per scored token. */
  loss: number;
  /** Scored tokens. */
  tokens: number;
  window: number;
  stride: number;
}

/** One window of the stream: tokens begin..end, of which those from `scoreFrom` on are scored. */
export interface Window {
  begin: number;
  end: number;
  scoreFrom: number;
}

/** The windows over `count` tokens; the last one is cut so that at most `maxTokens` are scored (0: all). */
export function windows(count: number, window: number, stride: number, maxTokens = 0): Window[] {
  const result: Window[] = [];
  let rest = maxTokens > 0 ? maxTokens : Infinity;
  let previousEnd = 0;
  for (let begin = 0; ; begin += stride) {
    const scoreFrom = Math.max(previousEnd, begin + 1);
    const end = Math.min(begin + window, count, scoreFrom + rest);
    if (scoreFrom < end) {
      result.push({ begin, end, scoreFrom });
      rest -= end - scoreFrom;
    }
    previousEnd = end;
    if (end >= count || rest === 0) return result;
  }
}

/** Ids and next-token labels of some windows, padded to [batch, window]; -100 is not scored. */
function layOut(ids: ArrayLike<number>, part: readonly Window[], batch: number, window: number) {
  const tokens = new Int32Array(batch * window);
  const labels = new Int32Array(batch * window).fill(-100);
  part.forEach(({ begin, end, scoreFrom }, row) => {
    for (let i = begin; i < end; i++) tokens[row * window + i - begin] = ids[i]!;
    for (let i = scoreFrom; i < end; i++) labels[row * window + i - 1 - begin] = ids[i]!;
  });
  return { tokens, labels };
}

function checkOptions(count: number, { window, stride }: PerplexityOptions, config: GPT2Config): void {
  if (window < 2 || window > config.nPositions) {
    throw new DataError(
      `an evaluation window of ${window} tokens does not fit the model's ${config.nPositions} positions`,
      `Choose a window from 2 to ${config.nPositions}.`,
    );
  }
  if (stride < 1 || stride > window) {
    throw new DataError(
      `a stride of ${stride} with a window of ${window} would leave tokens out`,
      `Choose a stride from 1 to ${window}.`,
    );
  }
  if (count < 2) {
    throw new DataError(
      `the evaluation text has ${count} token${count === 1 ? '' : 's'}; the first one is never scored`,
      'Choose a longer text.',
    );
  }
}

/**
 * Perplexity of the model on a token stream. Every forward pass has the same shape [batchSize, window]; sums
 * are kept in double precision. Throws DataError for windows that do not fit, CancelledError when aborted.
 */
export async function perplexity(
  params: GPT2Params,
  config: GPT2Config,
  ids: ArrayLike<number>,
  options: PerplexityOptions,
): Promise<PerplexityResult> {
  const { window, stride, maxTokens, signal, onProgress } = options;
  checkOptions(ids.length, options, config);
  const all = windows(ids.length, window, stride, maxTokens);
  const batch = Math.min(options.batchSize ?? 8, all.length);
  let total = 0;
  let scored = 0;
  for (let first = 0; first < all.length; first += batch) {
    if (signal?.aborted) throw new CancelledError('the evaluation was cancelled');
    const part = all.slice(first, first + batch);
    const { tokens, labels } = layOut(ids, part, batch, window);
    const losses = withServingOps(config, () =>
      tf.tidy(() => {
        const { logits } = forward(params, config, uploadTokens(tokens, batch, window, config.vocabSize));
        return negativeLogLikelihood(logits, tf.tensor1d(labels, 'int32')); // [batch · window]
      }),
    );
    for (const loss of await readTensor(losses)) total += loss;
    losses.dispose();
    scored += part.reduce((sum, { scoreFrom, end }) => sum + end - scoreFrom, 0);
    onProgress?.(Math.min(first + batch, all.length), all.length);
  }
  const loss = total / scored;
  return { perplexity: Math.exp(loss), loss, tokens: scored, window, stride };
}
