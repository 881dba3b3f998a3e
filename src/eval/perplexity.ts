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
import type { Rank } from '@tensorflow/tfjs-core';
import type { TokenSequence } from '../data/tokens';
import { readTensor } from '../engine/device';
import { hostTensor } from '../engine/host';
import { withServingOps } from '../engine/mode';
import { hostTokens } from '../engine/ops/embedding';
import { negativeLogLikelihood } from '../engine/ops/tokenLoss';
import { createPlanCache, type PlanCache, type Step } from '../engine/plan/cache';
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
  /** Windows in one forward pass. Default: `WINDOWS_PER_PASS`. */
  batchSize?: number;
  /** Told the windows done and in all. */
  onProgress?: (done: number, total: number) => void;
  signal?: AbortSignal;
  /**
   * Where the traced forward pass is kept for the next call with the same weights and options. Default: traced
   * for this call where that pays, that is with more than a few passes.
   */
  plans?: PlanCache;
}

export const WINDOWS_PER_PASS = 8;

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

// On a processor nothing below waits for anything, so that news of progress, and a cancel, would not get through.
const TURN_MS = 50;

// Tracing a pass and binding its memory costs about as much as running two.
const FEW_PASSES = 4;

/** Ids and next-token labels of some windows, padded to [batch, window]; -100 is not scored. */
function layOut(ids: TokenSequence, part: readonly Window[], batch: number, window: number) {
  const tokens = new Int32Array(batch * window);
  const labels = new Int32Array(batch * window).fill(-100);
  part.forEach(({ begin, end, scoreFrom }, row) => {
    const own = ids.slice(begin, end);
    tokens.set(own, row * window);
    for (let i = scoreFrom; i < end; i++) labels[row * window + i - 1 - begin] = own[i - begin]!;
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

/** The negative log-likelihoods of some windows, [batch · window], as a step that can be traced. */
export function scoringPass(
  params: GPT2Params,
  config: GPT2Config,
  { batch, window }: { batch: number; window: number },
): Step<ReturnType<typeof layOut>> {
  return (input) => [
    tf.tidy(() => {
      const tokens = hostTokens(() => input().tokens, batch, window, config.vocabSize);
      const labels = hostTensor<Rank.R1>([batch * window], 'int32', () => input().labels);
      return negativeLogLikelihood(forward(params, config, tokens).logits, labels);
    }),
  ];
}

/**
 * Perplexity of the model on a token stream. Every forward pass has the same shape [batchSize, window]; sums
 * are kept in double precision. Throws DataError for windows that do not fit, CancelledError when aborted.
 */
export async function perplexity(
  params: GPT2Params,
  config: GPT2Config,
  ids: TokenSequence,
  options: PerplexityOptions,
): Promise<PerplexityResult> {
  const { window, stride, maxTokens, signal, onProgress } = options;
  checkOptions(ids.length, options, config);
  const all = windows(ids.length, window, stride, maxTokens);
  const batch = Math.min(options.batchSize ?? WINDOWS_PER_PASS, all.length);
  const plans = options.plans ?? createPlanCache({ plan: all.length / batch > FEW_PASSES ? 'on' : 'off' });
  let total = 0;
  let scored = 0;
  const pass = scoringPass(params, config, { batch, window });
  const key = `perplexity ${batch} x ${window}`;
  try {
    const first = layOut(ids, all.slice(0, batch), batch, window);
    await withServingOps(config, () => plans.prepare(key, pass, first));
    let turnMs = performance.now();
    for (let first = 0; first < all.length; first += batch) {
      if (performance.now() - turnMs > TURN_MS) {
        await new Promise((resolve) => setTimeout(resolve));
        turnMs = performance.now();
      }
      if (signal?.aborted) throw new CancelledError('the evaluation was cancelled');
      const part = all.slice(first, first + batch);
      const input = layOut(ids, part, batch, window);
      const losses = withServingOps(config, () => plans.run(key, pass, input));
      for (const loss of await readTensor(losses.tensors[0]!)) total += loss;
      losses.release();
      scored += part.reduce((sum, { scoreFrom, end }) => sum + end - scoreFrom, 0);
      onProgress?.(Math.min(first + batch, all.length), all.length);
    }
  } finally {
    if (!options.plans) plans.dispose();
  }
  const loss = total / scored;
  return { perplexity: Math.exp(loss), loss, tokens: scored, window, stride };
}
