/**
 * One byte range over HTTP, to the end: a connection that breaks or stalls is taken up again where it stopped, a
 * server that asks to wait is waited for, and one that ignores ranges is read past what is not wanted.
 */
import { SourceError } from '../errors';
import { cancelled, refusal, RefusedError, UnreachableError } from './httpErrors';
import { passGate, patientFetch, reasonOf, serverOf, wait, type Asking } from './patience';
import { letGo } from './source';

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

interface Connection {
  reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>;
  /** Bytes before the wanted ones, from a server that ignores ranges. */
  skip: number;
}

/** Asks for [position, end), of the version with this ETag where one is known. */
async function askRange(
  transfer: Transfer,
  url: string | URL | Request,
  init: RequestInit | undefined,
  position: number,
  etag: string | null,
): Promise<Response> {
  const headers = new Headers(init?.headers);
  headers.set('Range', `bytes=${position}-${transfer.end - 1}`);
  // The browser's own cache would keep a second copy, and asks twice for ranges that are wanted side by side.
  const plain: RequestInit = { ...init, headers, cache: 'no-store' };
  // A weak ETag promises no equal bytes, and servers ignore it here.
  if (etag === null || etag.startsWith('W/')) return patientFetch(transfer, url, plain);
  const conditional = new Headers(headers);
  conditional.set('If-Range', etag);
  try {
    const once = { ...transfer, patience: { ...transfer.patience, retries: 0 } };
    return await patientFetch(once, url, { ...plain, headers: conditional });
  } catch (error) {
    if (!(error instanceof RefusedError || error instanceof UnreachableError)) throw error;
    // Where a server does not allow the header to other origins, browsers refuse the request; the ETag of the answer
    // is compared in any case.
    return patientFetch(transfer, url, plain);
  }
}

/** Opens the body of [position, end). `version` holds the ETag of the first answer: all must come from one file. */
async function connect(
  transfer: Transfer,
  url: string | URL | Request,
  init: RequestInit | undefined,
  position: number,
  version: { etag: string | null },
): Promise<Connection> {
  const { name, size } = transfer;
  const response = await askRange(transfer, url, init, position, version.etag);
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

    /** Lets the connection go while the user pauses, and takes it up where it was. */
    async function pause(): Promise<void> {
      connection.reader.cancel().catch(() => undefined);
      await passGate(transfer);
      connection = await connect(transfer, url, init, position, version);
    }

    async function next(): Promise<Uint8Array<ArrayBuffer>> {
      for (;;) {
        if (transfer.gate?.closed) await pause();
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
