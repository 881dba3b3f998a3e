/**
 * The tokens of a text for a model's tokenizer: from the store where they are, else read, encoded and kept. The split of
 * one text into training and validation follows from what the shard knows of its documents, so that another context
 * length needs no reading.
 */
import {
  ENOUGH_DOCUMENTS,
  enoughTokens,
  splitCorpus,
  tooShort,
  type SplitText,
  type TokenStream,
} from '../corpus';
import { collectDocuments, type DocumentSource } from '../documents';
import { heldOutChoices } from '../heldOut';
import type { Tokenizer } from '../tokens';
import type { Encoder } from './encoders';
import { sideOf } from './ranges';
import { openShard, writeShard, type ShardSource, type TokenShard, type TokenStore } from './shard';
import { splitPieces, type SplitPieces } from './splitPieces';

export interface TextWork {
  readonly store: TokenStore;
  /** Lets what else is kept go until so many bytes more have room; absent where there is no limit. */
  makeRoom?(bytes: number): Promise<void>;
  /** Started when a text must be encoded, and closed behind it. */
  startEncoders(tokenizer: Tokenizer): Promise<readonly Encoder[]>;
  readonly signal: AbortSignal;
  /** How much of the source is read. */
  onProgress(done: number, total: number | undefined): void;
}

/** Of ids, for a byte of text: GPT-2's vocabulary gives 0.41, the demo's 0.61. */
const ID_BYTES = 0.6;

const asDocuments = ({ name, key }: DocumentSource): ShardSource => ({ name, key });
const asPassages = ({ name, key }: DocumentSource): ShardSource => ({ name, key: `${key} in passages` });

async function encode(
  source: DocumentSource,
  shardOf: (source: DocumentSource, split: SplitPieces) => ShardSource,
  piecesOf: (documents: ReturnType<DocumentSource['documents']>) => Promise<SplitPieces>,
  tokenizer: Tokenizer,
  { store, makeRoom, startEncoders, signal, onProgress }: TextWork,
): Promise<TokenShard> {
  await makeRoom?.(ID_BYTES * (source.progress.total ?? 0));
  const encoders = await startEncoders(tokenizer);
  try {
    const split = await piecesOf(source.documents(signal));
    const shard = shardOf(source, split);
    const report = () => onProgress(source.progress.done, source.progress.total);
    const told = () => ({ warnings: source.warnings, report: source.report });
    await writeShard(store, shard, split, tokenizer, { encoders, signal, told, onProgress: report });
    // What was expected was a guess.
    await makeRoom?.(0);
    const written = await openShard(store, shard, tokenizer, signal);
    if (!written) throw new Error(`the tokens of ${source.name} cannot be read back`);
    return written;
  } finally {
    encoders.forEach((encoder) => encoder.close());
  }
}

/** A text as it is. */
export async function wholeTokens(
  source: DocumentSource,
  tokenizer: Tokenizer,
  work: TextWork,
): Promise<TokenShard> {
  const known = await openShard(work.store, asDocuments(source), tokenizer, work.signal);
  if (known) return known;
  const piecesOf = (pieces: ReturnType<DocumentSource['documents']>) =>
    Promise.resolve({ mode: 'documents' as const, pieces });
  return encode(source, asDocuments, piecesOf, tokenizer, work);
}

/** A text from which about 5 % is held out. Throws DataError when it is too short for windows of `contextLength`. */
export async function splitTokens(
  source: DocumentSource,
  tokenizer: Tokenizer,
  contextLength: number,
  work: TextWork,
): Promise<SplitText & { warnings: readonly string[]; report?: unknown }> {
  const { store, signal } = work;
  let shard = await openShard(store, asDocuments(source), tokenizer, signal);
  if (!shard || shard.documents < ENOUGH_DOCUMENTS)
    shard = await openShard(store, asPassages(source), tokenizer, signal);
  shard ??= await encode(
    source,
    (from, { mode }) => (mode === 'documents' ? asDocuments(from) : asPassages(from)),
    splitPieces,
    tokenizer,
    work,
  );
  const { warnings, report } = shard;
  const split =
    shard.mode === 'documents' ? byDocuments(shard, contextLength) : byPassages(shard, contextLength);
  if (split) return { ...split, warnings, report };
  if (shard.mode === 'documents') throw tooShort(source.name, shard.ids.length, contextLength);
  // More passages must be held out, of a text that is short: other passages, so other tokens.
  const documents = await collectDocuments(source, signal);
  return { ...splitCorpus({ name: source.name, documents }, tokenizer, contextLength), warnings, report };
}

function sides(shard: TokenShard, heldOut: Uint8Array, contextLength: number): SplitText | 'more' | null {
  const enough = enoughTokens(contextLength);
  const tokens = shard.lengths.reduce((sum, length, i) => sum + (heldOut[i] ? length : 0), 0);
  if (tokens < enough.validation) return 'more';
  if (shard.ids.length - tokens < enough.train) return null;
  const side = (mark: number): TokenStream => sideOf(shard.ids, shard.lengths, heldOut, mark);
  return { train: side(0), validation: side(1) };
}

function byDocuments(shard: TokenShard, contextLength: number): SplitText | null {
  for (const heldOut of heldOutChoices({ hashes: shard.marks, lengths: shard.characters })) {
    const split = sides(shard, heldOut, contextLength);
    if (split !== 'more') return split;
  }
  return null;
}

function byPassages(shard: TokenShard, contextLength: number): SplitText | null {
  const split = sides(shard, Uint8Array.from(shard.marks), contextLength);
  return split === 'more' ? null : split;
}
