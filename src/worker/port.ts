/** A channel without a worker: the command line and the tests run the session in their own thread. */
import type { Port } from './protocol';

export interface ClosablePort extends Port {
  /** Nothing is delivered any more, in either direction. */
  close(): void;
}

type Clone = (message: unknown, options: { transfer: Transferable[] }) => unknown;

/**
 * Two connected ends. Messages are cloned like those of a worker, so that what passes here passes there, and
 * arrive in order, each in a task of its own.
 */
export function portPair(clone: Clone = structuredClone): [ClosablePort, ClosablePort] {
  let open = true;
  const end = (other: () => Port): ClosablePort => ({
    onmessage: null,
    postMessage(message, transfer = []) {
      const data = clone(message, { transfer });
      setTimeout(() => open && other().onmessage?.({ data }), 0);
    },
    close: () => void (open = false),
  });
  const first: ClosablePort = end(() => second);
  const second: ClosablePort = end(() => first);
  return [first, second];
}
