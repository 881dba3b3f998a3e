/**
 * The page's line to the session: starts the worker, sends commands, hands on events, and says when the
 * worker is gone. Everything else in the studio knows this interface only, so that tests bring their own end.
 */
import type { RequestOptions } from '../worker/client';
import type { Answers, CommandBody, CommandType, ErrorReport, Event } from '../worker/protocol';

export interface Connection {
  request<T extends CommandType>(
    command: CommandBody & { type: T },
    options?: RequestOptions,
  ): Promise<Answers[T]>;
  /** Every event without an id. Returns what takes the listener away again. */
  onEvent: (listener: (event: Event) => void) => () => void;
  /** Called once when the worker ended or failed to load. */
  onGone: (listener: (error: ErrorReport) => void) => void;
  close: () => void;
}

export type Connect = () => Connection;

/** What was thrown, as the plain report that error cards show. */
export function reportOf(error: unknown): ErrorReport {
  if (error instanceof Error) {
    const { hint, input } = error as Error & { hint?: unknown; input?: unknown };
    return {
      name: error.name,
      message: error.message,
      hint: typeof hint === 'string' ? hint : undefined,
      input: input === true,
    };
  }
  return { name: 'Error', message: String(error), input: false };
}

/** True when the user ended the work: nothing to show. */
export function wasCancelled(error: unknown): boolean {
  return error instanceof Error && (error.name === 'CancelledError' || error.name === 'AbortError');
}
