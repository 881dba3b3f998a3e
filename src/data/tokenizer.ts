/**
 * Text to token ids and back, as the checkpoint's own files say: `tokenizer.json`, or `vocab.json` and
 * `merges.txt`; GPT-2's own vocabulary where a checkpoint brings none.
 */
import { ByteLevelPreTokenizer, Tokenizer as HuggingFaceTokenizer } from '@huggingface/tokenizers';
import { DataError } from '../errors';
import { ByteDecoder, charsToBytes, type StreamDecoder } from './byteAlphabet';
import { byteLevelTokenizerJson, GPT2_VOCAB_SIZE, gpt2Tokenizer, isGpt2Vocabulary } from './gpt2Vocabulary';
import {
  addedTokens,
  checkByteLevel,
  checkSize,
  idsIn,
  endOfTextId,
  isObject,
  parseObject,
  vocabularyOf,
  type AddedToken,
  type Json,
} from './tokenizerChecks';
import type { Tokenizer, TokenizerOrigin } from './tokens';
import { mergeEncoder } from './pairMerges';
import { fingerprintOf, GPT2_PIECES, pieceEncoder } from './pieces';

export type { Tokenizer } from './tokens';

/** The contents of a checkpoint's tokenizer files. */
export interface TokenizerFiles {
  tokenizerJson?: string;
  vocabJson?: string;
  mergesTxt?: string;
  tokenizerConfig?: string;
}

function isByteLevel(part: unknown): boolean {
  if (!isObject(part)) return false;
  const inner = part.decoders ?? part.pretokenizers;
  return part.type === 'ByteLevel' || (Array.isArray(inner) && inner.some(isByteLevel));
}

/** The library's tokenizer without special tokens, so that their text in data is ordinary text. */
function construct(json: Json, added: AddedToken[], config: Json): HuggingFaceTokenizer {
  const kept = (json.added_tokens as unknown[] | undefined)?.filter((_, i) => !added[i]!.special) ?? [];
  const complete = { normalizer: null, pre_tokenizer: null, post_processor: null, decoder: null, ...json };
  try {
    const tokenizer = new HuggingFaceTokenizer({ ...complete, added_tokens: kept }, config);
    if (tokenizer.pre_tokenizer instanceof ByteLevelPreTokenizer)
      tokenizer.pre_tokenizer.pattern = GPT2_PIECES;
    return tokenizer;
  } catch (error) {
    throw new DataError(
      `the tokenizer cannot be used: ${(error as Error).message}`,
      'It is damaged, or of a kind that this build does not know.',
      { cause: error },
    );
  }
}

/** GPT-2's plain form, whose pieces are independent of each other. */
function isPlain(json: Json, kept: AddedToken[]): boolean {
  const pre = json.pre_tokenizer;
  if (!isObject(pre) || pre.type !== 'ByteLevel' || pre.add_prefix_space === true || pre.use_regex === false)
    return false;
  return kept.length === 0 && (json.normalizer ?? null) === null;
}

function fromJson(
  json: Json,
  config: Json,
  vocab: ReadonlyMap<string, number>,
  size: number,
  origin: TokenizerOrigin,
): Tokenizer {
  const model = json.model as Json;
  const byteLevel = isByteLevel(json.decoder) || isByteLevel(json.pre_tokenizer);
  if (byteLevel && model.merges !== undefined) checkByteLevel(model, vocab);
  const added = addedTokens(json);
  const plain = isPlain(
    json,
    added.filter((token) => !token.special),
  );
  const tokens: (string | undefined)[] = new Array<string | undefined>(size).fill(undefined);
  for (const [token, id] of vocab) tokens[id] = token;
  const common = {
    vocabSize: size,
    origin,
    cutsAtSpaces: plain,
    endOfText: endOfTextId(vocab, config),
    fingerprint: fingerprintOf(tokens),
  };
  const encode = plain ? mergeEncoder(model, vocab) : undefined;
  // The library's tokenizer holds 60 MB for a vocabulary like GPT-2's, so it is made only where it is needed.
  if (encode) return { ...common, encode, ...byteLevelDecoding(tokens) };
  const tokenizer = construct(json, added, config);
  const whole = (text: string) => tokenizer.encode(text, { add_special_tokens: false }).ids;
  const encoding = { encode: plain ? pieceEncoder(tokenizer) : whole };
  if (byteLevel) return { ...common, ...encoding, ...byteLevelDecoding(tokens) };
  const decode = (ids: ArrayLike<number>) => {
    const known = Array.from(ids).filter((id) => tokens[id] !== undefined);
    return known.length === 0 ? '' : tokenizer.decode(known, { clean_up_tokenization_spaces: false });
  };
  return {
    ...common,
    ...encoding,
    decode,
    tokenText: (id) => tokens[id] ?? '',
    streamDecoder: () => wholeStream(decode),
  };
}

/** How tokens that are bytes become text. */
function byteLevelDecoding(
  tokens: readonly (string | undefined)[],
): Pick<Tokenizer, 'decode' | 'tokenText' | 'streamDecoder'> {
  const text = new TextEncoder();
  const bytes = tokens.map((token) =>
    token === undefined ? undefined : (charsToBytes(token) ?? text.encode(token)),
  );
  const decoder = new ByteDecoder((id) => bytes[id]);
  return {
    decode: (ids) => decoder.decode(ids),
    tokenText: (id) => decoder.tokenText(id),
    streamDecoder: () => decoder.stream(),
  };
}

/** For tokenizers whose text of a token depends on its neighbours: decodes all again and gives what is new. */
function wholeStream(decode: (ids: number[]) => string): StreamDecoder {
  const ids: number[] = [];
  let given = '';
  return {
    push(id) {
      ids.push(id);
      const text = decode(ids);
      const fresh = text.startsWith(given) ? text.slice(given.length) : '';
      if (fresh !== '') given = text;
      return fresh;
    },
    end: () => '',
  };
}

/** GPT-2's vocabulary in its plain form, so that its own encoder can stand in. */
async function isGpt2(json: Json): Promise<boolean> {
  const added = addedTokens(json);
  const kept = added.filter((token) => !token.special);
  const model = isObject(json.model) ? json.model : {};
  if (!isPlain(json, kept) || !isObject(model.vocab)) return false;
  return isGpt2Vocabulary(model.vocab, added);
}

function gpt2(vocabSize: number): Promise<Tokenizer> {
  checkSize(GPT2_VOCAB_SIZE, vocabSize);
  return gpt2Tokenizer();
}

/**
 * The tokenizer of a checkpoint whose vocabulary has `vocabSize` rows. Throws DataError when its files are broken,
 * when it belongs to another vocabulary, and when there is none and GPT-2's own does not fit.
 */
export async function loadTokenizer(files: TokenizerFiles, vocabSize: number): Promise<Tokenizer> {
  const config =
    files.tokenizerConfig === undefined ? {} : parseObject('tokenizer_config.json', files.tokenizerConfig);
  let json: Json;
  if (files.tokenizerJson !== undefined) {
    json = parseObject('tokenizer.json', files.tokenizerJson);
    if (await isGpt2(json)) return gpt2(vocabSize);
  } else if (files.vocabJson !== undefined && files.mergesTxt !== undefined) {
    const vocab = parseObject('vocab.json', files.vocabJson) as Record<string, number>;
    if (await isGpt2Vocabulary(vocab)) return gpt2(vocabSize);
    json = byteLevelTokenizerJson(vocab, files.mergesTxt);
  } else if (files.vocabJson !== undefined || files.mergesTxt !== undefined) {
    const [there, missing] =
      files.vocabJson === undefined ? ['merges.txt', 'vocab.json'] : ['vocab.json', 'merges.txt'];
    throw new DataError(
      `the tokenizer has ${there} and no ${missing}`,
      'Load both files, or tokenizer.json.',
    );
  } else if (vocabSize === GPT2_VOCAB_SIZE) return gpt2Tokenizer();
  else {
    throw new DataError(
      `the checkpoint has no tokenizer, and its vocabulary of ${vocabSize} is not GPT-2's ${GPT2_VOCAB_SIZE}`,
      'Load tokenizer.json, or vocab.json and merges.txt, together with the weights.',
    );
  }
  const vocab = vocabularyOf(json);
  const size = idsIn(vocab);
  checkSize(size, vocabSize);
  return fromJson(json, config, vocab, size, { files, vocabSize });
}
