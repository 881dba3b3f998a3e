/**
 * Encoders turn jobs into ids: in this thread, or in workers at the other end of a port. Results come in the order of
 * the jobs, whichever encoder is done first.
 */
import type { Ids } from '../corpus';
import { idsOf } from '../corpus';
import { loadTokenizer } from '../tokenizer';
import type { Tokenizer, TokenizerOrigin } from '../tokens';
import type { EncodeJob } from './jobs';

export interface EncodedJob {
  /** Of all texts, one after the other. */
  readonly ids: Ids;
  /** Ids of each text, end-of-text tokens included. */
  readonly lengths: Uint32Array;
}

export interface Encoder {
  encode(job: EncodeJob): Promise<EncodedJob>;
  close(): void;
}

export function encodeJob({ texts, begins }: EncodeJob, tokenizer: Tokenizer): EncodedJob {
  const parts = texts.map((text) => tokenizer.encode(text));
  const lengths = Uint32Array.from(parts, (part, i) => part.length + (begins[i] ? 1 : 0));
  const ids = new (idsOf(tokenizer))(lengths.reduce((sum, length) => sum + length, 0));
  let at = 0;
  for (const [i, part] of parts.entries()) {
    if (begins[i]) ids[at++] = tokenizer.endOfText;
    ids.set(part, at);
    at += part.length;
  }
  return { ids, lengths };
}

/** Encodes in this thread; other work gets its turn between two jobs. */
export function localEncoder(tokenizer: Tokenizer): Encoder {
  return {
    async encode(job) {
      await new Promise((resolve) => setTimeout(resolve));
      return encodeJob(job, tokenizer);
    },
    close: () => undefined,
  };
}

type Request = { type: 'tokenizer'; origin: TokenizerOrigin } | { type: 'job'; job: EncodeJob };
type Answer = { type: 'encoded'; encoded: EncodedJob } | { type: 'failed'; message: string };

/** A worker, whichever platform it is of. */
export interface EncoderPort {
  post(request: unknown): void;
  /** Both are called with what comes; one `message` for each job in its order. */
  listen(message: (answer: unknown) => void, failed: (error: Error) => void): void;
  close(): void;
}

/** The encoder at the other end of a port. */
export function remoteEncoder(port: EncoderPort, origin: TokenizerOrigin): Encoder {
  const waiting: { resolve(encoded: EncodedJob): void; reject(error: Error): void }[] = [];
  let gone: Error | undefined;
  port.listen(
    (data) => {
      // The worker of the same build is the only sender.
      const answer = data as Answer;
      const next = waiting.shift();
      if (answer.type === 'encoded') next?.resolve(answer.encoded);
      else next?.reject(new Error(answer.message));
    },
    (error) => {
      gone = error;
      for (const { reject } of waiting.splice(0)) reject(error);
    },
  );
  const send = (request: Request) => port.post(request);
  send({ type: 'tokenizer', origin });
  return {
    encode(job) {
      if (gone) return Promise.reject(gone);
      return new Promise((resolve, reject) => {
        waiting.push({ resolve, reject });
        send({ type: 'job', job });
      });
    },
    close: () => port.close(),
  };
}

/** What a worker does with what comes through its port. Its answers are in the order of the jobs. */
export function serveEncoder(post: (answer: unknown, transfer: ArrayBuffer[]) => void) {
  let tokenizer: Promise<Tokenizer> | undefined;
  let last: Promise<void> = Promise.resolve();
  const answer = async (job: EncodeJob) => {
    const send = (message: Answer, transfer: ArrayBuffer[] = []) => post(message, transfer);
    try {
      const encoded = encodeJob(job, await tokenizer!);
      send({ type: 'encoded', encoded }, [
        encoded.ids.buffer as ArrayBuffer,
        encoded.lengths.buffer as ArrayBuffer,
      ]);
    } catch (error) {
      send({ type: 'failed', message: (error as Error).message });
    }
  };
  return (data: unknown): void => {
    // The session of the same build is the only sender.
    const request = data as Request;
    if (request.type === 'job') last = last.then(() => answer(request.job));
    else {
      tokenizer = loadTokenizer(request.origin.files, request.origin.vocabSize);
      // The first job says it.
      tokenizer.catch(() => undefined);
    }
  };
}

/** Jobs that wait at each encoder, so that none is idle while a result is written. */
const AHEAD = 2;

/** The results of all jobs in their order. At most `AHEAD` jobs for each encoder are under way. */
export async function* encodeInOrder(
  jobs: AsyncIterable<EncodeJob>,
  encoders: readonly Encoder[],
): AsyncGenerator<{ job: EncodeJob; encoded: EncodedJob }> {
  const load = encoders.map(() => 0);
  const under: { job: EncodeJob; result: Promise<EncodedJob> }[] = [];
  const next = async () => {
    const { job, result } = under.shift()!;
    return { job, encoded: await result };
  };
  for await (const job of jobs) {
    const free = load.indexOf(Math.min(...load));
    load[free]!++;
    const result = encoders[free]!.encode(job).finally(() => load[free]!--);
    // Until its turn nobody looks at it.
    result.catch(() => undefined);
    under.push({ job, result });
    if (under.length >= AHEAD * encoders.length) yield await next();
  }
  while (under.length > 0) yield await next();
}
