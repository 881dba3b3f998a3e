/** One command on its way: its progress events, and whether it was cancelled. */
import { CancelledError, DecantError } from '../../errors';
import { createGate, type Gate } from '../../io/patience';
import type { ErrorReport, Event } from '../protocol';

export interface Task {
  readonly id: number;
  readonly signal: AbortSignal;
  /** Closed while the user pauses its download. */
  readonly gate: Gate;
  /** At most ten events a second go out; the last one of a series always does. */
  progress(what: string, done: number, total: number, unit: 'bytes' | 'tokens' | 'rows' | 'steps'): void;
  send(event: Event): void;
  /** Throws CancelledError once `cancel` has come. */
  check(): void;
}

const PROGRESS_MS = 100;

export function createTask(
  id: number,
  signal: AbortSignal,
  send: (event: Event) => void,
  gate = createGate(),
): Task {
  let last = -Infinity;
  return {
    id,
    signal,
    gate,
    send,
    progress(what, done, total, unit) {
      const now = performance.now();
      if (done < total && now - last < PROGRESS_MS) return;
      last = now;
      send({ type: 'progress', id, what, done, total, unit });
    },
    check() {
      if (signal.aborted) throw new CancelledError('the work was cancelled');
    },
  };
}

/** An error as plain data. What is no DecantError is a mistake in the program and says so. */
export function errorReport(error: unknown): ErrorReport {
  if (error instanceof DecantError) {
    const { name, message, hint, input } = error;
    return { name, message, input, ...(hint === undefined ? {} : { hint }) };
  }
  // An aborted fetch or file operation of the platform.
  if (error instanceof Error && error.name === 'AbortError') {
    return { name: 'CancelledError', message: 'the work was cancelled', input: false };
  }
  const message = error instanceof Error ? error.message : String(error);
  return {
    name: error instanceof Error ? error.name : 'Error',
    message: message === '' ? 'an unknown error happened' : message,
    input: false,
  };
}
