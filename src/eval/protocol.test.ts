import { beforeAll, expect, test } from 'vitest';
import { loadTokenizer } from '../data/tokenizer';
import type { Tokenizer } from '../data/tokens';
import { openDevice } from '../engine/device';
import { installWasm } from '../engine/wasm.node';
import { disposeParams } from '../model/params';
import { expectClose } from '../testing/expectClose';
import { fixtureJson } from '../testing/fixtures';
import { tinyStudent } from '../testing/tinyGpt2';
import { BYTE_TOKENIZER } from '../testing/tinyPlatform';
import { perplexity } from './perplexity';
import { perplexityBy, textForProtocol } from './protocol';

let tokenizer: Tokenizer;
beforeAll(async () => {
  await openDevice({ prefer: 'wasm', wasmPath: installWasm() });
  tokenizer = await loadTokenizer({ tokenizerJson: BYTE_TOKENIZER }, 512);
});

const raw = { text: 'raw', unit: 'token' } as const;
const word = { window: 32, stride: 16, text: 'detokenised', unit: 'word' } as const;

test.each(['non_overlapping', 'sliding'])('%s windows give the figure of the fixtures', async (kind) => {
  const { tokens, student } = fixtureJson<{
    tokens: number[];
    student: Record<string, { window: number; stride: number; perplexity: number }>;
  }>('perplexity');
  const { window, stride, perplexity: expected } = student[kind]!;
  const model = tinyStudent();
  const report = await perplexityBy({ window, stride, ...raw }, model, { ids: tokens });
  // fixtures/README.md, column "suggested".
  expectClose([report.perplexity], [expected], 2e-6, 'perplexity');
  expect(report).toMatchObject({ window, stride, ...raw });
  expect(report.protocol).toBe(kind === 'sliding' ? undefined : 'windows-128');
  disposeParams(model.params);
});

test('per word, detokenised: the nats of the written text over the words of the original', async () => {
  const documents = [' = A b = \n one @-@ two , three . ', 'four " five " six'];
  const stream = documents.flatMap((text) => [tokenizer.endOfText, ...tokenizer.encode(text)]);
  const scored = textForProtocol(stream, tokenizer, word);
  const written = ['= A b =\none-two, three.', 'four "five" six'];
  expect(Array.from(scored.ids.slice(0, scored.ids.length))).toEqual(
    written.flatMap((text) => [tokenizer.endOfText, ...tokenizer.encode(text)]),
  );
  expect(scored.words).toBe(4 + 6 + 5);
  const model = tinyStudent();
  const report = await perplexityBy(word, model, scored);
  // By hand: every token of the written stream but the first, in windows that slide.
  const { loss, tokens } = await perplexity(model.params, model.config, scored.ids, word);
  expect(tokens).toBe(scored.ids.length - 1);
  expectClose([Math.log(report.perplexity)], [(loss * tokens) / 15], 1e-12, 'nats per word');
  expect(report).toMatchObject({ ...word, words: 15, loss, tokens });
  disposeParams(model.params);
});

test('of a long text only as much is read as is scored, at the same words per token', async () => {
  const stream = tokenizer.encode('two words '.repeat(2000));
  const { ids, words } = textForProtocol(stream, tokenizer, { ...word, text: 'raw' }, 100);
  expect(ids.length).toBe(2 * (100 + 32));
  expect(words! / ids.length).toBeCloseTo(1 / 5, 2);
  const model = tinyStudent();
  const report = await perplexityBy(
    { ...word, text: 'raw' },
    model,
    { ids, words: words! },
    { maxTokens: 100 },
  );
  expect(report.tokens).toBe(100);
  expect(report.words).toBeCloseTo(20, 0);
  disposeParams(model.params);
});

test('a text that is scored as it came is the stream itself', () => {
  const stream = Uint16Array.of(256, 1, 2);
  expect(textForProtocol(stream, tokenizer, { ...word, ...raw }).ids).toBe(stream);
});
