/** Where texts are encoded and kept: workers and files of the platform, or this thread and memory. */
import type { DocumentSource } from '../../data/documents';
import { localEncoder, remoteEncoder, type Encoder } from '../../data/tokens/encoders';
import type { TextWork } from '../../data/tokens/textTokens';
import type { Tokenizer } from '../../data/tokenizer';
import { memoryFiles } from '../../io/rangeFiles';
import type { Platform } from '../platform';
import { createLane } from './lane';
import type { Task } from './task';

/** A smaller text is encoded before workers have started. */
const SMALL_BYTES = 1 << 20;

/** Gives `work` what it needs to read and encode a source, one source after the other. */
export type InTurn = <T>(
  source: DocumentSource,
  task: Task,
  work: (means: TextWork) => Promise<T>,
) => Promise<T>;

export function encodeInTurn(platform: Pick<Platform, 'tokens' | 'startEncoders'>): InTurn {
  const inMemory = memoryFiles();
  // A text that is wanted for two things is not encoded twice at once.
  const lane = createLane();

  async function startEncoders(source: DocumentSource, tokenizer: Tokenizer): Promise<readonly Encoder[]> {
    const { total } = source.progress;
    if (!platform.startEncoders || (total !== undefined && total < SMALL_BYTES))
      return [localEncoder(tokenizer)];
    const ports = await platform.startEncoders();
    return ports.map((port) => remoteEncoder(port, tokenizer.origin));
  }

  return (source, task, work) =>
    lane.run(async () => {
      task.check();
      return work({
        store: (await platform.tokens?.()) ?? inMemory,
        startEncoders: (tokenizer) => startEncoders(source, tokenizer),
        signal: task.signal,
        onProgress: (done, total) => task.progress(`tokenising ${source.name}`, done, total ?? 0, 'bytes'),
      });
    });
}
