import { describe, expect, test } from 'vitest';
import { DataError } from '../errors';
import { readTextFile, readTextFiles } from './textFiles';

const file = (name: string, content: string | Uint8Array<ArrayBuffer>) => new File([content], name);

describe('text files', () => {
  test('a .txt file is one document, white space and all', async () => {
    const corpus = await readTextFile(file('a.txt', ' one\r\n\n\ttwo \n'));
    expect(corpus).toEqual({ name: 'a.txt', documents: [' one\r\n\n\ttwo \n'], warnings: [] });
  });

  test('the end-of-text token separates documents of a .txt file', async () => {
    const corpus = await readTextFile(file('a.txt', '<|endoftext|>one<|endoftext|>\ntwo<|endoftext|>\n'));
    expect(corpus.documents).toEqual(['one', '\ntwo']);
  });

  test('a .jsonl file has one document a row, and says how many are empty', async () => {
    const rows = ['{"text":"one\\ntwo","id":1}', '', '{"text":""}', '{"text":"three<|endoftext|>"}'].join(
      '\n',
    );
    const corpus = await readTextFile(file('b.JSONL', rows));
    expect(corpus.documents).toEqual(['one\ntwo', 'three<|endoftext|>']);
    expect(corpus.warnings).toEqual(['1 rows of b.JSONL are empty and left out.']);
  });

  test('a byte order mark at the start is not text', async () => {
    expect((await readTextFile(file('a.txt', '\ufeffone'))).documents).toEqual(['one']);
  });

  test('several files are read in their order', async () => {
    const corpus = await readTextFiles('mine', [file('b.txt', 'two'), file('a.jsonl', '{"text":"one"}')]);
    expect(corpus).toEqual({ name: 'mine', documents: ['two', 'one'], warnings: [] });
    await expect(readTextFiles('mine', [])).rejects.toThrow('mine has no text files');
  });

  test.each<[string, ReturnType<typeof file>, RegExp]>([
    ['a broken line', file('a.jsonl', '{"text":"a"}\n\n{"text":'), /^a\.jsonl, line 3 is not JSON: /],
    ['a list', file('a.jsonl', '[1]'), /^a\.jsonl, line 1 is not a JSON object/],
    [
      'another column',
      file('a.jsonl', '{"body":"a","id":1}'),
      /line 1 has no text in the column "text": it has "body", "id"/,
    ],
    ['a number', file('a.jsonl', '{"text":1}'), /its text is number/],
    ['an empty file', file('a.txt', ''), /^a\.txt has no text in it$/],
    ['only white space', file('a.txt', ' \n'), /^a\.txt has no text in it$/],
    ['another kind', file('a.pdf', '%PDF'), /^a\.pdf is neither \.txt nor \.jsonl$/],
    ['zero bytes', file('a.txt', 'a\0b'), /^a\.txt is not a text: it holds zero bytes$/],
    ['Latin-1', file('a.txt', Uint8Array.of(0x61, 0xe9, 0x61)), /^a\.txt is not UTF-8$/],
    ['UTF-16', file('a.txt', Uint8Array.of(0xff, 0xfe, 0x61, 0)), /^a\.txt is UTF-16, expected UTF-8$/],
  ])('%s gets one sentence', async (_, given, message) => {
    const reading = readTextFile(given);
    await expect(reading).rejects.toThrow(message);
    await expect(reading).rejects.toBeInstanceOf(DataError);
  });

  test('a file over the limit is refused before it is read', async () => {
    const huge = { name: 'a.txt', size: 300 * 1048576, arrayBuffer: () => Promise.reject(new Error('read')) };
    await expect(readTextFile(huge)).rejects.toThrow('a.txt has 300 MB, at most 256 MB can be read');
  });
});
