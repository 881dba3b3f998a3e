import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { decodeDocuments, loadDemoStream, loadDemoTokenizer } from './demo';
import { gpt2Tokenizer } from './gpt2Vocabulary';
import type { Folder } from './tokens';

function folder(path: string, change: (name: string, bytes: Buffer) => Buffer = (_, bytes) => bytes): Folder {
  return {
    open(name) {
      const file = new URL(`../../public/demo/${path}${name}`, import.meta.url);
      if (!existsSync(file)) return Promise.resolve(null);
      const bytes = change(name, readFileSync(file));
      return Promise.resolve({
        size: bytes.length,
        read: (start, end) => Promise.resolve(new Uint8Array(bytes.subarray(start, end))),
      });
    },
  };
}

const tokenizer = await loadDemoTokenizer(folder('teacher/'));

test('the bundled ids are what encoding their text gives', async () => {
  const stream = await loadDemoStream(folder(''), 'validation', tokenizer, tokenizer);
  expect([stream.ids.length, stream.documents]).toEqual([83_275, 22]);
  const again = [...decodeDocuments(stream, tokenizer)].flatMap((text) => [
    tokenizer.endOfText,
    ...tokenizer.encode(text),
  ]);
  expect(again).toEqual(Array.from(stream.ids));
});

test('another vocabulary gets the same text in its own ids', async () => {
  const gpt2 = await gpt2Tokenizer();
  const own = await loadDemoStream(folder(''), 'validation', tokenizer, tokenizer);
  const other = await loadDemoStream(folder(''), 'validation', gpt2, tokenizer);
  expect(other.ids[0]).toBe(50256);
  expect(other.ids.length).toBeLessThan(own.ids.length);
  expect([...decodeDocuments(other, gpt2)]).toEqual([...decodeDocuments(own, tokenizer)]);
});

test('a page in the place of a file gets one sentence', async () => {
  const page = folder('', () => Buffer.from('<!doctype html><p>index</p>.'));
  await expect(loadDemoStream(page, 'test', tokenizer, tokenizer)).rejects.toThrow(
    'text/test.bin does not start with an end-of-text token',
  );
  await expect(loadDemoStream(folder('teacher/'), 'test', tokenizer, tokenizer)).rejects.toThrow(
    'the demo lacks text/test.bin',
  );
});
