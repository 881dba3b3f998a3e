/** A worker below the session's that encodes text. */
import { serveEncoder } from '../data/tokens/encoders';

const serve = serveEncoder((answer, transfer) => globalThis.postMessage(answer, { transfer }));
globalThis.onmessage = ({ data }: MessageEvent<unknown>) => serve(data);
