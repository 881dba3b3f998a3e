/**
 * What `threads.gpu.test.ts` runs in a worker, where threads may be waited for: the same product again and again,
 * on all threads and then in pieces too small to be shared.
 */
import * as tf from '@tensorflow/tfjs-core';
import { openDevice } from '../engine/device';
import { addressOf } from '../engine/processor/processor';
import { product } from '../engine/processor/product';
import { browserPlatform } from '../worker/platform.browser';
import { randomValues } from './random';

export interface ThreadsReport {
  features: string[];
  description: string;
  cores: number;
  isolated: boolean;
  /** Elements in which a product on all threads differed from one on this thread, over all repetitions. */
  different: number;
  /** Products that were all zeros: nothing was computed. */
  empty: number;
}

const [M, N, K] = [128, 96, 64];
const REPETITIONS = 300;

async function report(): Promise<ThreadsReport> {
  const { info, close } = await openDevice({ prefer: 'wasm', wasmPath: browserPlatform('/').wasmPath });
  const [shared, alone] = [tf.zeros([M, N]), tf.zeros([M, N])];
  let [different, empty] = [0, 0];
  for (let repetition = 0; repetition < REPETITIONS; repetition++) {
    const a = tf.tensor2d(randomValues(M * K, 2 * repetition), [M, K]);
    const b = tf.tensor2d(randomValues(K * N, 2 * repetition + 1), [K, N]);
    product('nn', { a: addressOf(a), b: addressOf(b), c: addressOf(shared) }, { m: M, n: N, k: K });
    for (let row = 0; row < M; row += 4) {
      const at = { a: addressOf(a, row * K), b: addressOf(b), c: addressOf(alone, row * N) };
      product('nn', at, { m: 4, n: N, k: K });
    }
    const [x, y] = [shared.dataSync<'float32'>(), alone.dataSync<'float32'>()];
    different += x.reduce((count, value, i) => count + (value === y[i] ? 0 : 1), 0);
    if (y.every((value) => value === 0)) empty++;
    tf.dispose([a, b]);
  }
  close();
  const cores = navigator.hardwareConcurrency;
  return { ...info, cores, isolated: globalThis.crossOriginIsolated, different, empty };
}

report().then(
  (result) => globalThis.postMessage(result),
  (error: unknown) => globalThis.postMessage({ error: String(error) }),
);
