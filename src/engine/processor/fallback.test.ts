/** Where the kernels for the processor do not start, wasm runs plain tfjs ops and says why. */
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, expect, test, vi } from 'vitest';
import { openDevice, readTensor } from '../device';
import { usesProcessor } from '../mode';
import { installWasm } from '../wasm.node';

afterEach(() => void vi.restoreAllMocks());

test('without the kernels plain tfjs ops run, and the device says why', async () => {
  vi.spyOn(WebAssembly, 'compile').mockRejectedValue(new Error('no SIMD'));
  const { info, close } = await openDevice({ prefer: 'wasm', wasmPath: installWasm() });
  expect(info).toMatchObject({
    backend: 'wasm',
    reason: 'the kernels for the processor did not start (no SIMD), so plain tfjs ops run',
  });
  expect(usesProcessor()).toBe(false);
  expect([...(await readTensor(tf.add(tf.ones([2]), 1)))]).toEqual([2, 2]);
  close();
});
