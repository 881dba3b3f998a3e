import { afterAll, afterEach, describe, expect, test, vi } from 'vitest';
import * as tf from '@tensorflow/tfjs-core';
import { testDevice, closeTestDevice } from '../testing/gpu';
import { openDevice, readTensor, type Device } from './device';
import {
  allocate,
  dispatchCount,
  launch,
  markWritten,
  release,
  webgpuBackend,
  wrap,
  writeTensor,
} from './dispatch';
import { flatIndex, kernelFamily, linearGrid } from './kernel';
import { usesKernels, usesProcessor } from './mode';
import { installWasm } from './wasm.node';

const wasmPath = installWasm();

const scale = kernelFamily('TestScale', ({ threads }: { threads: number }) => ({
  write: { x: 'f32' as const },
  read: { factor: 'f32' as const },
  scalars: { size: 'u32' as const },
  workgroupSize: [threads],
  main: `let i = ${flatIndex(threads)}; if (i < u.size) { x[i] *= factor[0]; }`,
}));

const times = (x: tf.Tensor, factor: tf.Tensor) =>
  launch(scale({ threads: 8 }), { x, factor }, { size: x.size }, linearGrid(x.size, 8));

describe('dispatch', () => {
  test('kernels and tfjs ops keep their order', async () => {
    await testDevice();
    const factor = tf.tensor1d([3]);
    const x = tf.add(tf.ones([20]), 1);
    times(x, factor);
    const y = tf.add(x, 1);
    times(x, factor);
    expect(new Set(await readTensor(y))).toEqual(new Set([7]));
    expect(new Set(await readTensor(x))).toEqual(new Set([18]));
    tf.dispose([factor, x, y]);
  });

  test('a written tensor is read back as it is on the GPU, once it is marked', async () => {
    const [factor, x] = [tf.tensor1d([2]), tf.tensor1d([5])];
    expect([...(await x.data())]).toEqual([5]);
    times(x, factor);
    markWritten(x);
    expect([...(await x.data())]).toEqual([10]);
    tf.dispose([factor, x]);
  });

  test('writeTensor does not reach kernels that were recorded before', async () => {
    const factor = tf.tensor1d([2]);
    const [first, second] = [tf.ones([3]), tf.ones([3])];
    times(first, factor);
    writeTensor(factor, Float32Array.from([5]));
    times(second, factor);
    expect([...(await readTensor(first)), ...(await readTensor(second))]).toEqual([2, 2, 2, 5, 5, 5]);
    tf.dispose([factor, first, second]);
  });

  test('a tensor given back before the queue ran is not reused under it', async () => {
    const factor = tf.tensor1d([2]);
    const results = Array.from({ length: 40 }, (_, i) => {
      const x = tf.fill([64], i);
      times(x, factor);
      const copy = tf.add(x, 0);
      x.dispose();
      const other = wrap(allocate([64]));
      other.dispose();
      return copy;
    });
    for (const [i, result] of results.entries())
      expect(new Set(await readTensor(result))).toEqual(new Set([2 * i]));
    tf.dispose([factor, ...results]);
  });

  test('own dispatches are counted, and the grid covers more than 65535 workgroups', async () => {
    const before = dispatchCount();
    const size = 8 * 70000 + 3;
    const [factor, x] = [tf.tensor1d([2]), tf.ones([size])];
    times(x, factor);
    expect(dispatchCount() - before).toBe(1);
    const read = await readTensor(x);
    expect([read[0], read[size - 1], read.reduce((a, b) => a + b, 0)]).toEqual([2, 2, 2 * size]);
    tf.dispose([factor, x]);
  });

  test('a missing operand is named', () => {
    const x = allocate([4]);
    expect(() => launch(scale({ threads: 8 }), { x, factor: undefined }, { size: 4 }, [1])).toThrow(
      'kernel TestScale{"threads":8} needs the operand factor',
    );
    release(x);
  });
});

describe('readTensor', () => {
  test('leaves no copy of the values on the processor', async () => {
    const x = tf.add(tf.ones([5]), 1);
    expect([...(await readTensor(x))]).toEqual([2, 2, 2, 2, 2]);
    const { values } = webgpuBackend().tensorMap.get(x.dataId);
    expect(values ?? null).toBeNull();
    x.dispose();
  });

  test('turns int32 into numbers', async () => {
    const x = tf.tensor1d([-100, 50256], 'int32');
    expect([...(await readTensor(x))]).toEqual([-100, 50256]);
    x.dispose();
  });
});

describe('openDevice', () => {
  let device: Device | undefined;
  afterEach(() => {
    device?.close();
    device = undefined;
    vi.unstubAllGlobals();
  });
  afterAll(closeTestDevice);

  test('software WebGPU says so, with its features and limits', async () => {
    closeTestDevice();
    device = await openDevice({ prefer: 'webgpu' });
    expect(device.info).toMatchObject({ backend: 'webgpu', software: true });
    expect(device.info.description).toMatch(/^SwiftShader$|^llvmpipe/);
    expect(device.info.reason).toBe('no GPU was found; WebGPU runs on the processor');
    expect(device.info.limits.maxStorageBufferBindingSize).toBeGreaterThanOrEqual(2 ** 27);
    expect(usesKernels()).toBe(true);
  });

  test('a device that is asked to make do with less says so, and refuses what it cannot bind', async () => {
    const atMost = { maxStorageBufferBindingSize: 2 ** 20, maxBufferSize: 2 ** 22 };
    device = await openDevice({ prefer: 'webgpu', atMost });
    expect(device.info.limits).toEqual(atMost);
    expect(webgpuBackend().device.limits.maxStorageBufferBindingSize).toBe(2 ** 27);
    const [factor, x] = [tf.tensor1d([2]), tf.zeros([2 ** 18 + 1])];
    expect(() => times(x, factor)).toThrow(
      'the operand x of kernel TestScale{"threads":8} has 1048580 bytes, this device binds at most 1048576 at once',
    );
    tf.dispose([factor, x]);
    expect(() => allocate([2 ** 10, 2 ** 10 + 1])).toThrow(
      'a tensor [1024, 1025] has 4198400 bytes, a buffer of this device holds at most 4194304',
    );
  });

  test('auto without a GPU measures software WebGPU and wasm and keeps the faster one', async () => {
    device = await openDevice({ prefer: 'auto', wasmPath });
    const measured =
      /^no GPU was found; a trial step took (\d+) ms with wasm, (its matrix products alone )?(\d+) ms with WebGPU in software$/;
    expect(device.info.reason).toMatch(measured);
    const [, wasmMs, productsAlone, webgpuMs] = measured.exec(device.info.reason!)!;
    expect(device.info.backend).toBe(Number(webgpuMs) <= Number(wasmMs) ? 'webgpu' : 'wasm');
    if (productsAlone) expect(device.info.backend).toBe('wasm');
    expect(tf.getBackend()).toBe(device.info.backend);
    expect(usesKernels()).toBe(device.info.backend === 'webgpu');
    expect(usesProcessor()).toBe(device.info.backend === 'wasm');
  });

  test('auto measures once, and later takes what it found', async () => {
    const first = await openDevice({ prefer: 'auto', wasmPath });
    first.close();
    const start = performance.now();
    device = await openDevice({ prefer: 'auto', wasmPath });
    expect(device.info).toEqual(first.info);
    expect(performance.now() - start).toBeLessThan(5_000);
  });

  test('an error that nobody catches ends in lost', async () => {
    device = await openDevice({ prefer: 'webgpu' });
    // Larger than any limit: tfjs would compute on with zeros.
    webgpuBackend().device.createBuffer({ size: 2 ** 45, usage: GPUBufferUsage.STORAGE });
    await expect(device.lost).resolves.toContain('the GPU reported an error');
  });

  test('a device that goes away ends in lost, and another one can be opened', async () => {
    device = await openDevice({ prefer: 'webgpu' });
    webgpuBackend().device.destroy();
    await expect(device.lost).resolves.toContain('the GPU was lost (destroyed');
    device.close();
    device = await openDevice({ prefer: 'webgpu' });
    const sum = tf.add(tf.ones([4]), 1);
    expect([...(await readTensor(sum))]).toEqual([2, 2, 2, 2]);
    sum.dispose();
  });

  test.each([
    [{}, 'WebGPU is not available here'],
    [
      { gpu: { requestAdapter: () => Promise.resolve(null) } },
      'WebGPU is available, but it found no GPU it can use',
    ],
  ])('without a WebGPU adapter wasm runs, with the reason', async (navigator, reason) => {
    vi.stubGlobal('navigator', navigator);
    device = await openDevice({ prefer: 'webgpu', wasmPath });
    expect(device.info).toMatchObject({ backend: 'wasm', software: true, reason });
    expect(usesKernels()).toBe(false);
  });
});
