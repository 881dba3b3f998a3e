/**
 * Loss scaling, for gradients that float16 arithmetic would flush to zero: the backward pass works on S times the
 * gradients, S a power of two, and the update divides by S. A step whose gradients are not finite is left out and
 * halves S; after 2000 good ones in a row S doubles. All of it stays on the device, so that a step can be replayed.
 * Source: "Mixed Precision Training", arXiv:1710.03740, section 3.2; PyTorch's GradScaler for the numbers.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import { allocate, launch, markWritten, wrap, writeTensor } from './dispatch';
import { kernelFamily } from './kernel';

const FIRST = 2 ** 16;
const LARGEST = 2 ** 24;
const GOOD_STEPS = 2000;

export interface LossScale {
  /** [2] on the device: S, and the good steps in a row. */
  readonly state: Tensor;
  /** The loss as it is, but differentiated S times as steeply. */
  steepen(loss: Scalar): Scalar;
  /**
   * After the update: makes S that of the next step, and gives the norm of the gradients without S; 0 for a step that
   * was left out, unless S cannot become smaller.
   */
  advance(norm: Scalar): Scalar;
  /** Replaces S and the good steps in a row, by those of a snapshot. */
  write(state: readonly number[]): void;
  dispose(): void;
}

/** WGSL: whether a float's bits are those of a number. Shaders may take it for granted that floats are finite. */
export const IS_FINITE = 'fn isFinite(bits: u32) -> bool { return (bits & 0x7f800000u) != 0x7f800000u; }';

const advanceKernel = kernelFamily('LossScale', (_: object) => ({
  write: { state: 'f32' as const, plain: 'u32' as const },
  read: { norm: 'u32' as const },
  workgroupSize: [1],
  helpers: IS_FINITE,
  main: `
  let scale = state[0];
  let bits = norm[0];
  if (isFinite(bits)) {
    plain[0] = bitcast<u32>(bitcast<f32>(bits) / scale);
    let grows = state[1] + 1.0 >= ${GOOD_STEPS}.0;
    state[0] = select(scale, min(scale * 2.0, ${LARGEST}.0), grows);
    state[1] = select(state[1] + 1.0, 0.0, grows);
  } else {
    plain[0] = select(bits, 0u, scale > 1.0);
    state[0] = max(scale * 0.5, 1.0);
    state[1] = 0.0;
  }`,
}));

/** Starts with S = 65536; the caller disposes it. */
export function createLossScale(first = FIRST): LossScale {
  const state = tf.keep(tf.tensor1d([first, 0]));
  return {
    state,
    steepen(loss) {
      const op = tf.customGrad((x) => ({
        value: (x as Tensor).clone(),
        gradFunc: (dy: Tensor) => tf.mul(dy, tf.reshape(tf.slice(state, 0, 1), [])),
      }));
      return op(loss) as Scalar;
    },
    advance(norm) {
      const plain = allocate([]);
      launch(advanceKernel({}), { state, plain, norm }, {}, [1]);
      markWritten(state);
      return wrap<Scalar>(plain);
    },
    write: (values) => writeTensor(state, Float32Array.from(values)),
    dispose: () => state.dispose(),
  };
}
