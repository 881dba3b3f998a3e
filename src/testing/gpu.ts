/**
 * Opens WebGPU for a test file and runs its tests on every kernel variant: in Node, where `dawn.setup.ts` has put
 * `navigator.gpu` in place, and in a browser.
 */
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, beforeEach, describe, expect } from 'vitest';
import { openDevice, type Device } from '../engine/device';
import { setOpsMode } from '../engine/mode';
import { setVariants, type AdapterKind } from '../engine/variants';

let device: Device | undefined;
const errors: string[] = [];

/** The device that all test files of this process share. Throws when there is no adapter: a skipped GPU test proves nothing. */
export async function testDevice(): Promise<Device> {
  if (device) {
    await tf.setBackend('webgpu');
    setOpsMode('kernels');
    setVariants('software');
    return device;
  }
  const opened = await openDevice({ prefer: 'webgpu' });
  if (opened.info.backend !== 'webgpu') {
    throw new Error(
      `GPU tests need a WebGPU adapter: ${opened.info.reason}. Install Chromium (it brings SwiftShader).`,
    );
  }
  void opened.lost.then((reason) => errors.push(reason));
  return (device = opened);
}

/** For tests that open devices of their own: only one can be tfjs's backend. */
export function closeTestDevice(): void {
  device?.close();
  device = undefined;
}

/** Call once at the top of a `*.gpu.test.ts`: opens the device and fails the file on any GPU error. */
export function useTestDevice(): void {
  beforeAll(async () => {
    await testDevice();
  });
  afterAll(() => {
    expect(errors, 'errors that the GPU reported').toEqual([]);
  });
}

/** Runs the tests in `define` once with the kernels of software adapters and once with those of real GPUs. */
export function onEveryVariant(define: (kind: AdapterKind) => void): void {
  for (const kind of ['software', 'hardware'] as const) {
    describe(`${kind} kernels`, () => {
      beforeEach(() => setVariants(kind));
      afterAll(() => setVariants('software'));
      define(kind);
    });
  }
}
