/** The studio's end of the worker. */
import { createClient, type RequestOptions } from '../worker/client';
import type { CommandBody, CommandType, ErrorReport, Port } from '../worker/protocol';
import type { Connection } from './connection';

const HINT = 'Start it again; the recipe is kept';

/** Starts a new worker and connects to the session in it. */
export function connectWorker(): Connection {
  const worker = new Worker(new URL('../worker/worker.ts', import.meta.url), {
    type: 'module',
    name: 'decant',
  });
  const port: Port = {
    onmessage: null,
    postMessage: (message, transfer = []) => worker.postMessage(message, transfer),
  };
  worker.onmessage = (event: MessageEvent<unknown>) => port.onmessage?.(event);
  const client = createClient(port);
  const listeners = new Set<(error: ErrorReport) => void>();
  const end = (message: string) => {
    const report: ErrorReport = { name: 'WorkerError', message, hint: HINT, input: false };
    client.fail(report);
    for (const listener of listeners) listener(report);
    listeners.clear();
    worker.terminate();
  };
  // A script that fails to load gives an event without a message.
  worker.onerror = (event) =>
    end(
      event.message
        ? `the worker that computes has failed: ${event.message}`
        : 'the worker could not be loaded',
    );
  worker.onmessageerror = () => end('the worker sent something that cannot be read');
  return {
    request<T extends CommandType>(command: CommandBody & { type: T }, options?: RequestOptions) {
      return client.request<T>(command, options);
    },
    onEvent: (listener) => client.onEvent(listener),
    onGone: (listener) => void listeners.add(listener),
    close: () => {
      listeners.clear();
      worker.terminate();
    },
  };
}
