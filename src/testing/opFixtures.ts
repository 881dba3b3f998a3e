/** The PyTorch values of `fixtures/operations`, checked on whatever backend and variant is active. */
import { linear } from '../engine/ops/linear';
import { layerNorm } from '../engine/ops/layerNorm';
import { evaluateOp, type HostTensor } from './checkOp';
import { expectClose } from './expectClose';
import { fixtureTensors } from './fixtures';

const fixtures = fixtureTensors('operations');
const fixture = (name: string) => {
  const tensor = fixtures[name];
  if (!tensor) throw new Error(`fixtures/operations has no ${name}`);
  return tensor;
};

const roundUp = (size: number, multiple: number) => Math.ceil(size / multiple) * multiple;

/** A fixture with zeros behind its rows and columns: the kernels take multiples of 4. */
function padded(name: string, columns: number, rows?: number): HostTensor {
  const { shape, values } = fixture(name);
  const [r, c] = shape.length === 2 ? (shape as [number, number]) : [1, shape[0]!];
  const result = new Float32Array((rows ?? r) * columns);
  for (let i = 0; i < r; i++) result.set(values.subarray(i * c, (i + 1) * c), i * columns);
  return { shape: shape.length === 2 ? [rows ?? r, columns] : [columns], values: result };
}

/** Compares the part of `actual` (rows of `stride`) that a fixture covers. */
function expectFixture(actual: Float32Array, stride: number, name: string, tolerance: number): void {
  const { shape, values } = fixture(name);
  const columns = shape[shape.length - 1]!;
  const part = values.map((_, i) => actual[Math.floor(i / columns) * stride + (i % columns)]!);
  expectClose(part, values, tolerance, name);
}

/** Sizes are rounded up to `multiple`; 1 takes the fixture as it is. */
export async function checkLinearFixture(multiple: number): Promise<void> {
  const [inner, out] = [roundUp(67, multiple), roundUp(131, multiple)];
  const { output, gradients } = await evaluateOp({
    inputs: { x: padded('linear.x', inner) },
    parameters: { weight: padded('linear.weight', out, inner), bias: padded('linear.bias', out) },
    run: (i, p) => linear(i.x, p.weight, p.bias),
    upstream: padded('linear.upstream', out).values,
  });
  expectFixture(output, out, 'linear.output', 2e-6);
  expectFixture(gradients['x']!, inner, 'linear.grad.x', 2e-6);
  expectFixture(gradients['weight']!, out, 'linear.grad.weight', 2e-6);
  expectFixture(gradients['bias']!, out, 'linear.grad.bias', 2e-6);
}

/** Names and tolerances of `fixtures/README.md`. */
export const ACTIVATION_FIXTURES = [
  ['gelu_new', 5e-6],
  ['gelu_new_large', 2e-6],
] as const;

/** The activation alone: a layer whose weight is the identity. */
export async function checkActivationFixture(
  name: string,
  tolerance: number,
  multiple: number,
): Promise<void> {
  const columns = roundUp(fixture(`${name}.x`).values.length, multiple);
  const identity = new Float32Array(columns * columns);
  for (let i = 0; i < columns; i++) identity[i * columns + i] = 1;
  const { output, gradients } = await evaluateOp({
    inputs: { x: { shape: [1, columns], values: padded(`${name}.x`, columns).values } },
    parameters: { weight: { shape: [columns, columns], values: identity, trainable: false } },
    run: (i, p) => linear(i.x, p.weight, null, { activation: 'gelu_new' }),
    upstream: padded(`${name}.upstream`, columns).values,
  });
  expectFixture(output, columns, `${name}.output`, tolerance);
  expectFixture(gradients['x']!, columns, `${name}.grad.x`, tolerance);
}

export const LAYER_NORM_FIXTURES = [
  ['layer_norm', 2e-6],
  ['layer_norm_flat', 1e-4],
] as const;

export async function checkLayerNormFixture(name: string, tolerance: number): Promise<void> {
  const { output, gradients } = await evaluateOp({
    inputs: { x: fixture(`${name}.x`) },
    parameters: { weight: fixture(`${name}.weight`), bias: fixture(`${name}.bias`) },
    run: (i, p) => layerNorm(i.x, p.weight, p.bias, 1e-5),
    upstream: fixture(`${name}.upstream`).values,
  });
  expectFixture(output, 768, `${name}.output`, tolerance);
  for (const part of ['x', 'weight', 'bias'])
    expectFixture(gradients[part]!, 768, `${name}.grad.${part}`, tolerance);
}
