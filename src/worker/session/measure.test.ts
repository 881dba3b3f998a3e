import { expect, test } from 'vitest';
import { parseConfig } from '../../model/config';
import { measuredWindows } from './measure';

const small = parseConfig({ model_type: 'gpt2' });
const demo = parseConfig({ model_type: 'gpt2', n_layer: 12, n_head: 6, n_embd: 96, vocab_size: 4096 });

test.each([
  ['the demo without a GPU', demo, true, { count: 32, batchSize: 8 }],
  ['six layers of GPT-2 small on a GPU', { ...small, nLayer: 6 }, false, { count: 32, batchSize: 8 }],
  ['six layers of GPT-2 small without one', { ...small, nLayer: 6 }, true, { count: 1, batchSize: 1 }],
  ['a model of few positions', { ...demo, nPositions: 64 }, true, { count: 64, batchSize: 8 }],
])('%s is measured on what it can bear', (_, config, software, wanted) => {
  expect(measuredWindows(config, software)).toEqual(wanted);
});
