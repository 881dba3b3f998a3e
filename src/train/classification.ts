/** Training a classifier: one label a row, scored by the head on the last token that is not padding. */
import type { Rank } from '@tensorflow/tfjs-core';
import { hostTensor } from '../engine/host';
import { hostTokens } from '../engine/ops/embedding';
import { ShapeError } from '../errors';
import type { GPT2Config } from '../model/config';
import { classify, rowLengths } from '../model/heads';
import type { Task } from './task';

function padTokenOf({ classifier }: GPT2Config): number {
  if (!classifier) throw new ShapeError('a language model cannot be trained as a classifier: it has no head');
  return classifier.padTokenId;
}

/** `labels` of a batch is [batch], classes from 0 on; -100 is not scored. */
export const classification: Task = {
  inputs(read, { batch, length }, config) {
    const padTokenId = padTokenOf(config);
    const lengths = hostTensor<Rank.R1>([batch], 'int32', () => rowLengths(read().ids, batch, padTokenId));
    return {
      tokens: { ...hostTokens(() => read().ids, batch, length, config.vocabSize), lengths },
      labels: hostTensor<Rank.R1>([batch], 'int32', () => read().labels),
    };
  },
  run: classify,
};
