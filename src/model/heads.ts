/**
 * GPT-2 as a classifier of sequences, as transformers' GPT2ForSequenceClassification: the logits are a linear layer
 * without bias, `score.weight` [K, C], on the last hidden state (after ln_f) of the last token that is not padding.
 * Padding stands on the right; attention is causal, so no token before it sees it.
 */
import type { TokenTensors } from '../engine/ops/embedding';
import { lastRows } from '../engine/ops/lastRows';
import { createParameter } from '../engine/parameter';
import { ShapeError } from '../errors';
import type { ClassifierConfig } from './config';
import { forward, type ForwardOptions, type Model, type ModelOutput } from './gpt2';
import { initialValues } from './params';

/** Name of the head's weight, in a model and in its file. */
export const SCORE = 'score.weight';

/**
 * Tokens of every row up to its last one that is not padding; 1 for a row of padding alone. ids [batch * length]
 * -> [batch]. Padding tokens inside a row are tokens like others.
 */
export function rowLengths(ids: Int32Array, batch: number, padTokenId: number): Int32Array {
  const length = ids.length / batch;
  return Int32Array.from({ length: batch }, (_, row) => {
    let end = length;
    while (end > 1 && ids[row * length + end - 1] === padTokenId) end--;
    return end;
  });
}

/**
 * Runs a classifier on a batch: `logits` has one row of K classes per sequence, `hidden` and `hiddenStates` stay
 * [B T, C]. `tokens` must have their `lengths`. Throws ShapeError for a model without a head.
 */
export function classify(
  { params, config }: Model,
  tokens: TokenTensors,
  options: ForwardOptions = {},
): ModelOutput {
  const score = params[SCORE];
  if (!score || !tokens.lengths) {
    throw new ShapeError(
      score ? 'a batch to classify needs the lengths of its rows' : 'the model has no head',
    );
  }
  const output = forward(params, config, tokens, options);
  const pooled = lastRows(output.hidden, tokens.lengths); // [B, C]
  // Z = H Wᵀ, the same product as a language model's output layer with the classes for a vocabulary.
  return { ...output, logits: { kind: 'vocabulary', hidden: pooled, embedding: score } };
}

/** The model with a freshly initialised head in place of any it has. Shares the other weights. */
export function withHead(
  { config, params }: Model,
  classifier: ClassifierConfig,
  seed: number,
  trainable = true,
): Model {
  const shape = [classifier.labels.length, config.nEmbd];
  const values = initialValues(SCORE, shape, config.nLayer, seed);
  return {
    config: { ...config, classifier },
    params: { ...params, [SCORE]: createParameter(SCORE, shape, values, trainable) },
  };
}
