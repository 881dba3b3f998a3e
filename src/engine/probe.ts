/** A short measurement that tells two backends on the same processor apart. */
import * as tf from '@tensorflow/tfjs-core';
import { clearGradients, createParameter, disposeParameter, valueAndGradients } from './parameter';
import { layerNorm } from './ops/layerNorm';
import { linear } from './ops/linear';

const ROWS = 128;
const WIDTH = 128;
const TRIALS = 2;

/**
 * Milliseconds that a feed-forward block of [128, 128] takes forward and backward on the current backend: the
 * best of two after one warm-up, which compiles the kernels. The real step is made of the same products.
 */
export async function stepTime(): Promise<number> {
  const fill = (name: string, shape: number[]) => {
    const size = shape.reduce((a, b) => a * b, 1);
    return createParameter(
      name,
      shape,
      Float32Array.from({ length: size }, (_, i) => ((i % 13) - 6) / 100),
    );
  };
  const [gamma, beta] = [fill('probe.gamma', [WIDTH]), fill('probe.beta', [WIDTH])];
  const [up, down] = [fill('probe.up', [WIDTH, 4 * WIDTH]), fill('probe.down', [4 * WIDTH, WIDTH])];
  const bias = fill('probe.bias', [4 * WIDTH]);
  const parameters = [gamma, beta, up, down, bias];
  const input = createParameter(
    'probe.x',
    [ROWS, WIDTH],
    new Float32Array(ROWS * WIDTH).fill(0.1),
    true,
    true,
  );
  let best = Infinity;
  for (let trial = 0; trial <= TRIALS; trial++) {
    const start = performance.now();
    const value = valueAndGradients(() => {
      const normed = layerNorm(input.value as unknown as tf.Tensor2D, gamma, beta, 1e-5);
      const hidden = linear(normed, up, bias, { activation: 'gelu_new' });
      return tf.mean<tf.Scalar>(linear(hidden, down, null));
    }, [...parameters, input]);
    await value.data();
    value.dispose();
    clearGradients([...parameters, input]);
    if (trial > 0) best = Math.min(best, performance.now() - start);
  }
  [...parameters, input].forEach(disposeParameter);
  return best;
}
