/**
 * Weights that live outside the tape. Ops read `parameter.value` by closure and add into its gradient, so that
 * only activations are tape tensors: a third of the memory of gradients on the tape, and what a replayed plan
 * needs. On the reference path (`ops: 'reference'`, which wasm and cpu always use) the same parameters are
 * ordinary tape variables; `valueAndGradients` hides the difference.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor, TensorInfo, Variable } from '@tensorflow/tfjs-core';
import { ShapeError } from '../errors';
import { accumulateInto } from './accumulator';
import { withKind } from './cost';
import { allocate, markWritten, release, wrap, writeTensor } from './dispatch';
import { usesKernels } from './mode';

export interface Parameter {
  /** As in the checkpoint, without `transformer.`: `h.0.attn.c_attn.weight`. */
  readonly name: string;
  readonly shape: readonly number[];
  readonly size: number;
  readonly trainable: boolean;
  /** True for a weight that is used through plain tfjs ops, so that the tape must differentiate it. */
  readonly onTape: boolean;
  /** The weights. Updated in place on the GPU; its buffer never changes. */
  readonly value: Variable;
  /** Of frozen weights: `value` is int32 and holds two float16 in each element (`packed.ts`). */
  readonly packed: boolean;
  /** d loss / d value, added up over uses and micro-batches; null between steps. */
  gradient: Tensor | null;
  /**
   * Where the gradient is kept while micro-batches add to it, so that it outlives the plan of one of them; null
   * where a gradient lives within one step.
   */
  accumulator: Tensor | null;
}

let created = 0;

/** Makes a parameter from host values; the caller disposes it with `disposeParameter`. */
export function createParameter(
  name: string,
  shape: readonly number[],
  values: Float32Array,
  trainable = true,
  onTape = false,
): Parameter {
  return parameterOf(name, () => tf.tensor(values, shape as number[], 'float32'), trainable, onTape);
}

/** Makes a parameter of the tensor that `make` gives, sharing its values. */
export function parameterOf(name: string, make: () => Tensor, trainable = true, onTape = false): Parameter {
  const value = tf.tidy(() =>
    // tfjs keeps variable names globally, and teacher and student share theirs.
    tf.variable(make(), trainable, `${name}#${created++}`),
  );
  const { shape, size } = value;
  return { name, shape, size, trainable, onTape, value, packed: false, gradient: null, accumulator: null };
}

/** Replaces the weights; on the GPU in the same buffer. Throws ShapeError when the number of values differs. */
export function writeParameter(parameter: Parameter, values: Float32Array): void {
  const { name, shape, size, value } = parameter;
  if (values.length !== size)
    throw new ShapeError(`${values.length} values do not fill ${name} [${shape.join(', ')}]`);
  if (usesKernels()) return writeTensor(value, values);
  tf.tidy(() => value.assign(tf.tensor(values, shape as number[], 'float32')));
}

export function disposeParameter(parameter: Parameter): void {
  clearGradients([parameter]);
  setAccumulators([parameter], false);
  parameter.value.dispose();
}

/**
 * Gives trainable parameters a place where gradients outlive a micro-batch, or takes it back. Throws nothing;
 * gradients must be cleared.
 */
export function setAccumulators(parameters: readonly Parameter[], wanted: boolean): void {
  for (const parameter of parameters) {
    if (!wanted) {
      parameter.accumulator?.dispose();
      parameter.accumulator = null;
    } else if (parameter.trainable && usesKernels()) {
      parameter.accumulator ??= withKind('gradients', () => tf.keep(wrap(allocate(parameter.shape))));
    }
  }
}

/**
 * Called by a kernel op during its backward pass. `write(target, add)` must store this use's gradient into
 * target, adding to what is there if `add`. Does nothing for a frozen parameter.
 */
export function accumulateGradient(
  parameter: Parameter,
  write: (target: TensorInfo, add: boolean) => void,
): void {
  if (!parameter.trainable) return;
  if (parameter.gradient) {
    write(parameter.gradient, true);
    markWritten(parameter.gradient);
    return;
  }
  const target = gradientTarget(parameter);
  write(target, false);
  markWritten(target);
  parameter.gradient = target;
}

/** A tensor for the first gradient of a step, not yet written. */
function gradientTarget({ accumulator, shape }: Parameter): Tensor {
  return accumulator ?? withKind('gradients', () => tf.keep(wrap(allocate(shape))));
}

/**
 * Makes `gradient`, times `factor`, the parameter's or adds it; `scale` computes out = factor x, out += factor x
 * or x *= factor. Where it can, the tensor itself becomes the gradient, without a copy.
 */
export function giveGradient(
  parameter: Parameter,
  gradient: Tensor,
  scale: (mode: 'write' | 'add' | 'inPlace', out: TensorInfo) => void,
): void {
  if (parameter.gradient) {
    scale('add', parameter.gradient);
    markWritten(parameter.gradient);
  } else if (parameter.accumulator) {
    scale('write', parameter.accumulator);
    markWritten(parameter.accumulator);
    parameter.gradient = parameter.accumulator;
  } else {
    scale('inPlace', gradient);
    parameter.gradient = tf.keep(gradient.clone());
  }
}

/**
 * As `accumulateGradient`, but `write` runs for a frozen parameter too, into a tensor that is dropped: for
 * kernels that give the gradients of several parameters at once.
 */
export function accumulateOrDiscard(
  parameter: Parameter,
  write: (target: TensorInfo, add: boolean) => void,
): void {
  if (parameter.trainable) return accumulateGradient(parameter, write);
  const unused = allocate(parameter.shape);
  write(unused, false);
  release(unused);
}

let anchor: Variable | undefined;

/**
 * A one-element variable that never changes. An op whose only inputs are parameters (the embedding) takes it as
 * its tape input, so that the backward pass reaches it.
 */
export function tapeAnchor(): Variable {
  if (!anchor || anchor.isDisposed)
    anchor = tf.tidy(() => tf.variable(tf.zeros([1]), true, `anchor#${created++}`));
  return anchor;
}

/** Forgets the anchor of a backend that is gone. */
export function resetTapeAnchor(): void {
  anchor = undefined;
}

/**
 * Gives x back, tied to the tape. For activations that come from no parameter (a fixed input embedding): ops
 * that follow would else not be differentiated, although their own parameters are trainable.
 */
export function tieToTape<T extends Tensor>(x: T): T {
  if (!usesKernels()) return x;
  const op = tf.customGrad(() => ({ value: x.clone(), gradFunc: () => tf.zeros([1]) }));
  return op(tapeAnchor());
}

function addToGradient(parameter: Parameter, gradient: Tensor): void {
  const { accumulator } = parameter;
  if (accumulator) {
    // In place, so that the sum outlives a replayed micro-batch.
    const add = parameter.gradient !== null;
    accumulateInto(accumulator, gradient, add);
    gradient.dispose();
    parameter.gradient = accumulator;
    return;
  }
  const sum = parameter.gradient ? tf.add(parameter.gradient, gradient) : gradient;
  if (parameter.gradient) tf.dispose([parameter.gradient, gradient]);
  parameter.gradient = tf.keep(sum);
}

/**
 * Runs `f` on the tape and its backward pass, and adds d f / d p into `p.gradient` for every trainable
 * parameter that f uses; the gradient of others stays as it was. Returns the value as f gave it (the caller
 * disposes it).
 */
export function valueAndGradients(f: () => Scalar, parameters: readonly Parameter[]): Scalar {
  const kernels = usesKernels();
  const taped = parameters.filter((parameter) => parameter.trainable && (parameter.onTape || !kernels));
  // With the anchor among the variables tfjs finds a path also when f uses none of the parameters directly.
  const { value, grads } = tf.variableGrads(f, [tapeAnchor(), ...taped.map((parameter) => parameter.value)]);
  const gradients: Record<string, Tensor | null> = grads;
  for (const parameter of taped) {
    const gradient = gradients[parameter.value.name];
    if (gradient) addToGradient(parameter, gradient);
    delete gradients[parameter.value.name];
  }
  for (const rest of Object.values(gradients)) rest?.dispose();
  return value;
}

/** Drops all gradients, after an update or a failed step. */
export function clearGradients(parameters: readonly Parameter[]): void {
  for (const parameter of parameters) {
    if (parameter.gradient !== parameter.accumulator) parameter.gradient?.dispose();
    parameter.gradient = null;
  }
}
