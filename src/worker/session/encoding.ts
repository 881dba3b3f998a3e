/** Where texts are encoded and kept: workers and files of the platform, or this thread and memory. */
import type { DocumentSource } from '../../data/documents';
import { localEncoder, remoteEncoder, type Encoder } from '../../data/tokens/encoders';
import { isFull, type StoredFile, type TokenStore } from '../../data/tokens/shard';
import type { TextWork } from '../../data/tokens/textTokens';
import type { Tokenizer } from '../../data/tokenizer';
import { DataError } from '../../errors';
import { memoryFiles } from '../../io/rangeFiles';
import type { Platform } from '../platform';
import { createLane } from './lane';
import type { Task } from './task';

/** A smaller text is encoded before workers have started. */
const SMALL_BYTES = 1 << 20;

export interface Encoding {
  /** Gives `work` what it needs to read and encode a source, one source after the other. */
  inTurn<T>(source: DocumentSource, task: Task, work: (means: TextWork) => Promise<T>): Promise<T>;
  /** Closes all files of tokens; what reads them must be forgotten. */
  closeFiles(): void;
}

/** The open files of a store. Streams have no end of their own: a file is closed when nothing refers to it any more. */
function openFiles() {
  const open = new Set<StoredFile>();
  const close = (file: StoredFile) => {
    if (open.delete(file)) file.close();
  };
  const forgotten = new FinalizationRegistry(close);
  return {
    watched: (store: TokenStore): TokenStore => ({
      ...store,
      async open(folder, name) {
        const file = await store.open(folder, name);
        if (!file) return null;
        open.add(file);
        const handed: StoredFile = {
          size: file.size,
          read: (into, at) => file.read(into, at),
          close: () => close(file),
        };
        forgotten.register(handed, file);
        return handed;
      },
    }),
    closeAll: () => open.forEach(close),
  };
}

const noRoom = (name: string, cause: unknown) =>
  new DataError(
    `there is no room for the tokens of ${name}`,
    'Clear what is kept, make room on the disk, or take a fraction of the text.',
    { cause },
  );

export function encodeInTurn(platform: Pick<Platform, 'tokens' | 'kept' | 'startEncoders'>): Encoding {
  const inMemory = memoryFiles();
  // A text that is wanted for two things is not encoded twice at once.
  const lane = createLane();
  const files = openFiles();

  async function startEncoders(source: DocumentSource, tokenizer: Tokenizer): Promise<readonly Encoder[]> {
    const { total } = source.progress;
    if (!platform.startEncoders || (total !== undefined && total < SMALL_BYTES))
      return [localEncoder(tokenizer)];
    const ports = await platform.startEncoders();
    return ports.map((port) => remoteEncoder(port, tokenizer.origin));
  }

  return {
    inTurn: (source, task, work) =>
      lane.run(async () => {
        task.check();
        const means: TextWork = {
          store: files.watched((await platform.tokens?.()) ?? inMemory),
          makeRoom: async (bytes) => platform.kept?.makeRoom(bytes),
          startEncoders: (tokenizer) => startEncoders(source, tokenizer),
          signal: task.signal,
          onProgress: (done, total) => task.progress(`tokenising ${source.name}`, done, total ?? 0, 'bytes'),
        };
        return work(means).catch((error: unknown) => {
          // A full disk lets no folder be made or emptied either.
          throw isFull(error) ? noRoom(source.name, error) : error;
        });
      }),
    closeFiles: () => files.closeAll(),
  };
}
