/**
 * One byte range over HTTP, to the end: a connection that breaks or stalls is taken up again where it stopped, a
 * server that asks to wait is waited for, and one that ignores ranges is read past what is not wanted.
 */
import { SourceError } from '../errors';
import { cancelled, refusal, UnreachableError } from './httpErrors';
import { letGo } from './source';

/** What every request of ours needs. */
export interface Asking {
  /** For people: what is asked for. */
  name: string;
  fetch: typeof fetch;
  signal?: AbortSignal | undefined;
  patience: Patience;
}

/** The range [start, end) of a file of `size` bytes. */
export interface Transfer extends Asking {
  start: number;
  end: number;
  size: number;
  /** Filled with the range as it arrives. */
  into: Uint8Array;
  /** Told the length of every piece that arrives. */
  onBytes: (count: number) => void;
  /** Told why the body failed: browsers replace a stream's error by a TypeError of their own. */
  onFailure: (error: unknown) => void;
}

export interface Patience {
  /** Tries after a failure without a byte in between. */
  retries: number;
  /** Before the first retry; doubled for each further one. */
  delayMs: number;
  /** A connection that gives no byte for so long counts as broken. */
  stallMs: number;
}

export const DEFAULT_PATIENCE: Patience = { retries: 4, delayMs: 500, stallMs: 60_000 };

/** Longer waits than this are the user's decision. */
const MAX_WAIT_MS = 30_000;

/** Resolves after `ms`, rejects with CancelledError when the signal comes first. */
function wait(ms: number, name: string, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return void reject(cancelled(name));
    const stop = () => {
      clearTimeout(timer);
      reject(cancelled(name));
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, ms);
    signal?.addEventListener('abort', stop, { once: true });
  });
}

const serverOf = (url: string | URL | Request): string =>
  new URL(url instanceof Request ? url.url : url).host;

/** Node hides the reason, such as ECONNREFUSED, in the cause of its "fetch failed". */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error && error.cause.message ? error.cause.message : error.message;
}

/** One try: the answer within `stallMs`, with its body when `whole`, or a rejection. */
async function ask(
  request: Asking,
  url: string | URL | Request,
  init: RequestInit | undefined,
  whole: boolean,
): Promise<Response> {
  const { signal, patience } = request;
  const late = new AbortController();
  const timer = setTimeout(
    () => late.abort(new Error(`no answer for ${patience.stallMs / 1000} s`)),
    patience.stallMs,
  );
  try {
    const either = signal ? AbortSignal.any([signal, late.signal]) : late.signal;
    // Called on its own: as a method, the browser's fetch refuses its `this`.
    const { fetch: fetchNow } = request;
    const response = await fetchNow(url, { ...init, signal: either });
    if (!whole) return response;
    const { status, headers } = response;
    return new Response(await response.arrayBuffer(), { status, headers });
  } finally {
    clearTimeout(timer);
  }
}

/** Asks again as long as patience allows; gives the first answer that is not a plea to wait. */
async function patientFetch(
  request: Asking,
  url: string | URL | Request,
  init: RequestInit | undefined,
  whole = false,
): Promise<Response> {
  const { name, signal, patience } = request;
  for (let attempt = 0; ; attempt++) {
    if (signal?.aborted) throw cancelled(name);
    let response: Response | null = null;
    let cause: unknown;
    try {
      response = await ask(request, url, init, whole);
    } catch (error) {
      if (signal?.aborted) throw cancelled(name);
      cause = error;
    }
    if (response && response.status !== 429 && response.status < 500) return response;
    await response?.body?.cancel();
    // The header may also hold a date; then our own delay has to do.
    const seconds = Number(response?.headers.get('Retry-After') ?? 0);
    const asked = Number.isFinite(seconds) ? seconds * 1000 : 0;
    if (attempt >= patience.retries || asked > MAX_WAIT_MS) {
      if (response) throw refusal(response.status, name, serverOf(url));
      throw new UnreachableError(
        `${serverOf(url)} cannot be reached: ${reasonOf(cause)}`,
        'Check the network connection and the address of the Hub in the settings.',
        { cause },
      );
    }
    await wait(Math.max(asked, patience.delayMs * 2 ** attempt), name, signal);
  }
}

/** A fetch for small answers, such as a listing: patient, cancellable, and its failures are sentences. */
export function sentenceFetch(request: Asking): typeof fetch {
  return async (url, init) => {
    const response = await patientFetch(request, url, init, true);
    if (response.ok) return response;
    throw refusal(response.status, request.name, serverOf(url));
  };
}

interface Connection {
  reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>;
  /** Bytes before the wanted ones, from a server that ignores ranges. */
  skip: number;
}

/** Opens the body of [position, end). `version` holds the ETag of the first answer: all must come from one file. */
async function connect(
  transfer: Transfer,
  url: string | URL | Request,
  init: RequestInit | undefined,
  position: number,
  version: { etag: string | null },
): Promise<Connection> {
  const { name, end, size } = transfer;
  const headers = new Headers(init?.headers);
  headers.set('Range', `bytes=${position}-${end - 1}`);
  // The browser's own cache would keep a second copy, and asks twice for ranges that are wanted side by side.
  const response = await patientFetch(transfer, url, { ...init, headers, cache: 'no-store' });
  const etag = response.headers.get('ETag');
  const total = /^bytes (\d+)-\d+\/(\d+)$/.exec(response.headers.get('Content-Range') ?? '');
  const moved = version.etag !== null && etag !== null && etag !== version.etag;
  const resized = total !== null && (Number(total[1]) !== position || Number(total[2]) !== size);
  if (response.status === 416 || (response.ok && (moved || resized))) {
    await response.body?.cancel();
    throw new SourceError(
      `${name} changed on ${serverOf(url)} while it was read`,
      'Load it again to get the new version.',
    );
  }
  if (!response.ok || !response.body) {
    await response.body?.cancel();
    throw refusal(response.status, name, serverOf(url));
  }
  version.etag ??= etag;
  return { reader: response.body.getReader(), skip: response.status === 206 ? 0 : position };
}

/** The next piece; rejects when none comes for `stallMs`. */
function readWithin(
  connection: Connection,
  stallMs: number,
): Promise<ReadableStreamReadResult<Uint8Array<ArrayBuffer>>> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no data for ${stallMs / 1000} s`)), stallMs);
    connection.reader
      .read()
      .then(resolve, reject)
      .finally(() => clearTimeout(timer));
  });
}

/**
 * A fetch that gets the transfer's range, whatever happens to the connections below it. The bytes go straight into
 * `into`, since whoever collects a body holds it twice in the end; the answer's body stays empty and closes when
 * all is there. It fails with SourceError when patience ends and with CancelledError on the signal.
 */
export function resumingFetch(transfer: Transfer): typeof fetch {
  const { name, start, end, signal, patience } = transfer;
  return async (url, init) => {
    const version = { etag: null };
    let position = start;
    let failures = 0;
    let connection = await connect(transfer, url, init, position, version);

    async function reconnect(reason: string): Promise<void> {
      connection.reader.cancel().catch(() => undefined); // it is broken already
      if (signal?.aborted) throw cancelled(name);
      if (failures++ >= patience.retries)
        throw new SourceError(
          `${name} broke off at byte ${position} of ${end}: ${reason}`,
          'What has arrived is kept; load it again to go on.',
        );
      await wait(patience.delayMs * 2 ** (failures - 1), name, signal);
      connection = await connect(transfer, url, init, position, version);
    }

    async function next(): Promise<Uint8Array<ArrayBuffer>> {
      for (;;) {
        let piece: Uint8Array<ArrayBuffer> | undefined;
        let reason = 'the connection ended early';
        try {
          piece = (await readWithin(connection, patience.stallMs)).value;
        } catch (error) {
          reason = reasonOf(error);
        }
        if (!piece) {
          await reconnect(reason);
          continue;
        }
        const skipped = Math.min(connection.skip, piece.length);
        connection.skip -= skipped;
        const wanted = piece.subarray(skipped, skipped + end - position);
        if (wanted.length > 0) return wanted;
      }
    }

    const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
      async start(controller) {
        try {
          while (position < end) {
            const piece = await next();
            failures = 0;
            const { length } = piece;
            transfer.into.set(piece, position - start);
            // Browsers let these lie for long, hundreds of megabytes in a worker.
            if (length === piece.buffer.byteLength) letGo(piece);
            position += length;
            transfer.onBytes(length);
          }
        } catch (error) {
          transfer.onFailure(error);
          throw error;
        }
        controller.close();
        connection.reader.cancel().catch(() => undefined); // the rest of a file from a server without ranges
      },
      cancel: () => connection.reader.cancel(),
    });
    return new Response(body, { status: 206 });
  };
}
