/**
 * GPT-2's own vocabulary: 50,256 byte-level BPE tokens whose id is also the rank of their merge, and
 * `<|endoftext|>` with id 50256. The tokens are from `gpt-tokenizer` (MIT), loaded on first use.
 */
import { BYTE_CHARS, ByteDecoder, bytesToChars } from './byteAlphabet';
import { bytePairEncoder, packTokens, tokenBytes, type TokenTable } from './bytePairs';
import { END_OF_TEXT, fingerprintOf } from './pieces';
import type { Tokenizer } from './tokens';

export const GPT2_VOCAB_SIZE = 50257;

let loading: Promise<TokenTable> | undefined;

/** By id, without `<|endoftext|>`. */
function vocabulary(): Promise<TokenTable> {
  loading ??= import('gpt-tokenizer/bpeRanks/r50k_base').then(({ default: tokens }) => packTokens(tokens));
  return loading;
}

/** Each token in GPT-2's characters, in order of id. */
function* tokenChars(table: TokenTable): Generator<string> {
  for (let id = 0; id < table.count; id++) yield bytesToChars(tokenBytes(table, id)!);
  yield END_OF_TEXT;
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
  const tokens = [...tokenChars(await vocabulary())];
  const rank = new Map(tokens.map((token, id) => [token, id]));
  const merges = mergesOf(tokens.slice(0, -1), rank).map((pair) => pair.join(' '));
  const vocab = Object.fromEntries(rank);
  return { vocabJson: JSON.stringify(vocab), mergesTxt: `#version: 0.2\n${merges.join('\n')}\n` };
}

/** Whether `id` is a token that reads `chars` in GPT-2's characters. */
function reads({ count, bytes, starts }: TokenTable, id: unknown, chars: string): boolean {
  if (typeof id !== 'number' || !Number.isInteger(id) || id < 0 || id >= count) return false;
  const start = starts[id]!;
  if (starts[id + 1]! - start !== chars.length) return false;
  for (let i = 0; i < chars.length; i++) if (BYTE_CHARS[bytes[start + i]!] !== chars[i]) return false;
  return true;
}

/**
 * True for a vocabulary (token to id, and added tokens) that is GPT-2's own, so that its encoder can stand in. Makes
 * nothing of the 50,000 entries: two maps of them take more memory than all that GPT-2's tokenizer holds.
 */
export async function isGpt2Vocabulary(
  vocab: Readonly<Record<string, unknown>>,
  added: readonly { content: string; id: number }[] = [],
): Promise<boolean> {
  const others = added.filter(({ content, id }) => vocab[content] !== id);
  const isEnd = (content: string, id: unknown) => content === END_OF_TEXT && id === GPT2_VOCAB_SIZE - 1;
  if (others.some(({ content, id }) => !isEnd(content, id))) return false;
  if (others.length !== (END_OF_TEXT in vocab ? 0 : 1)) return false;
  const table = await vocabulary();
  let known = others.length;
  for (const token in vocab) {
    const id = vocab[token];
    if (!isEnd(token, id) && !reads(table, id, token)) return false;
    known++;
  }
  return known === GPT2_VOCAB_SIZE;
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

let made: Promise<Tokenizer> | undefined;

/** GPT-2's own tokenizer; one serves all. */
export function gpt2Tokenizer(): Promise<Tokenizer> {
  made ??= vocabulary().then((table) => {
    const endOfText = GPT2_VOCAB_SIZE - 1;
    const last = new TextEncoder().encode(END_OF_TEXT);
    const decoder = new ByteDecoder((id) => (id === endOfText ? last : tokenBytes(table, id)));
    return {
      vocabSize: GPT2_VOCAB_SIZE,
      origin: { files: {}, vocabSize: GPT2_VOCAB_SIZE },
      cutsAtSpaces: true,
      endOfText,
      fingerprint: fingerprintOf(tokenChars(table)),
      encode: bytePairEncoder(table),
      decode: (ids) => decoder.decode(ids),
      tokenText: (id) => decoder.tokenText(id),
      streamDecoder: () => decoder.stream(),
    };
  });
  return made;
}
