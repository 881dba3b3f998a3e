/**
 * Tokens of a text in files, so that it is read and encoded once: `ids`, what is known of each `document`, and `meta`,
 * which is written last and says what the others must be. A shard that is damaged, half written or of something else
 * reads as absent.
 */
import { CancelledError, DataError } from '../../errors';
import { idsOf, type TokenStream } from '../corpus';
import { hash64 } from '../cleaning/hashes';
import type { Tokenizer } from '../tokens';
import { encodeInOrder, type Encoder } from './encoders';
import { jobsOf } from './jobs';
import { FileIds, startsOf, type ReadFile } from './ranges';
import type { SplitMode, SplitPieces } from './splitPieces';

export interface StoredFile extends ReadFile {
  close(): void;
}

export interface FileWriter {
  write(bytes: Uint8Array): Promise<void>;
  /** Gives the file its name. */
  keep(): Promise<void>;
  /** The file was not. */
  discard(): Promise<void>;
}

/** Files that are written once from start to end, and read by ranges. */
export interface TokenStore {
  open(folder: string, name: string): Promise<StoredFile | null>;
  create(folder: string, name: string): Promise<FileWriter>;
  remove(folder: string): Promise<void>;
}

const VERSION = 1;

interface ShardMeta {
  readonly version: number;
  readonly key: string;
  readonly name: string;
  readonly mode: SplitMode;
  readonly tokens: number;
  readonly documents: number;
  /** Of the text, in UTF-8. */
  readonly bytes: number;
  readonly warnings: readonly string[];
  /** The source's own. */
  readonly report?: unknown;
  readonly idsHash: number;
  readonly documentsHash: number;
}

export interface TokenShard extends TokenStream<FileIds> {
  readonly mode: SplitMode;
  readonly bytes: number;
  readonly warnings: readonly string[];
  readonly report?: unknown;
  /** Of each document, end-of-text tokens included. */
  readonly lengths: Uint32Array;
  readonly characters: Uint32Array;
  /** `hashOf` each document; of passages 1 for those held out. */
  readonly marks: Uint32Array;
}

export interface ShardSource {
  /** For people. */
  readonly name: string;
  /** Of what is encoded: the source's key, and how it is cut. */
  readonly key: string;
}

export interface ShardWork {
  readonly encoders: readonly Encoder[];
  readonly signal: AbortSignal;
  /** After every job. */
  onProgress(): void;
  /** What the source has to say; asked when the pieces have ended. */
  told(): { warnings: readonly string[]; report?: unknown };
}

/** FNV-1a over words of 16 bits, to be continued. */
function checksum(hash: number, words: Uint16Array): number {
  for (let i = 0; i < words.length; i++) hash = Math.imul(hash ^ words[i]!, 0x01000193);
  return hash;
}

const wordsOf = ({ buffer, byteOffset, byteLength }: Uint16Array | Uint32Array): Uint16Array =>
  new Uint16Array(buffer, byteOffset, byteLength / 2);

const bytesIn = ({ buffer, byteOffset, byteLength }: Uint16Array | Uint32Array): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

/** Numbers that are not known to be how many. */
class Column {
  private values = new Uint32Array(1024);
  length = 0;

  push(value: number): void {
    if (this.length === this.values.length) {
      const larger = new Uint32Array(2 * this.length);
      larger.set(this.values);
      this.values = larger;
    }
    this.values[this.length++] = Math.min(value, 0xffffffff);
  }

  /** Adds to the last one. */
  add(value: number): void {
    this.values[this.length - 1]! += value;
  }

  get all(): Uint32Array {
    return this.values.subarray(0, this.length);
  }
}

const keyOf = ({ key }: ShardSource, { fingerprint }: Tokenizer) => JSON.stringify([key, fingerprint]);

function folderOf(source: ShardSource, tokenizer: Tokenizer): string {
  const hash = hash64(keyOf(source, tokenizer), [0, 0]);
  return hash.map((half) => (half >>> 0).toString(16).padStart(8, '0')).join('');
}

/** Whether a store had no room left, in a browser or in Node. */
export const isFull = (error: unknown): boolean =>
  (error as { name?: string }).name === 'QuotaExceededError' ||
  (error as { code?: string }).code === 'ENOSPC';

const nothingLeft = (name: string) =>
  new DataError(
    `nothing is left of ${name} after cleaning`,
    'Loosen the thresholds of data.cleaning, or leave it out.',
  );

/** Encodes and keeps. Throws DataError when there is no room, CancelledError when cancelled; nothing stays then. */
export async function writeShard(
  store: TokenStore,
  source: ShardSource,
  { mode, pieces }: SplitPieces,
  tokenizer: Tokenizer,
  { encoders, signal, onProgress, told }: ShardWork,
): Promise<void> {
  const folder = folderOf(source, tokenizer);
  await store.remove(folder);
  const [lengths, characters, marks] = [new Column(), new Column(), new Column()];
  let [tokens, bytes, idsHash] = [0, 0, 0x811c9dc5];
  const jobs = jobsOf(pieces, tokenizer.cutsAtSpaces, (facts) => {
    characters.push(facts.characters);
    marks.push(mode === 'passages' ? Number(facts.heldOut) : facts.hash);
    bytes += facts.bytes;
  });
  try {
    const file = await store.create(folder, 'ids');
    try {
      for await (const { job, encoded } of encodeInOrder(jobs, encoders)) {
        if (signal.aborted) throw new CancelledError('the tokenising was cancelled');
        encoded.lengths.forEach((length, i) => (job.begins[i] ? lengths.push(length) : lengths.add(length)));
        tokens += encoded.ids.length;
        idsHash = checksum(idsHash, wordsOf(encoded.ids));
        await file.write(bytesIn(encoded.ids));
        onProgress();
      }
    } catch (error) {
      await file.discard();
      throw error;
    }
    await file.keep();
    if (lengths.length === 0) throw nothingLeft(source.name);
    const columns = new Uint32Array(3 * lengths.length);
    [lengths, characters, marks].forEach((column, i) => columns.set(column.all, i * lengths.length));
    await writeFile(store, folder, 'documents', bytesIn(columns));
    const meta: ShardMeta = {
      ...{ version: VERSION, key: keyOf(source, tokenizer), name: source.name, mode, tokens, bytes },
      ...{ documents: lengths.length, ...told(), idsHash },
      documentsHash: checksum(0, wordsOf(columns)),
    };
    await writeFile(store, folder, 'meta', new TextEncoder().encode(JSON.stringify(meta)));
  } catch (error) {
    await store.remove(folder);
    if (!isFull(error)) throw error;
    const size = tokens * idsOf(tokenizer).BYTES_PER_ELEMENT;
    throw new DataError(
      `there is no room for the tokens of ${source.name}: ${Math.ceil(size / 1e6)} MB of them were written`,
      'Clear what is kept, make room on the disk, or take a fraction of the text.',
      { cause: error },
    );
  }
}

async function writeFile(store: TokenStore, folder: string, name: string, bytes: Uint8Array): Promise<void> {
  const file = await store.create(folder, name);
  try {
    await file.write(bytes);
  } catch (error) {
    await file.discard();
    throw error;
  }
  await file.keep();
}

function readMeta(file: StoredFile): Partial<ShardMeta> {
  const bytes = new Uint8Array(file.size);
  file.read(bytes, 0);
  try {
    return JSON.parse(new TextDecoder().decode(bytes)) as Partial<ShardMeta>;
  } catch {
    return {};
  }
}

/** Bytes that are read and checked at once; in between others get their turn. */
const CHECKED_BYTES = 1 << 24;

async function checksumOf(file: StoredFile, signal: AbortSignal): Promise<number> {
  const block = new Uint8Array(Math.min(CHECKED_BYTES, file.size));
  let hash = 0x811c9dc5;
  for (let at = 0; at < file.size; at += block.length) {
    const part = block.subarray(0, Math.min(block.length, file.size - at));
    file.read(part, at);
    hash = checksum(hash, new Uint16Array(part.buffer, 0, part.length / 2));
    await new Promise((resolve) => setTimeout(resolve));
    if (signal.aborted) throw new CancelledError('the reading was cancelled');
  }
  return hash;
}

/** A complete shard, or null. Its files stay open for reading until it is closed. */
export async function openShard(
  store: TokenStore,
  source: ShardSource,
  tokenizer: Tokenizer,
  signal: AbortSignal,
): Promise<TokenShard | null> {
  const folder = folderOf(source, tokenizer);
  const opened: StoredFile[] = [];
  const open = async (name: string) => {
    const file = await store.open(folder, name);
    if (file) opened.push(file);
    return file;
  };
  const files = [await open('meta'), await open('documents'), await open('ids')] as const;
  const shard = await readShard(files, source, tokenizer, signal).catch((error: unknown) => {
    if (error instanceof CancelledError) throw error;
    // A file that cannot be read is as good as none.
    return null;
  });
  for (const file of opened) if (!shard || file !== files[2]) file.close();
  return shard;
}

async function readShard(
  [metaFile, documentsFile, idsFile]: readonly (StoredFile | null)[],
  source: ShardSource,
  tokenizer: Tokenizer,
  signal: AbortSignal,
): Promise<TokenShard | null> {
  if (!metaFile || !documentsFile || !idsFile) return null;
  const meta = readMeta(metaFile);
  const { mode, documents, bytes, warnings, report } = meta;
  if (meta.version !== VERSION || meta.key !== keyOf(source, tokenizer)) return null;
  if (mode === undefined || documents === undefined || bytes === undefined || !warnings) return null;
  const Ids = idsOf(tokenizer);
  if (idsFile.size !== (meta.tokens ?? -1) * Ids.BYTES_PER_ELEMENT || documentsFile.size !== 12 * documents)
    return null;
  const columns = new Uint32Array(3 * documents);
  documentsFile.read(bytesIn(columns), 0);
  if (checksum(0, wordsOf(columns)) !== meta.documentsHash) return null;
  if ((await checksumOf(idsFile, signal)) !== meta.idsHash) return null;
  const column = (i: number) => columns.subarray(i * documents, (i + 1) * documents);
  return {
    ids: new FileIds(idsFile, Ids),
    documentStarts: startsOf(column(0)),
    documents,
    ...{ mode, bytes, warnings, report },
    lengths: column(0),
    characters: column(1),
    marks: column(2),
  };
}
