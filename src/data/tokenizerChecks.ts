/** Checks of tokenizer files from outside, before anything is built from them. */
import { DataError } from '../errors';
import { BYTE_CHARS } from './byteAlphabet';
import { END_OF_TEXT } from './pieces';

/** Embedding tables are padded to a round number of rows; a thousand more than tokens is another model's. */
const SPARE_ROWS = 1024;

export type Json = Record<string, unknown>;

/** A JSON object, not a list. */
export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Throws DataError when the text is not a JSON object. */
export function parseObject(name: string, text: string): Json {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new DataError(`${name} is not JSON: ${(error as Error).message}`, 'Load the file again.', {
      cause: error,
    });
  }
  if (!isObject(value)) throw new DataError(`${name} is not a JSON object`, 'Load the file again.');
  return value;
}

export interface AddedToken {
  id: number;
  content: string;
  special: boolean;
}

/** The list of that name; empty when it is not there. */
export function addedTokens(json: Json): AddedToken[] {
  const list = json.added_tokens ?? [];
  if (!Array.isArray(list)) throw new DataError('added_tokens of tokenizer.json is not a list');
  return list.map((entry: unknown, i) => {
    if (isObject(entry) && typeof entry.content === 'string' && typeof entry.id === 'number') {
      return { id: entry.id, content: entry.content, special: entry.special === true };
    }
    throw new DataError(`added_tokens[${i}] of tokenizer.json has no id and content`);
  });
}

/** Token to id, of the model and the added tokens together. Throws DataError for ids that are none. */
export function vocabularyOf(json: Json): Map<string, number> {
  const model = isObject(json.model) ? json.model : {};
  const pairs: [string, unknown][] = isObject(model.vocab)
    ? Object.entries(model.vocab)
    : Array.isArray(model.vocab)
      ? model.vocab.map((entry: unknown, id): [string, unknown] => [
          String(Array.isArray(entry) ? entry[0] : entry),
          id,
        ])
      : [];
  if (pairs.length === 0)
    throw new DataError(
      'the tokenizer has no vocabulary',
      'model.vocab of tokenizer.json, or vocab.json, lists the tokens.',
    );
  const vocab = new Map<string, number>();
  const owners = new Map<number, string>();
  const add = (token: string, id: unknown) => {
    if (typeof id !== 'number' || !Number.isInteger(id) || id < 0 || id >= 2 ** 24) {
      throw new DataError(
        `the token ${JSON.stringify(token)} has the id ${JSON.stringify(id)}, expected a whole number from 0 on`,
      );
    }
    const owner = owners.get(id);
    if (owner !== undefined && owner !== token) {
      throw new DataError(
        `the tokens ${JSON.stringify(owner)} and ${JSON.stringify(token)} both have the id ${id}`,
      );
    }
    owners.set(id, token);
    vocab.set(token, id);
  };
  for (const [token, id] of pairs) add(token, id);
  for (const { content, id } of addedTokens(json)) add(content, id);
  return vocab;
}

/** A merge or a byte that the vocabulary lacks would make text vanish without a word. */
export function checkByteLevel(model: Json, vocab: ReadonlyMap<string, number>): void {
  const missing = BYTE_CHARS.filter((char) => !vocab.has(char));
  if (missing.length > 0 && typeof model.unk_token !== 'string') {
    throw new DataError(
      `the tokenizer lacks ${missing.length} of the 256 bytes, ${JSON.stringify(missing[0])} among them`,
      'Its vocabulary is not a byte-level one; load the files of one model.',
    );
  }
  if (!Array.isArray(model.merges)) throw new DataError('the tokenizer has no list of merges');
  for (const merge of model.merges as unknown[]) {
    const parts: unknown[] = typeof merge === 'string' ? merge.split(' ') : Array.isArray(merge) ? merge : [];
    if (parts.length !== 2 || !parts.every((part) => typeof part === 'string' && part !== '')) {
      throw new DataError(`${JSON.stringify(merge)} is not a merge of two tokens`);
    }
    if (!vocab.has(parts.join(''))) {
      throw new DataError(
        `the merge ${JSON.stringify(parts.join(' '))} gives a token that the vocabulary does not have`,
        'vocab.json and merges.txt come from different models; load both from one.',
      );
    }
  }
}

/** The token that a tokenizer_config.json names, as text or as `{content}`. */
function namedToken(config: Json, key: string): string | undefined {
  const value = config[key];
  if (typeof value === 'string') return value;
  return isObject(value) && typeof value.content === 'string' ? value.content : undefined;
}

/** The token that stands between documents, by name. Throws DataError when there is none. */
export function endOfTextId(vocab: ReadonlyMap<string, number>, config: Json): number {
  const candidates = [
    namedToken(config, 'eos_token'),
    END_OF_TEXT,
    namedToken(config, 'bos_token'),
    '</s>',
    '[SEP]',
  ];
  for (const candidate of candidates) {
    const id = candidate === undefined ? undefined : vocab.get(candidate);
    if (id !== undefined) return id;
  }
  throw new DataError(
    'the tokenizer has no end-of-text token',
    `Add tokenizer_config.json with eos_token, or ${END_OF_TEXT} to the vocabulary.`,
  );
}

/** The number of ids: the highest plus one. */
export function idsIn(vocab: ReadonlyMap<string, number>): number {
  let size = 0;
  for (const id of vocab.values()) size = Math.max(size, id + 1);
  return size;
}

/** Throws DataError when a tokenizer of `size` ids cannot be that of a model with `vocabSize` rows. */
export function checkSize(size: number, vocabSize: number): void {
  if (size > vocabSize || vocabSize - size >= SPARE_ROWS) {
    throw new DataError(
      `the tokenizer has ${size} ids, the model's vocabulary has ${vocabSize}`,
      'It is the tokenizer of another model; load the one that belongs to these weights.',
    );
  }
}
