/**
 * The caller's end of the channel to a session: commands become promises, events go to listeners. Used by the
 * page over a worker and by the command line over an in-memory port.
 */
import type { Answers, CommandBody, CommandType, ErrorReport, Event, Port } from './protocol';

/** An error that the session reported; name, hint and blame are those of the error thrown there. */
export class SessionError extends Error {
  readonly hint: string | undefined;
  /** True when a file, a setting or the usage is wrong, false when the work failed. */
  readonly input: boolean;

  constructor(report: ErrorReport) {
    super(report.message);
    this.name = report.name;
    this.hint = report.hint;
    this.input = report.input;
  }
}

export interface RequestOptions {
  /** Events that carry this command's id: progress, sweep rows, tokens. */
  onEvent?: (event: Event) => void;
  /** Aborting sends `cancel` for this command; the request then fails with a CancelledError. */
  signal?: AbortSignal;
}

export interface Client {
  /** Resolves with the command's answer; rejects with a SessionError. */
  request<T extends CommandType>(
    command: CommandBody & { type: T },
    options?: RequestOptions,
  ): Promise<Answers[T]>;
  /** Every event that belongs to no command. Returns what takes the listener away again. */
  onEvent(listener: (event: Event) => void): () => void;
  /** Fails every open request, and all later ones: the other end is gone. */
  fail(report: ErrorReport): void;
}

interface Pending {
  resolve(result: unknown): void;
  reject(error: SessionError): void;
  onEvent?: (event: Event) => void;
}

/** Connects to a session at the other end of `port`. */
export function createClient(port: Port): Client {
  const pending = new Map<number, Pending>();
  const listeners = new Set<(event: Event) => void>();
  let lastId = 0;
  let gone: SessionError | undefined;

  port.onmessage = ({ data }) => {
    // The session in the same build is the only sender.
    const event = data as Event;
    if (!('id' in event)) {
      for (const listener of listeners) listener(event);
      return;
    }
    const request = pending.get(event.id);
    if (!request) return;
    if (event.type === 'done' || event.type === 'failed') pending.delete(event.id);
    if (event.type === 'done') request.resolve(event.result);
    else if (event.type === 'failed') request.reject(new SessionError(event.error));
    else request.onEvent?.(event);
  };

  const send = (command: CommandBody) => {
    const id = ++lastId;
    port.postMessage({ ...command, id });
    return id;
  };

  return {
    request<T extends CommandType>(command: CommandBody & { type: T }, options: RequestOptions = {}) {
      if (gone) return Promise.reject(gone);
      return new Promise<Answers[T]>((resolve, reject) => {
        const id = send(command);
        const cancel = () => void send({ type: 'cancel', target: id });
        const settle = () => options.signal?.removeEventListener('abort', cancel);
        pending.set(id, {
          resolve: (result) => (settle(), resolve(result as Answers[T])),
          reject: (error) => (settle(), reject(error)),
          onEvent: options.onEvent,
        });
        if (options.signal?.aborted) cancel();
        else options.signal?.addEventListener('abort', cancel);
      });
    },
    onEvent(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    fail(report) {
      gone = new SessionError(report);
      for (const request of pending.values()) request.reject(gone);
      pending.clear();
    },
  };
}
