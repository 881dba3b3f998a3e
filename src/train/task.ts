/**
 * What differs between training a language model and training a classifier: how a batch becomes tensors, and
 * which head a model is run with. Methods and trainer know only this.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor1D } from '@tensorflow/tfjs-core';
import type { Batch } from '../data/batches';
import type { TokenTensors } from '../engine/ops/embedding';
import { uploadTokens } from '../engine/ops/embedding';
import { forward } from '../model/gpt2';
import type { ForwardOptions, Model, ModelOutput } from '../model/gpt2';

export interface UploadedBatch {
  tokens: TokenTensors;
  /** One per row of the logits; -100 is not scored. */
  labels: Tensor1D;
}

export interface Task {
  upload(batch: Batch, vocabSize: number): UploadedBatch;
  run(model: Model, tokens: TokenTensors, options?: ForwardOptions): ModelOutput;
}

/** Every position predicts the next token; the head is the tied embedding. */
export const languageModelling: Task = {
  upload: ({ ids, labels, batch, length }, vocabSize) => ({
    tokens: uploadTokens(ids, batch, length, vocabSize),
    labels: tf.tensor1d(labels, 'int32'),
  }),
  run: ({ params, config }, tokens, options) => forward(params, config, tokens, options),
};
