/**
 * GPT-2's own vocabulary: 50,256 byte-level BPE tokens whose id is also the rank of their merge, and
 * `<|endoftext|>` with id 50256. Data and fast encoder: `gpt-tokenizer` (MIT); loaded on first use.
 */
import { Tokenizer as HuggingFaceTokenizer } from '@huggingface/tokenizers';
import type { BytePairEncodingCore } from 'gpt-tokenizer/BytePairEncodingCore';
import { ByteDecoder, bytesToChars } from './byteAlphabet';
import { END_OF_TEXT, fingerprintOf, GPT2_PIECES, pieceEncoder } from './pieces';
import type { Tokenizer } from './tokens';

export const GPT2_VOCAB_SIZE = 50257;

// The fast encoder's merging is quadratic in the length of a piece, and its look-up drops a U+FEFF at the start of
// a piece's bytes. Such text takes the other encoder, which gives the same ids.
const UNSUITABLE = /\uFEFF|\P{White_Space}{1000}|\p{White_Space}{1000}/u;

let loading: Promise<Gpt2Vocabulary> | undefined;

interface Gpt2Vocabulary {
  core: BytePairEncodingCore;
  /** By id, without `<|endoftext|>`. */
  bytes: readonly Uint8Array[];
}

async function load(): Promise<Gpt2Vocabulary> {
  const [{ BytePairEncodingCore }, { default: ranks }] = await Promise.all([
    import('gpt-tokenizer/BytePairEncodingCore'),
    import('gpt-tokenizer/bpeRanks/r50k_base'),
  ]);
  const text = new TextEncoder();
  const bytes = ranks.map((token) =>
    typeof token === 'string' ? text.encode(token) : Uint8Array.from(token),
  );
  const core = new BytePairEncodingCore({ bytePairRankDecoder: ranks, tokenSplitRegex: GPT2_PIECES });
  return { core, bytes };
}

function vocabulary(): Promise<Gpt2Vocabulary> {
  loading ??= load();
  return loading;
}

/** `['a', 'b']` of every merge in order: what a token was before its own rank existed. */
function mergesOf(tokens: readonly string[], rank: ReadonlyMap<string, number>): [string, string][] {
  return tokens.slice(256).map((token, i) => {
    const own = 256 + i;
    let parts = [...token];
    while (parts.length > 2) {
      let best = -1;
      let lowest = own;
      for (let j = 0; j + 1 < parts.length; j++) {
        const merged = rank.get(parts[j]! + parts[j + 1]!);
        if (merged !== undefined && merged < lowest) [best, lowest] = [j, merged];
      }
      parts = [...parts.slice(0, best), parts[best]! + parts[best + 1]!, ...parts.slice(best + 2)];
    }
    return [parts[0]!, parts[1]!];
  });
}

/** GPT-2's vocabulary as the two files of its release: `vocab.json` and `merges.txt`. */
export async function gpt2VocabularyFiles(): Promise<{ vocabJson: string; mergesTxt: string }> {
  return filesOf((await vocabulary()).bytes);
}

function filesOf(bytes: readonly Uint8Array[]): { vocabJson: string; mergesTxt: string } {
  const tokens = bytes.map(bytesToChars);
  const rank = new Map(tokens.map((token, id) => [token, id]));
  const merges = mergesOf(tokens, rank).map((pair) => pair.join(' '));
  const vocab = Object.fromEntries([...rank, [END_OF_TEXT, GPT2_VOCAB_SIZE - 1]]);
  return { vocabJson: JSON.stringify(vocab), mergesTxt: `#version: 0.2\n${merges.join('\n')}\n` };
}

/** True for a vocabulary (token to id) that is GPT-2's own, so that the fast encoder can stand in. */
export async function isGpt2Vocabulary(vocab: ReadonlyMap<string, number>): Promise<boolean> {
  if (vocab.size !== GPT2_VOCAB_SIZE || vocab.get(END_OF_TEXT) !== GPT2_VOCAB_SIZE - 1) return false;
  const { bytes } = await vocabulary();
  return bytes.every((token, id) => vocab.get(bytesToChars(token)) === id);
}

function carefulEncoder(bytes: readonly Uint8Array[]): (text: string) => number[] {
  const { vocabJson, mergesTxt } = filesOf(bytes);
  const json = byteLevelTokenizerJson(JSON.parse(vocabJson) as Record<string, number>, mergesTxt);
  return pieceEncoder(new HuggingFaceTokenizer(json, {}));
}

/** `vocab.json` and the lines of `merges.txt` as one tokenizer.json. Blank lines and the version line are skipped. */
export function byteLevelTokenizerJson(
  vocab: Record<string, number>,
  mergesTxt: string,
): Record<string, unknown> {
  const merges = mergesTxt
    .split('\n')
    .map((line) => line.replace(/\r$/, ''))
    .filter((line) => line !== '' && !line.startsWith('#version'));
  return {
    version: '1.0',
    added_tokens: [],
    normalizer: null,
    pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true },
    post_processor: null,
    decoder: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true },
    model: { type: 'BPE', unk_token: null, fuse_unk: false, byte_fallback: false, vocab, merges },
  };
}

/** GPT-2's own tokenizer. */
export async function gpt2Tokenizer(): Promise<Tokenizer> {
  const { core, bytes } = await vocabulary();
  let careful: ((text: string) => number[]) | undefined;
  const endOfText = GPT2_VOCAB_SIZE - 1;
  const decoder = new ByteDecoder([...bytes, new TextEncoder().encode(END_OF_TEXT)]);
  return {
    vocabSize: GPT2_VOCAB_SIZE,
    origin: { files: {}, vocabSize: GPT2_VOCAB_SIZE },
    cutsAtSpaces: true,
    endOfText,
    fingerprint: fingerprintOf([...bytes.map(bytesToChars), END_OF_TEXT]),
    encode(text) {
      if (!UNSUITABLE.test(text)) return core.encodeNative(text);
      careful ??= carefulEncoder(bytes);
      return careful(text);
    },
    decode: (ids) => decoder.decode(ids),
    tokenText: (id) => decoder.tokenText(id),
    streamDecoder: () => decoder.stream(),
  };
}
