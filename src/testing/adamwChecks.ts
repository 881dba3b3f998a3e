/** What AdamW must do on every backend, in float64 beside it. */
import { afterEach, expect, test } from 'vitest';
import * as tf from '@tensorflow/tfjs-core';
import { expectClose } from './expectClose';
import { randomValues } from './random';
import { readTensor } from '../engine/device';
import { createParameter, disposeParameter, writeParameter, type Parameter } from '../engine/parameter';
import { createAdamW, type AdamWSettings } from '../engine/ops/adamw';

const SHAPES: Record<string, number[]> = { matrix: [9, 13], bias: [13], embedding: [70, 8] };
const sizeOf = (shape: number[]) => shape.reduce((a, b) => a * b, 1);
const settings: AdamWSettings = {
  learningRate: 1e-2,
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  weightDecay: 0.1,
  gradClip: 0,
};

const initial = (name: string) => randomValues(sizeOf(SHAPES[name]!), name.length);
const gradientAt = (name: string, step: number) =>
  randomValues(sizeOf(SHAPES[name]!), 100 * step + name.length, -0.5, 0.5);

interface Expected {
  p: Float64Array;
  m: Float64Array;
  v: Float64Array;
}

/** The algorithm in float64, element by element; returns the state and the norms. */
function reference(steps: number, at: (step: number) => AdamWSettings) {
  const states: Record<string, Expected> = Object.fromEntries(
    Object.keys(SHAPES).map((name) => {
      const p = Float64Array.from(initial(name));
      return [name, { p, m: new Float64Array(p.length), v: new Float64Array(p.length) }];
    }),
  );
  const norms: number[] = [];
  for (let s = 1; s <= steps; s++) {
    const { learningRate, beta1, beta2, epsilon, weightDecay, gradClip } = at(s);
    const gradients = Object.keys(SHAPES).map((name) => [name, gradientAt(name, s)] as const);
    const norm = Math.sqrt(gradients.reduce((sum, [, g]) => sum + g.reduce((part, x) => part + x * x, 0), 0));
    norms.push(norm);
    const scale = gradClip > 0 ? Math.min(1, gradClip / (norm + 1e-6)) : 1;
    for (const [name, gradient] of gradients) {
      const { p, m, v } = states[name]!;
      gradient.forEach((raw, i) => {
        const g = raw * scale;
        if (SHAPES[name]!.length >= 2) p[i]! *= 1 - learningRate * weightDecay;
        m[i] = beta1 * m[i]! + (1 - beta1) * g;
        v[i] = beta2 * v[i]! + (1 - beta2) * g * g;
        p[i]! -= (learningRate / (1 - beta1 ** s)) * (m[i] / (Math.sqrt(v[i] / (1 - beta2 ** s)) + epsilon));
      });
    }
  }
  return { states, norms };
}

/** Defines the tests; the caller has opened the device. */
export function describeAdamW(): void {
  let parameters: Parameter[] = [];
  const make = (trainable = true) =>
    (parameters = Object.entries(SHAPES).map(([name, shape]) =>
      createParameter(name, shape, initial(name), trainable),
    ));
  afterEach(() => parameters.forEach(disposeParameter));

  function giveGradients(step: number): void {
    for (const parameter of parameters) {
      parameter.gradient = tf.keep(tf.tensor(gradientAt(parameter.name, step), parameter.shape as number[]));
    }
  }

  test.each<[string, (step: number) => AdamWSettings]>([
    ['without clipping', () => settings],
    ['with clipping', () => ({ ...settings, gradClip: 1 })],
    ['with a limit that is not reached', () => ({ ...settings, gradClip: 1e6 })],
    [
      'with other betas, no decay and a schedule',
      (s) => ({
        ...settings,
        beta1: 0.8,
        beta2: 0.95,
        epsilon: 1e-4,
        weightDecay: 0,
        learningRate: 1e-2 / s,
      }),
    ],
  ])('five steps %s follow the float64 algorithm', async (_, at) => {
    const optimizer = createAdamW(make());
    const expected = reference(5, at);
    for (let step = 1; step <= 5; step++) {
      giveGradients(step);
      const norm = optimizer.step(at(step));
      expectClose(await readTensor(norm), [expected.norms[step - 1]!], 1e-6, 'norm');
      norm.dispose();
    }
    for (const parameter of parameters) {
      const { p, m, v } = expected.states[parameter.name]!;
      const moments = await optimizer.readMoments(parameter, readTensor);
      const start = initial(parameter.name);
      const change = (values: ArrayLike<number>) => Float64Array.from(start, (x, i) => values[i]! - x);
      expectClose(await readTensor(parameter.value), p, 1e-6, parameter.name);
      // The update alone is small against the weights, so its rounding is relatively larger.
      expectClose(change(await readTensor(parameter.value)), change(p), 2e-5, `update of ${parameter.name}`);
      expectClose(moments.m, m, 1e-6, 'm');
      expectClose(moments.v, v, 1e-6, 'v');
    }
    optimizer.dispose();
  });

  test('a snapshot continues bit by bit', async () => {
    const run = async (
      steps: number[],
      resumeFrom?: {
        steps: number;
        moments: Map<string, { m: Float32Array; v: Float32Array }>;
        values: Map<string, Float32Array>;
      },
    ) => {
      make();
      if (resumeFrom) {
        for (const parameter of parameters) writeParameter(parameter, resumeFrom.values.get(parameter.name)!);
      }
      const optimizer = createAdamW(parameters);
      if (resumeFrom) {
        optimizer.steps = resumeFrom.steps;
        for (const parameter of parameters)
          optimizer.writeMoments(parameter, resumeFrom.moments.get(parameter.name)!);
      }
      for (const step of steps) {
        giveGradients(step);
        optimizer.step(settings).dispose();
      }
      const snapshot = {
        steps: optimizer.steps,
        moments: new Map<string, { m: Float32Array; v: Float32Array }>(),
        values: new Map<string, Float32Array>(),
      };
      for (const parameter of parameters) {
        snapshot.moments.set(parameter.name, await optimizer.readMoments(parameter, readTensor));
        snapshot.values.set(parameter.name, await readTensor(parameter.value));
      }
      optimizer.dispose();
      return snapshot;
    };
    const whole = await run([1, 2, 3, 4]);
    parameters.forEach(disposeParameter);
    const half = await run([1, 2]);
    parameters.forEach(disposeParameter);
    expect(await run([3, 4], half)).toEqual(whole);
  });

  test('parameters without a gradient and frozen ones stay as they are', async () => {
    const [matrix, bias, embedding] = make();
    const frozen = createParameter('frozen', [4], randomValues(4, 1), false);
    const optimizer = createAdamW([...parameters, frozen]);
    giveGradients(1);
    bias!.gradient!.dispose();
    bias!.gradient = null;
    optimizer.step(settings).dispose();
    expect(await readTensor(bias!.value)).toEqual(initial('bias'));
    expect(await readTensor(frozen.value)).toEqual(randomValues(4, 1));
    expect(await readTensor(matrix!.value)).not.toEqual(initial('matrix'));
    expect(embedding!.gradient).toBeNull();
    expect(optimizer.parameters).not.toContain(frozen);
    optimizer.dispose();
    disposeParameter(frozen);
  });

  test('after dispose no tensor stays alive, and tfjs reads the updated values', async () => {
    make();
    const before = tf.memory().numTensors;
    const optimizer = createAdamW(parameters);
    const old = await parameters[0]!.value.data();
    giveGradients(1);
    optimizer.step(settings).dispose();
    expect(await parameters[0]!.value.data()).not.toEqual(old);
    optimizer.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
}
