import '@tensorflow/tfjs-backend-cpu';
import { beforeAll, describe, expect, test } from 'vitest';
import { openDevice } from '../engine/device';
import { checkHead } from '../testing/headChecks';
import { parseConfig, parameterCount, toHuggingFaceConfig } from './config';
import { rowLengths } from './heads';

beforeAll(async () => {
  await openDevice({ prefer: 'cpu' });
});

describe('the classifier head on the reference path', checkHead);

test('a row ends with its last token that is not padding; padding inside counts', () => {
  const pad = 9;
  const rows = [
    [1, 2, 3, 4],
    [1, 9, 3, 9],
    [1, 9, 9, 9],
    [9, 9, 9, 9],
  ];
  expect([...rowLengths(Int32Array.from(rows.flat()), 4, pad)]).toEqual([4, 3, 1, 1]);
});

describe("a classifier's config.json", () => {
  const sizes = { model_type: 'gpt2', n_layer: 1, n_head: 2, n_embd: 4, n_positions: 8, vocab_size: 16 };
  const named = { ...sizes, architectures: ['GPT2ForSequenceClassification'] };

  test('names classes and padding, and is written as it was read', () => {
    const config = parseConfig({
      ...named,
      id2label: { 0: 'no', 1: 'maybe', 2: 'yes' },
      label2id: { no: 0, maybe: 1, yes: 2 },
      pad_token_id: 15,
    });
    expect(config.classifier).toEqual({ labels: ['no', 'maybe', 'yes'], padTokenId: 15 });
    expect(toHuggingFaceConfig(config)).toMatchObject({
      architectures: ['GPT2ForSequenceClassification'],
      num_labels: 3,
      id2label: { 0: 'no', 1: 'maybe', 2: 'yes' },
      label2id: { no: 0, maybe: 1, yes: 2 },
      pad_token_id: 15,
    });
    expect(parseConfig(toHuggingFaceConfig(config))).toEqual(config);
    expect(parameterCount(config)).toBe(parameterCount(parseConfig(sizes)) + 3 * 4);
  });

  test('without names has two classes, as transformers leaves them out', () => {
    const { classifier } = parseConfig({ ...named, eos_token_id: 3 });
    expect(classifier).toEqual({ labels: ['LABEL_0', 'LABEL_1'], padTokenId: 3 });
  });

  test('without a padding token of the vocabulary, or with a gap in its names, is refused', () => {
    expect(() => parseConfig(named)).toThrow(
      'pad_token_id as 50256, which is no token of a vocabulary of 16',
    );
    expect(() => parseConfig({ ...named, pad_token_id: 1, id2label: { 0: 'a', 2: 'b' } })).toThrow(
      'it must name the classes 0 to 1',
    );
  });
});
