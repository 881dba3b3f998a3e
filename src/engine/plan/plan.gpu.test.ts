import * as tf from '@tensorflow/tfjs-core';
import { afterEach, expect, test, vi } from 'vitest';
import { PlanError } from '../../errors';
import { useTestDevice } from '../../testing/gpu';
import { readTensor } from '../device';
import { allocate, launch, release, webgpuBackend, wrap } from '../dispatch';
import { hostScalar, hostTensor } from '../host';
import { kernelFamily } from '../kernel';
import { createPlanCache } from './cache';
import { preparePlan } from './plan';
import { poolOf } from './pool';
import { discard, dryRun, trace } from './trace';

useTestDevice();

const values = (...numbers: number[]) => Float32Array.from(numbers);
const read = async (tensor: tf.Tensor) => [...(await readTensor(tensor))];

const twice = kernelFamily('Twice', (_: object) => ({
  write: { y: 'f32' as const },
  read: { x: 'f32' as const },
  workgroupSize: [4],
  main: 'y[li] = 2.0 * x[li];',
}));

const disposables: { dispose(): unknown }[] = [];
afterEach(() => disposables.splice(0).forEach((each) => void each.dispose()));
const keep = <T extends { dispose(): unknown }>(thing: T): T => {
  disposables.push(thing);
  return thing;
};

test('a replay reads what the host gives now, through our kernels and tfjs’s own', async () => {
  let [now, factor] = [values(1, 2, 3, 4), 10];
  const weight = keep(tf.tensor1d([1, 1, 2, 2]));
  const plan = keep(
    await preparePlan(
      trace(() => [
        tf.tidy(() => {
          const x = hostTensor<tf.Rank.R1>([4], 'float32', () => now);
          const y = allocate([4]);
          launch(twice({}), { y, x }, {}, [1]);
          return tf.add(
            tf.mul(
              tf.mul(wrap<tf.Tensor1D>(y), weight),
              hostScalar(() => factor),
            ),
            0.5,
          );
        }),
      ]),
    ),
  );
  plan.replay();
  expect(await read(plan.outputs[0]!)).toEqual([20.5, 40.5, 120.5, 160.5]);
  [now, factor] = [values(4, 3, 2, 1), 1];
  plan.replay();
  expect(await read(plan.outputs[0]!)).toEqual([8.5, 6.5, 8.5, 4.5]);
});

test('a trace allocates nothing, submits nothing and compiles nothing', () => {
  const { device } = webgpuBackend();
  const x = keep(tf.tensor1d([1, 2, 3, 4]));
  const spies = (['createComputePipeline', 'createBindGroup'] as const).map((name) => vi.spyOn(device, name));
  const submit = vi.spyOn(device.queue, 'submit');
  const before = tf.memory();
  const traced = trace(() => [tf.tidy(() => tf.sqrt(tf.exp(x)))]);
  for (const spy of [...spies, submit]) expect(spy).not.toHaveBeenCalled();
  vi.restoreAllMocks();
  expect(traced.cost).toMatchObject({ dispatches: 2, peakBytes: 16, unsharedBytes: 16 });
  discard(traced);
  expect(tf.memory().numTensors).toBe(before.numTensors);
});

test('weights are updated in place, and what tfjs had recorded before comes first', async () => {
  const weight = keep(tf.variable(tf.tensor1d([1, 2, 3, 4])));
  const add = kernelFamily('AddOne', (_: object) => ({
    write: { w: 'f32' as const },
    read: { one: 'f32' as const },
    workgroupSize: [4],
    main: 'w[li] += one[0];',
  }));
  const one = keep(tf.tensor1d([1]));
  const plan = keep(
    await preparePlan(
      trace(() => {
        launch(add({}), { w: weight, one }, {}, [1]);
        return [];
      }),
    ),
  );
  plan.replay();
  const copy = keep(tf.mul(weight, 1));
  plan.replay();
  expect(await read(copy)).toEqual([2, 3, 4, 5]);
  expect(await read(weight)).toEqual([3, 4, 5, 6]);
});

test('plans share memory, and the pool is empty when the last is gone', async () => {
  const pool = poolOf(webgpuBackend().device);
  const step = (size: number) => () => [
    tf.tidy(() =>
      tf.sum(
        tf.sqrt(tf.exp(hostTensor<tf.Rank.R1>([size], 'float32', () => new Float32Array(size).fill(4)))),
      ),
    ),
  ];
  const small = await preparePlan(trace(step(64)));
  small.replay();
  const bytes = pool.bytes;
  expect(bytes).toBe(small.cost.peakBytes);
  const large = await preparePlan(trace(step(4096)));
  expect(pool.bytes).toBe(large.cost.peakBytes);
  // The small plan's buffers were replaced: it binds anew.
  small.replay();
  large.replay();
  const root = Math.exp(2);
  expect((await read(small.outputs[0]!))[0]).toBeCloseTo(64 * root, 2);
  expect((await read(large.outputs[0]!))[0]! / (4096 * root)).toBeCloseTo(1, 5);
  small.dispose();
  large.dispose();
  expect(pool.bytes).toBe(0);
  expect(() => small.replay()).toThrow('a plan was replayed after it had been given back');
});

test('a step that keeps a tensor, or writes into a constant, is refused and leaves the device in place', async () => {
  const x = keep(tf.tensor1d([1, 2, 3, 4]));
  expect(() =>
    trace(() => [tf.tidy(() => tf.exp(x)), void tf.keep(tf.exp(x))].slice(0, 1) as tf.Tensor[]),
  ).toThrow('a step kept 1 tensors (16 bytes) that it made, so it cannot be replayed');
  const intoConstant = () => {
    const constant = tf.tensor1d([0, 0, 0, 0]);
    launch(twice({}), { y: constant, x }, {}, [1]);
    return [constant];
  };
  expect(() => trace(intoConstant)).toThrow(PlanError);
  expect(() =>
    trace(() => {
      throw new Error('the step itself failed');
    }),
  ).toThrow('the step itself failed');
  expect(await read(keep(tf.exp(x)))).toHaveLength(4);
});

test('the cache replays where it can, and runs eagerly where the step refuses', async () => {
  const reasons: string[] = [];
  const plans = keep(createPlanCache({ onEager: (reason) => reasons.push(reason) }));
  const leaks: tf.Tensor[] = [];
  const leaky = (input: () => Float32Array) => [
    tf.tidy(() => {
      const y = tf.exp(hostTensor<tf.Rank.R1>([2], 'float32', input));
      leaks.push(tf.keep(tf.exp(y)));
      return tf.add(y, 1);
    }),
  ];
  await plans.prepare('leaky', leaky, values(0, 0));
  expect(reasons).toHaveLength(1);
  const { tensors, release: done } = plans.run('leaky', leaky, values(0, 0));
  expect(await read(tensors[0]!)).toEqual([2, 2]);
  done();
  expect(plans.cost('leaky')).toBeUndefined();
  leaks.at(-1)!.dispose();
});

test('a dry run gives costs of tensors that never existed', () => {
  const { numBytesInGPU } = webgpuBackend() as unknown as { numBytesInGPU: number };
  const cost = dryRun((device) => {
    const x = wrap<tf.Tensor1D>(allocate([2 ** 28]));
    const result = device.trace(() => [tf.tidy(() => tf.sum(tf.exp(x)))]);
    release(x);
    return result;
  });
  expect(cost.peakBytes).toBeGreaterThanOrEqual(2 ** 30);
  expect((webgpuBackend() as unknown as { numBytesInGPU: number }).numBytesInGPU).toBe(numBytesInGPU);
});
