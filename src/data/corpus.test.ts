import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DataError } from '../errors';
import { BYTE_CHARS } from './byteAlphabet';
import {
  encodeDocuments,
  passagesOf,
  previewWindows,
  splitCorpus,
  streamOf,
  takeShare,
  type TokenStream,
} from './corpus';
import { loadTokenizer, type Tokenizer } from './tokenizer';

const END = 256;
/** One id a byte, and the end of text. */
const bytes: Tokenizer = await loadTokenizer(
  {
    vocabJson: JSON.stringify(
      Object.fromEntries([...BYTE_CHARS, '<|endoftext|>'].map((token, id) => [token, id])),
    ),
    mergesTxt: '',
  },
  257,
);

function documentsOf(stream: TokenStream): string[] {
  return Array.from(stream.documentStarts, (start, i) => {
    const ids = stream.ids.slice(start, stream.documentStarts[i + 1] ?? stream.ids.length);
    expect(ids[0]).toBe(bytes.endOfText);
    return bytes.decode(Array.from(ids).slice(1));
  });
}

const sentence = (i: number) => `Sentence number ${i} says something of its own, and then it ends here. `;
const long = (count: number) => Array.from({ length: count }, (_, i) => sentence(i)).join('');

describe('a token stream', () => {
  test('starts every document with the end-of-text token', () => {
    const stream = encodeDocuments(['ab', '', 'c'], bytes);
    expect(stream.documentStarts).toEqual([0, 3, 4]);
    expect(documentsOf(stream)).toEqual(['ab', '', 'c']);
    expect(stream.ids).toBeInstanceOf(Uint16Array);
    expect(streamOf(stream.ids, END)).toEqual(stream);
  });

  test('the text of the end-of-text token starts no document', () => {
    const stream = encodeDocuments(['a<|endoftext|>b'], bytes);
    expect(stream.ids.filter((id) => id === END)).toHaveLength(1);
    expect(documentsOf(stream)).toEqual(['a<|endoftext|>b']);
  });

  test('a share is made of whole documents', () => {
    const stream = encodeDocuments(['aaaa', 'bbbb', 'cccc', 'dddd'], bytes);
    expect(documentsOf(takeShare(stream, 0.5))).toEqual(['aaaa', 'bbbb']);
    expect(documentsOf(takeShare(stream, 0.01))).toEqual(['aaaa']);
    expect(takeShare(stream, 1)).toBe(stream);
    const book = { ids: new Uint16Array(200_000), documentStarts: [0], documents: 1 };
    expect(takeShare(book, 0.1).ids).toHaveLength(20_000);
    expect(takeShare(book, 0.9).ids).toHaveLength(200_000);
  });

  test('the preview shows what the model sees', () => {
    const stream = encodeDocuments(['ab', 'cd'], bytes);
    const [first, second] = previewWindows(stream, bytes, 4, 5);
    expect(first!.tokens.map((token) => token.text)).toEqual(['<|endoftext|>', 'a', 'b', '<|endoftext|>']);
    expect(first!.tokens.map((token) => token.start)).toEqual([true, false, false, true]);
    expect(second!.tokens.map((token) => token.text)).toEqual(['c', 'd']);
  });
});

describe('a split', () => {
  const share = ({ train, validation }: { train: TokenStream; validation: TokenStream }) =>
    validation.ids.length / (train.ids.length + validation.ids.length);

  test('holds out whole documents, about one in twenty', () => {
    const documents = Array.from({ length: 400 }, (_, i) => `${sentence(i)}`.repeat(3));
    const split = splitCorpus({ name: 'many.jsonl', documents }, bytes, 32);
    expect(share(split)).toBeGreaterThan(0.04);
    expect(share(split)).toBeLessThan(0.06);
    const [train, validation] = [documentsOf(split.train), documentsOf(split.validation)];
    expect([...train, ...validation].sort()).toEqual([...documents].sort());
    expect(train).toEqual(documents.filter((text) => train.includes(text)));
    const again = splitCorpus({ name: 'many.jsonl', documents }, bytes, 32);
    expect(again).toEqual(split);
  });

  test('keeps copies of a document on one side', () => {
    const documents = Array.from({ length: 300 }, (_, i) => sentence(i % 30));
    const split = splitCorpus({ name: 'copies', documents }, bytes, 16);
    const train = new Set(documentsOf(split.train));
    for (const text of documentsOf(split.validation)) expect(train.has(text)).toBe(false);
  });

  test('one document is split by passages, and no character is lost', () => {
    const text = long(2000);
    const split = splitCorpus({ name: 'book.txt', documents: [text] }, bytes, 128);
    expect(share(split)).toBeGreaterThan(0.04);
    expect(share(split)).toBeLessThan(0.1);
    const parts = [...documentsOf(split.train), ...documentsOf(split.validation)];
    expect(parts.join('').length).toBe(text.length);
    for (const part of parts) expect(text).toContain(part);
  });

  test('one very long document among many stays in training', () => {
    const documents = [long(2000), ...Array.from({ length: 60 }, (_, i) => sentence(i).repeat(20))];
    const split = splitCorpus({ name: 'mixed', documents }, bytes, 32);
    expect(documentsOf(split.train)).toContain(documents[0]);
  });

  test('a short text still holds out one window', () => {
    const text = long(300);
    const split = splitCorpus({ name: 'short.txt', documents: [text] }, bytes, 3000);
    expect(split.validation.ids.length).toBeGreaterThan(3000);
    expect(split.train.ids.length).toBeGreaterThan(3001);
  });

  test('a text too short for both sides is refused with its length', () => {
    const split = () => splitCorpus({ name: 'note.txt', documents: ['Too short.'] }, bytes, 128);
    expect(split).toThrow(DataError);
    expect(split).toThrow('note.txt has 11 tokens, too few');
  });

  test('a megabyte of white space takes no time', () => {
    for (const unit of ['\n', ' ', '\n ', ' \n\n']) {
      const text = unit.repeat(1_000_000 / unit.length);
      const startMs = performance.now();
      expect(passagesOf(text).join('')).toBe(text);
      expect(performance.now() - startMs).toBeLessThan(5000);
    }
  });

  test('passages put together are the text', () => {
    const piece = fc.oneof(
      fc.string({ maxLength: 3000 }),
      fc.constantFrom('\n\n', '. ', ' '),
      fc.constant('x'.repeat(9000)),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 20 }), (pieces) => {
        const text = pieces.join('');
        const passages = passagesOf(text);
        expect(passages.join('')).toBe(text);
        for (const passage of passages) expect(passage.length).toBeLessThan(8001);
      }),
      { numRuns: 200, seed: 1 },
    );
  });
});
