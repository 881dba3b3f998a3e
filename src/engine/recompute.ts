/**
 * Activation recompute: a part of a model keeps only its input, and runs a second time in the backward pass to
 * get back what its gradients need. Memory of one part at a time instead of all, for one more forward pass.
 * Source: "Training Deep Nets with Sublinear Memory Cost", arXiv:1604.06174, section 3.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { GradSaveFunc, Tensor, Tensor2D } from '@tensorflow/tfjs-core';
import { usesKernels } from './mode';
import type { Parameter } from './parameter';

/** The tape that is being played back; private to tfjs, stable in the pinned version. */
const tapeState = () => (tf.engine() as unknown as { state: { activeTape: unknown } }).state;

/** Gradients of f, with a tape of its own, in the middle of another tape's backward pass. */
function innerGradients(f: () => Tensor, inputs: Tensor[], dy: Tensor): (Tensor | null)[] {
  // tfjs drops the outer tape when an inner one ends, and needs it at its own end.
  const state = tapeState();
  const outer = state.activeTape;
  try {
    return tf.engine().gradients(f, inputs, dy, true).grads;
  } finally {
    state.activeTape = outer;
  }
}

/**
 * f(x), differentiable in x and in `parameters`, all that f uses. Nothing that f computes is kept but its value.
 * f must give the same again: no state, no random numbers but counted ones (`ops/noise.ts`).
 */
export function recompute(
  f: (x: Tensor2D) => Tensor2D,
  x: Tensor2D,
  parameters: readonly Parameter[],
): Tensor2D {
  if (!tf.engine().isTapeOn()) return f(x);
  // On the kernels parameters gather their gradients by themselves; elsewhere they are inputs of the tape.
  const taped: Tensor[] = parameters
    .filter(({ trainable, onTape }) => trainable && (onTape || !usesKernels()))
    .map(({ value }) => value);
  const op = tf.customGrad((...args: unknown[]) => {
    (args[args.length - 1] as GradSaveFunc)([args[0] as Tensor]);
    const gradFunc = (dy: Tensor, [saved]: Tensor[]) => {
      const inputs = [saved!, ...taped];
      const gradients = innerGradients(() => f(saved as Tensor2D), inputs, dy);
      return gradients.map((gradient, i) => gradient ?? tf.zerosLike(inputs[i]!));
    };
    return { value: f(args[0] as Tensor2D), gradFunc };
  });
  return op(x, ...taped);
}
