/** A thread of Node that encodes text. */
import { parentPort } from 'node:worker_threads';
import { serveEncoder } from '../data/tokens/encoders';

const port = parentPort!;
port.on(
  'message',
  serveEncoder((answer, transfer) => port.postMessage(answer, transfer)),
);
