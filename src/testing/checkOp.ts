/** Compares an op's kernels with its plain-tfjs reference, forward and backward, one line a case. */
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor2D } from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { readTensor } from '../engine/device';
import { createParameter, disposeParameter, valueAndGradients, type Parameter } from '../engine/parameter';
import { expectClose } from './expectClose';
import { randomValues } from './random';

export interface HostTensor {
  readonly shape: readonly number[];
  readonly values: Float32Array;
  /** Parameters only: frozen ones must get no gradient. */
  readonly trainable?: boolean;
}

export interface OpCase<I extends string, P extends string, C extends tf.TensorContainer | null = null> {
  /** Activations: differentiated on the tape. */
  inputs: Record<I, HostTensor>;
  /** Parameters that the op reads by closure. */
  parameters: Record<P, HostTensor>;
  /** Tensors without a gradient that must outlive the backward pass (token ids); disposed at the end. */
  setUp?: () => C;
  run(inputs: Record<I, Tensor2D>, parameters: Record<P, Parameter>, constants: C): tf.Tensor;
  /** Gradient from above, as long as the output; seeded random values when absent. */
  upstream?: Float32Array;
}

export interface OpResult {
  output: Float32Array;
  /** By the names of inputs and trainable parameters; absent when there was no gradient. */
  gradients: Record<string, Float32Array>;
}

/** Uniform in [low, high), seeded. */
export const host = (shape: readonly number[], seed: number, low = -1, high = 1): HostTensor => ({
  shape,
  values: randomValues(
    shape.reduce((a, b) => a * b, 1),
    seed,
    low,
    high,
  ),
});

const mapRecord = <K extends string, A, B>(record: Record<K, A>, f: (value: A, key: K) => B): Record<K, B> =>
  Object.fromEntries(Object.entries(record).map(([key, value]) => [key, f(value as A, key as K)])) as Record<
    K,
    B
  >;

/** Runs the op forward and backward on the current backend and mode; leaves no tensor behind. */
export async function evaluateOp<
  I extends string,
  P extends string,
  C extends tf.TensorContainer | null = null,
>(op: OpCase<I, P, C>): Promise<OpResult> {
  const inputs = mapRecord(op.inputs, ({ shape, values }, name) =>
    createParameter(name, shape, values, true, true),
  );
  const parameters = mapRecord(op.parameters, ({ shape, values, trainable = true }, name) =>
    createParameter(name, shape, values, trainable),
  );
  const all: Parameter[] = [...Object.values<Parameter>(inputs), ...Object.values<Parameter>(parameters)];
  const constants = (op.setUp?.() ?? null) as C;
  let output: tf.Tensor | undefined;
  const total = valueAndGradients(() => {
    const y = op.run(
      mapRecord(inputs, ({ value }) => value as unknown as Tensor2D),
      parameters,
      constants,
    );
    output = tf.keep(y.clone());
    const upstream = op.upstream ?? randomValues(y.size, 99);
    return tf.sum<tf.Scalar>(tf.mul(y, tf.tensor(upstream, y.shape, 'float32')));
  }, all);
  const gradients: Record<string, Float32Array> = {};
  for (const { name, gradient } of all) if (gradient) gradients[name] = await readTensor(gradient);
  const result = { output: await readTensor(output!), gradients };
  tf.dispose([total, output!]);
  if (constants) tf.dispose(constants);
  all.forEach(disposeParameter);
  return result;
}

/** As `evaluateOp`, on plain tfjs ops in JavaScript; the backend is restored. */
export async function evaluateReference<
  I extends string,
  P extends string,
  C extends tf.TensorContainer | null = null,
>(op: OpCase<I, P, C>): Promise<OpResult> {
  const backend = tf.getBackend();
  await tf.setBackend('cpu');
  try {
    return await evaluateOp(op);
  } finally {
    if (backend) await tf.setBackend(backend);
  }
}

/**
 * Fails unless output and every gradient agree within `tolerance` (max|x - ref| / max|ref|, tensor by tensor)
 * and the same tensors have gradients. The reference is another implementation, differentiated by tfjs's tape.
 */
export async function checkOp<I extends string, P extends string, C extends tf.TensorContainer | null = null>(
  op: OpCase<I, P, C>,
  tolerance: number,
): Promise<void> {
  const expected = await evaluateReference(op);
  const before = tf.memory().numTensors;
  const actual = await evaluateOp(op);
  expectClose(actual.output, expected.output, tolerance, 'output');
  for (const [name, gradient] of Object.entries(expected.gradients)) {
    expectClose(actual.gradients[name] ?? [], gradient, tolerance, `gradient of ${name}`);
  }
  const extra = Object.keys(actual.gradients).filter((name) => !(name in expected.gradients));
  if (extra.length > 0)
    throw new Error(`the kernels give a gradient to ${extra.join(', ')}, the reference does not`);
  const leaked = tf.memory().numTensors - before;
  // The tape's anchor is made on first use and stays.
  if (leaked > 1) throw new Error(`${leaked} tensors stay alive after the op`);
}
