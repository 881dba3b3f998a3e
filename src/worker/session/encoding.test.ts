import { expect, test } from 'vitest';
import { documentsInMemory } from '../../data/documents';
import { wholeTokens } from '../../data/tokens/textTokens';
import { createGate } from '../../io/patience';
import { prose } from '../../testing/tinyPlatform';
import { gpt2Tokenizer } from '../../data/gpt2Vocabulary';
import { encodeInTurn } from './encoding';
import { createTask } from './task';

test('where not even a folder can be made, one sentence says that there is no room', async () => {
  const full = () => Promise.reject(new DOMException('over the quota', 'QuotaExceededError'));
  const store = { open: () => Promise.resolve(null), create: full, remove: full };
  const { inTurn } = encodeInTurn({ tokens: () => Promise.resolve(store) });
  const source = documentsInMemory('my text', 'key', [prose(100, 1)]);
  const task = createTask(1, new AbortController().signal, () => undefined, createGate());
  const tokenizer = await gpt2Tokenizer();
  await expect(inTurn(source, task, (means) => wholeTokens(source, tokenizer, means))).rejects.toMatchObject({
    message: 'there is no room for the tokens of my text',
    input: true,
  });
});
