import { beforeAll, describe, expect, test } from 'vitest';
import { openDevice } from '../engine/device';
import { installWasm } from '../engine/wasm.node';
import { CancelledError, DataError } from '../errors';
import { disposeParams, initialiseParams } from '../model/params';
import { checkPerplexity } from '../testing/perplexityChecks';
import { perplexity, windows } from './perplexity';

beforeAll(async () => {
  await openDevice({ prefer: 'wasm', wasmPath: installWasm() });
});

// The teacher's are measured on WebGPU: plain ops take a minute for them.
describe('perplexity on the reference path', () => checkPerplexity(['student']));

test('windows side by side score all but the first token of each', () => {
  expect(windows(10, 4, 4)).toEqual([
    { begin: 0, end: 4, scoreFrom: 1 },
    { begin: 4, end: 8, scoreFrom: 5 },
    { begin: 8, end: 10, scoreFrom: 9 },
  ]);
});

test('sliding windows score every token but the first exactly once', () => {
  const scored = windows(23, 8, 3).flatMap(({ scoreFrom, end }) =>
    Array.from({ length: end - scoreFrom }, (_, i) => scoreFrom + i),
  );
  expect(scored).toEqual(Array.from({ length: 22 }, (_, i) => i + 1));
});

test('the last window is the first one that reaches the end, and a window of one token scores nothing', () => {
  expect(windows(9, 4, 4).map(({ end }) => end)).toEqual([4, 8]);
  expect(windows(8, 4, 2).at(-1)).toEqual({ begin: 4, end: 8, scoreFrom: 6 });
});

test('a limit of scored tokens is kept to the token', () => {
  const count = (limit: number) =>
    windows(1000, 64, 64, limit).reduce((sum, { scoreFrom, end }) => sum + end - scoreFrom, 0);
  expect([1, 63, 64, 100, 5000].map(count)).toEqual([1, 63, 64, 100, 984]);
});

const config = {
  nLayer: 1,
  nHead: 1,
  nEmbd: 4,
  nPositions: 8,
  vocabSize: 16,
  nInner: 8,
  activation: 'gelu_new',
  layerNormEpsilon: 1e-5,
} as const;

test.each([
  [{ window: 9, stride: 4 }, 20, 'an evaluation window of 9 tokens does not fit the model'],
  [{ window: 8, stride: 9 }, 20, 'a stride of 9 with a window of 8 would leave tokens out'],
  [{ window: 8, stride: 8 }, 1, 'the evaluation text has 1 token; the first one is never scored'],
])('%o over %i tokens is refused', async (options, count, message) => {
  const measured = perplexity({}, config, new Uint16Array(count), options);
  await expect(measured).rejects.toThrow(DataError);
  await expect(measured).rejects.toThrow(message);
});

test('an aborted evaluation ends with CancelledError', async () => {
  const params = initialiseParams(config, 1);
  const signal = AbortSignal.abort();
  const measured = perplexity(params, config, new Uint16Array(50), { window: 8, stride: 8, signal });
  await expect(measured).rejects.toThrow(CancelledError);
  disposeParams(params);
});
