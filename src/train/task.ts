/**
 * What differs between training a language model and training a classifier: how a batch becomes tensors, and
 * which head a model is run with. Methods and trainer know only this.
 */
import type { Rank, Tensor1D } from '@tensorflow/tfjs-core';
import type { Batch } from '../data/batches';
import type { TokenTensors } from '../engine/ops/embedding';
import { hostTensor } from '../engine/host';
import { hostTokens } from '../engine/ops/embedding';
import type { GPT2Config } from '../model/config';
import { forward } from '../model/gpt2';
import type { ForwardOptions, Model, ModelOutput } from '../model/gpt2';

export interface BatchTensors {
  tokens: TokenTensors;
  /** One per row of the logits; -100 is not scored. */
  labels: Tensor1D;
}

export interface Task {
  /**
   * The tensors of the batch that `read` gives, now or whenever a plan is replayed; all batches of this shape.
   */
  inputs(read: () => Batch, shape: Pick<Batch, 'batch' | 'length'>, config: GPT2Config): BatchTensors;
  run(model: Model, tokens: TokenTensors, options?: ForwardOptions): ModelOutput;
}

/** Every position predicts the next token; the head is the tied embedding. */
export const languageModelling: Task = {
  inputs: (read, { batch, length }, { vocabSize }) => ({
    tokens: hostTokens(() => read().ids, batch, length, vocabSize),
    labels: hostTensor<Rank.R1>([batch * length], 'int32', () => read().labels),
  }),
  run: ({ params, config }, tokens, options) => forward(params, config, tokens, options),
};
