/**
 * Requests that wait: for a server that asks for time, for a network that comes back, for a user who paused. A token
 * is shown to the Hub and to nobody else.
 */
import { SourceError } from '../errors';
import { cancelled, refusal, UnreachableError } from './httpErrors';

/** A switch at which downloads stop, and go on later. */
export interface Gate {
  readonly closed: boolean;
  set(closed: boolean): void;
  /** Resolves when it is open; rejects with the signal's reason when that comes first. */
  opened(signal?: AbortSignal): Promise<void>;
}

export function createGate(): Gate {
  let closed = false;
  let waiting: (() => void)[] = [];
  return {
    get closed() {
      return closed;
    },
    set(now) {
      closed = now;
      if (closed) return;
      waiting.forEach((go) => go());
      waiting = [];
    },
    opened: (signal) =>
      new Promise((resolve, reject) => {
        if (!closed) return resolve();
        const stop = () => reject(signal?.reason as Error);
        if (signal?.aborted) return stop();
        signal?.addEventListener('abort', stop, { once: true });
        waiting.push(() => {
          signal?.removeEventListener('abort', stop);
          resolve();
        });
      }),
  };
}

/** What every request of ours needs. */
export interface Asking {
  /** For people: what is asked for. */
  name: string;
  fetch: typeof fetch;
  signal?: AbortSignal | undefined;
  patience: Patience;
  /** While it is closed nothing is asked for. */
  gate?: Gate | undefined;
  /** Told every second how long it is until the next try, and why: `as huggingface.co asks`. */
  onWait?: ((seconds: number, why: string) => void) | undefined;
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
const MAX_WAIT_MS = 120_000;

/** Resolves after `ms`, rejects with CancelledError when the signal comes first. */
export function wait(ms: number, name: string, signal: AbortSignal | undefined): Promise<void> {
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

/** The same, and says every second how long it still is. */
async function waitAloud(ms: number, { name, signal, onWait }: Asking, why: string): Promise<void> {
  const end = performance.now() + ms;
  for (let left = ms; left > 0; left = end - performance.now()) {
    if (left >= 1000) onWait?.(Math.ceil(left / 1000), why);
    await wait(Math.min(left, 1000), name, signal);
  }
}

/** Waits where the user paused. Throws CancelledError on the signal. */
export async function passGate({ gate, name, signal }: Asking): Promise<void> {
  await gate?.opened(signal).catch(() => {
    throw cancelled(name);
  });
  if (signal?.aborted) throw cancelled(name);
}

export const serverOf = (url: string | URL | Request): string =>
  new URL(url instanceof Request ? url.url : url).host;

/** Node hides the reason, such as ECONNREFUSED, in the cause of its "fetch failed". */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error && error.cause.message ? error.cause.message : error.message;
}

/** Milliseconds until what a Retry-After header names: seconds, or a date. 0 without one. */
function retryAfterMs(response: Response | null): number {
  const header = response?.headers.get('Retry-After') ?? '';
  const ms = /^\s*\d+\s*$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now();
  return Number.isFinite(ms) ? Math.max(0, ms) : 0;
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
export async function patientFetch(
  request: Asking,
  url: string | URL | Request,
  init: RequestInit | undefined,
  whole = false,
): Promise<Response> {
  const { name, signal, patience } = request;
  const server = serverOf(url);
  for (let attempt = 0; ; attempt++) {
    await passGate(request);
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
    const asked = retryAfterMs(response);
    if (attempt >= patience.retries || asked > MAX_WAIT_MS) {
      if (response) throw refusal(response.status, name, server, asked);
      throw new UnreachableError(
        `${server} cannot be reached: ${reasonOf(cause)}`,
        'Check the network connection and the address of the Hub, and try again.',
        { cause },
      );
    }
    const answered = response ? `${server} answered ${response.status}` : `${server} cannot be reached`;
    const why = asked > 0 ? `as ${server} asks` : `since ${answered}`;
    await waitAloud(Math.max(asked, patience.delayMs * 2 ** attempt), request, why);
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

/** Throws SourceError for what cannot be sent as a token. The token itself stands in no message. */
export function checkToken(token: string): string {
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  throw new SourceError('the access token holds spaces or other signs that none has', 'Copy it again.');
}

/**
 * A fetch that shows the token to the origin of `hubUrl` alone: not to the next page of a listing elsewhere, and not to
 * where the Hub redirects (browsers and Node drop the header on the way to another origin).
 */
export function authorizedFetch(fetchNow: typeof fetch, hubUrl: string, token: string): typeof fetch {
  const { origin } = new URL(hubUrl);
  const authorization = `Bearer ${checkToken(token)}`;
  return (url, init) => {
    if (new URL(url instanceof Request ? url.url : url).origin !== origin) return fetchNow(url, init);
    const headers = new Headers(init?.headers);
    headers.set('Authorization', authorization);
    return fetchNow(url, { ...init, headers });
  };
}
