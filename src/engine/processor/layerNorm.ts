/** Layer normalisation of `ops/layerNorm.ts` on the processor. */
import * as tf from '@tensorflow/tfjs-core';
import type { GradSaveFunc, Tensor, Tensor2D } from '@tensorflow/tfjs-core';
import { wrap } from '../dispatch';
import type { Parameter } from '../parameter';
import { addressOf, allocate, run } from './processor';

/** True for widths that the kernels serve. */
export const layerNormServed = (x: Tensor2D) => x.shape[1] % 4 === 0;

export function layerNormProcessor(
  x: Tensor2D,
  gamma: Parameter,
  beta: Parameter,
  epsilon: number,
): Tensor2D {
  const [rows, width] = x.shape;
  const flops = 8 * rows * width;
  const trained = [gamma, beta].filter(({ trainable }) => trainable);
  const op = tf.customGrad((...args: unknown[]) => {
    const save = args[args.length - 1] as GradSaveFunc;
    const [y, stats] = [allocate([rows, width]), allocate([rows, 2])];
    const from = [addressOf(x), addressOf(gamma.value), addressOf(beta.value)];
    run('layerNorm', flops, [addressOf(y), addressOf(stats), ...from, rows, width, epsilon]);
    save([x, wrap(stats)]);
    const gradFunc = (dy: Tensor, saved: Tensor[]) => {
      const dx = allocate([rows, width]);
      const sources = [dy, ...saved].map((tensor) => addressOf(tensor));
      run('layerNormInputGradient', flops, [addressOf(dx), ...sources, addressOf(gamma.value), rows, width]);
      if (trained.length === 0) return [wrap(dx)];
      const sums = { gamma: wrap(allocate([width])), beta: wrap(allocate([width])) };
      const targets = [addressOf(sums.gamma), addressOf(sums.beta)];
      run('layerNormParameterGradients', flops, [...targets, ...sources, rows, width]);
      return [wrap(dx), ...trained.map((parameter) => (parameter === gamma ? sums.gamma : sums.beta))];
    };
    return { value: wrap(y), gradFunc };
  });
  return op(x, ...trained.map(({ value }) => value)) as Tensor2D;
}
