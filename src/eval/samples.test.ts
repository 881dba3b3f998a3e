import { beforeAll, expect, test } from 'vitest';
import { openDevice } from '../engine/device';
import { installWasm } from '../engine/wasm.node';
import { disposeParams } from '../model/params';
import { tinyModel } from '../testing/tinyGpt2';
import { sampleText } from './samples';

beforeAll(async () => {
  await openDevice({ prefer: 'wasm', wasmPath: installWasm() });
});

/** One token a character code; 511 ends the text. */
const characters = {
  vocabSize: 512,
  endOfText: 511,
  encode: (text: string) => Array.from(text, (character) => character.charCodeAt(0)),
  decode: (ids: ArrayLike<number>) => String.fromCharCode(...Array.from(ids)),
};

test('a sample is the continuation alone, the same for the same weights and seed', async () => {
  const model = tinyModel([0, 11], { trainable: false });
  const options = { seed: 3, maxNewTokens: 6, temperature: 1, topK: 0 };
  const sample = await sampleText(model, characters, 'ab', options);
  expect(sample.prompt).toBe('ab');
  expect(sample.text.length).toBe(6);
  expect(await sampleText(model, characters, 'ab', options)).toEqual(sample);
  expect((await sampleText(model, characters, 'ac', options)).text).not.toBe(sample.text);
  disposeParams(model.params);
});

test('an empty prompt starts from end of text', async () => {
  const model = tinyModel([0], { trainable: false });
  const { text } = await sampleText(model, characters, '', { seed: 1, maxNewTokens: 2 });
  expect(text.length).toBeLessThanOrEqual(2);
  disposeParams(model.params);
});
