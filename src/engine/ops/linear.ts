/**
 * A dense layer with what surrounds it in a transformer block, in one pass forward:
 *   z = x W + b,  y = act(z) + residual
 *   dz = dy act'(z),  dx = dz Wᵀ,  dW = xᵀ dz,  db = sum over rows of dz,  dresidual = dy
 * act is none, gelu_new (tanh form) or gelu (erf form): "Gaussian Error Linear Units", arXiv:1606.08415.
 * Shapes: x [N, in], W [in, out] (as GPT-2's Conv1D stores it, no transpose), b [out], y and residual [N, out].
 */
import * as tf from '@tensorflow/tfjs-core';
import type { GradSaveFunc, Tensor, Tensor2D, TensorInfo } from '@tensorflow/tfjs-core';
import { ShapeError } from '../../errors';
import { allocate, launch, release, wrap } from '../dispatch';
import { flatIndex, kernelFamily, linearGrid } from '../kernel';
import { usesKernels, usesProcessor } from '../mode';
import { accumulateGradient, accumulateOrDiscard, type Parameter } from '../parameter';
import { linearProcessor, linearServed } from '../processor/linear';
import { activationFunctions, type Activation } from '../wgsl';
import { matmul } from './matmul';

export interface LinearOptions {
  activation?: Activation;
  residual?: Tensor2D;
}

const THREADS = 64;

const activationGradient = kernelFamily(
  'ActivationGradient',
  ({ activation }: { activation: Activation }) => ({
    write: { dz: 'vec4f' as const },
    read: { dy: 'vec4f' as const, z: 'vec4f' as const },
    scalars: { quads: 'u32' as const },
    workgroupSize: [THREADS],
    helpers: activationFunctions(activation),
    main: `
  let i = ${flatIndex(THREADS)};
  if (i < u.quads) { dz[i] = dy[i] * activateGrad(z[i]); }`,
  }),
);

/** dW and db of one use; when both are wanted, db comes out of the pass over dz that dW makes anyway. */
function parameterGradients(x: TensorInfo, dz: TensorInfo, weight: Parameter, bias: Parameter | null): void {
  const [rows, out] = dz.shape as [number, number];
  const inner = x.shape[1]!;
  const product = (dW: TensorInfo, add: boolean, db?: TensorInfo, addBias?: boolean) =>
    matmul(
      'tn',
      { c: { tensor: dW }, a: { tensor: x }, b: { tensor: dz } },
      { m: inner, n: out, k: rows },
      {
        accumulate: add,
        columnSums: db,
        accumulateSums: addBias ?? false,
      },
    );
  if (!bias?.trainable) accumulateGradient(weight, (dW, add) => product(dW, add));
  else {
    accumulateOrDiscard(weight, (dW, add) =>
      accumulateGradient(bias, (db, addBias) => product(dW, add, db, addBias)),
    );
  }
}

function linearKernels(
  x: Tensor2D,
  weight: Parameter,
  bias: Parameter | null,
  options: LinearOptions,
): Tensor2D {
  const { activation, residual } = options;
  const [rows, inner] = x.shape;
  const out = weight.shape[1]!;
  // Only a backward pass needs z.
  const keepsZ = activation !== undefined && tf.engine().isTapeOn();

  const forward = (input: Tensor, save: GradSaveFunc) => {
    const y = allocate([rows, out]);
    const z = keepsZ ? allocate([rows, out]) : undefined;
    matmul(
      'nn',
      { c: { tensor: y }, a: { tensor: input }, b: { tensor: weight.value, packed: weight.packed } },
      { m: rows, n: out, k: inner },
      { bias: bias?.value, activation, preActivation: z, residual },
    );
    save(z ? [input, wrap(z)] : [input]);
    return wrap(y);
  };
  const backward = (dy: Tensor, [input, z]: Tensor[]): Tensor => {
    let dz: TensorInfo = dy;
    if (activation) {
      dz = allocate([rows, out]);
      const quads = (rows * out) / 4;
      launch(activationGradient({ activation }), { dz, dy, z }, { quads }, linearGrid(quads, THREADS));
    }
    const dx = allocate([rows, inner]);
    matmul(
      'nt',
      { c: { tensor: dx }, a: { tensor: dz }, b: { tensor: weight.value, packed: weight.packed } },
      { m: rows, n: inner, k: out },
    );
    parameterGradients(input!, dz, weight, bias);
    if (dz !== dy) release(dz);
    return wrap(dx);
  };

  // customGrad hands over the inputs and then `save`; x and residual come from the closure.
  const op = tf.customGrad((...args: unknown[]) => ({
    value: forward(x, args[args.length - 1] as GradSaveFunc),
    gradFunc: residual
      ? (dy: Tensor, saved: Tensor[]) => [backward(dy, saved), dy.clone()]
      : (dy: Tensor, saved: Tensor[]) => backward(dy, saved),
  }));
  return (residual ? op(x, residual) : op(x)) as Tensor2D;
}

const SQRT_2_OVER_PI = Math.sqrt(2 / Math.PI);

/** The activation in plain tfjs ops, differentiable by the tape. */
export function activate(z: Tensor2D, activation: Activation): Tensor2D {
  const half = tf.mul(z, 0.5);
  if (activation === 'gelu') return tf.mul(half, tf.add(1, tf.erf(tf.mul(z, Math.SQRT1_2))));
  const cube = tf.mul(tf.mul(z, z), z);
  // Clamped as in the kernel: tanh of large arguments is NaN on some drivers.
  const inner = tf.clipByValue(tf.mul(SQRT_2_OVER_PI, tf.add(z, tf.mul(0.044715, cube))), -15, 15);
  return tf.mul(half, tf.add(1, tf.tanh(inner)));
}

function linearReference(
  x: Tensor2D,
  weight: Parameter,
  bias: Parameter | null,
  options: LinearOptions,
): Tensor2D {
  return tf.tidy(() => {
    let y: Tensor2D = tf.matMul(x, weight.value);
    if (bias) y = tf.add(y, bias.value);
    if (options.activation) y = activate(y, options.activation);
    return options.residual ? tf.add(y, options.residual) : y;
  });
}

/**
 * act(x W + b) + residual. Differentiable in x and residual; adds to the gradients of weight and bias.
 * The kernels need both sizes of W to be multiples of 4 (`kernelsServe`). Throws ShapeError when x does not fit.
 */
export function linear(
  x: Tensor2D,
  weight: Parameter,
  bias: Parameter | null,
  options: LinearOptions = {},
): Tensor2D {
  if (x.shape[1] !== weight.shape[0]) {
    throw new ShapeError(
      `${weight.name} [${weight.shape.join(', ')}] cannot multiply x [${x.shape.join(', ')}]`,
    );
  }
  if (usesProcessor() && linearServed(weight)) return linearProcessor(x, weight, bias, options);
  return usesKernels() ? linearKernels(x, weight, bias, options) : linearReference(x, weight, bias, options);
}
