/**
 * Byte-level BPE by a list of merges, for any vocabulary: of the neighbours in a piece of text those are joined first whose
 * pair stands first in the list. `bytePairs.ts` has the shorter form for GPT-2's own vocabulary, where ids are ranks.
 */
import { BYTE_CHARS, charsToBytes } from './byteAlphabet';
import { encoderOf, lookupOf, merger, packTokens, type Joining } from './bytePairs';
import { isObject, type Json } from './tokenizerChecks';

/** Merges as ids: `left[i]` and `right[i]` become `joined[i]`. */
interface Merges {
  readonly left: Int32Array;
  readonly right: Int32Array;
  readonly joined: Int32Array;
}

const hashOf = (left: number, right: number) => {
  const hash = Math.imul(left, 0x9e3779b1) ^ Math.imul(right, 0x85ebca6b);
  return hash ^ (hash >>> 15);
};

/** The place of a pair in the list; -1 where there is none. A hash table with open addressing. */
function ranksOf({ left, right }: Merges): (left: number, right: number) => number {
  const size = 2 ** Math.ceil(Math.log2(2 * left.length + 2));
  const slots = new Int32Array(size).fill(-1);
  const find = (a: number, b: number) => {
    let slot = hashOf(a, b) & (size - 1);
    for (; slots[slot] !== -1; slot = (slot + 1) & (size - 1)) {
      const rank = slots[slot]!;
      if (left[rank] === a && right[rank] === b) break;
    }
    return slot;
  };
  for (let rank = 0; rank < left.length; rank++) {
    const slot = find(left[rank]!, right[rank]!);
    // As a map of the list would have it, the last one of equal pairs counts.
    slots[slot] = rank;
  }
  return (a, b) => slots[find(a, b)]!;
}

/** Joins parts by their ids. */
function joiningOf(merges: Merges, byteIds: Int32Array): Joining {
  const rankOf = ranksOf(merges);
  /** By a part's first byte. */
  let ids = new Int32Array(256);
  return {
    begin(piece, length) {
      if (length > ids.length) ids = new Int32Array(2 * length);
      for (let i = 0; i < length; i++) ids[i] = byteIds[piece[i]!]!;
    },
    rankOf: (_, at, joint) => rankOf(ids[at]!, ids[joint]!),
    join: (at, rank) => void (ids[at] = merges.joined[rank]!),
    idOf: (_, at) => ids[at]!,
  };
}

/** The merges of a model in ids; undefined where a part is no token. */
function mergesOf(list: readonly unknown[], vocab: ReadonlyMap<string, number>): Merges | undefined {
  const columns = [0, 1, 2].map(() => new Int32Array(list.length));
  for (const [rank, merge] of list.entries()) {
    const pair = (typeof merge === 'string' ? merge.split(' ') : merge) as string[];
    const ids = [pair[0]!, pair[1]!, pair.join('')].map((part) => vocab.get(part));
    for (const [i, id] of ids.entries()) {
      if (id === undefined) return undefined;
      columns[i]![rank] = id;
    }
  }
  const [left, right, joined] = columns as [Int32Array, Int32Array, Int32Array];
  return { left, right, joined };
}

/** Whether nothing but bytes, pieces and merges decides: no other way to treat what is unknown, no chance. */
function isPlainModel(model: Json): boolean {
  const off = (value: unknown) => value === undefined || value === null || value === false || value === '';
  const others = ['dropout', 'continuing_subword_prefix', 'end_of_word_suffix', 'ignore_merges'];
  return (model.type ?? 'BPE') === 'BPE' && others.every((name) => off(model[name]));
}

/**
 * The encoder of a BPE model whose merges are checked (`checkByteLevel`) and whose pieces are GPT-2's; undefined where
 * the model has something of its own that only the general tokenizer knows.
 */
export function mergeEncoder(
  model: unknown,
  vocab: ReadonlyMap<string, number>,
): ((text: string) => number[]) | undefined {
  if (!isObject(model) || !isPlainModel(model) || !Array.isArray(model.merges)) return undefined;
  const byteIds = Int32Array.from(BYTE_CHARS, (char) => vocab.get(char) ?? -1);
  const merges = byteIds.includes(-1) ? undefined : mergesOf(model.merges as unknown[], vocab);
  if (!merges) return undefined;
  const merge = merger(joiningOf(merges, byteIds));
  // A piece that is a token needs no merging where merging would give this token, which not all tokens are.
  const whole: { bytes: number[]; id: number }[] = [];
  for (const [token, id] of vocab) {
    const bytes = charsToBytes(token);
    if (!bytes || bytes.length === 0) continue;
    const ids: number[] = [];
    merge(bytes, bytes.length, (part) => void ids.push(part));
    if (ids.length === 1 && ids[0] === id) whole.push({ bytes: [...bytes], id });
  }
  const lookup = lookupOf(packTokens(whole.map(({ bytes }) => bytes)));
  const tokenAt = Int32Array.from(whole, ({ id }) => id);
  return encoderOf((piece, start, end) => {
    const found = lookup(piece, start, end);
    return found === -1 ? -1 : tokenAt[found]!;
  }, merge);
}
