/** The dense layer of `ops/linear.ts` on the processor. Weights stay tape variables. */
import * as tf from '@tensorflow/tfjs-core';
import type { GradSaveFunc, Tensor, Tensor2D, TensorInfo } from '@tensorflow/tfjs-core';
import { wrap } from '../dispatch';
import type { LinearOptions } from '../ops/linear';
import type { Parameter } from '../parameter';
import { addressOf, allocate, release, run } from './processor';
import { product, type Layout } from './product';

const ACTIVATIONS = { gelu_new: 1, gelu: 2 } as const;

/** True for sizes that the kernels serve: whole fours of columns. */
export const linearServed = (weight: Parameter) => weight.shape.every((size) => size % 4 === 0);

function columnSums(x: TensorInfo): TensorInfo {
  const [rows, columns] = x.shape as [number, number];
  const sums = allocate([columns]);
  run('columnSums', rows * columns, [addressOf(sums), addressOf(x), rows, columns]);
  return sums;
}

function activationGradient(dy: TensorInfo, z: TensorInfo, activation: 1 | 2): TensorInfo {
  const size = dy.shape.reduce((a, b) => a * b, 1);
  const dz = allocate(dy.shape);
  run('activationGradient', 20 * size, [addressOf(dz), addressOf(dy), addressOf(z), size, activation]);
  return dz;
}

export function linearProcessor(
  x: Tensor2D,
  weight: Parameter,
  bias: Parameter | null,
  { activation, residual }: LinearOptions,
): Tensor2D {
  const [rows, inner] = x.shape;
  const out = weight.shape[1]!;
  const kind = activation && ACTIVATIONS[activation];
  const keepsZ = kind !== undefined && tf.engine().isTapeOn();
  const back = (layout: Layout, a: TensorInfo, b: TensorInfo, m: number, n: number, k: number) => {
    const c = allocate([m, n]);
    product(layout, { c: addressOf(c), a: addressOf(a), b: addressOf(b) }, { m, n, k });
    return wrap(c);
  };

  const forward = (save: GradSaveFunc) => {
    const y = allocate([rows, out]);
    const z = keepsZ ? allocate([rows, out]) : null;
    product(
      'nn',
      { c: addressOf(y), a: addressOf(x), b: addressOf(weight.value) },
      { m: rows, n: out, k: inner },
      {
        bias: bias ? addressOf(bias.value) : 0,
        activation: kind ?? 0,
        z: z ? addressOf(z) : 0,
        residual: residual ? addressOf(residual) : 0,
      },
    );
    save(z ? [x, wrap(z)] : [x]);
    return wrap(y);
  };
  const backward = (dy: Tensor, [input, z]: Tensor[]): Tensor[] => {
    const dz = kind ? activationGradient(dy, z!, kind) : dy;
    const gradients = [back('nt', dz, weight.value, rows, inner, out)];
    if (residual) gradients.push(dy.clone());
    if (weight.trainable) gradients.push(back('tn', input!, dz, inner, out, rows));
    if (bias?.trainable) gradients.push(wrap(columnSums(dz)));
    if (dz !== dy) release(dz);
    return gradients;
  };

  const trained = [weight, bias].flatMap((parameter) => (parameter?.trainable ? [parameter.value] : []));
  const op = tf.customGrad((...args: unknown[]) => ({
    value: forward(args[args.length - 1] as GradSaveFunc),
    gradFunc: backward,
  }));
  return op(x, ...(residual ? [residual] : []), ...trained) as Tensor2D;
}
