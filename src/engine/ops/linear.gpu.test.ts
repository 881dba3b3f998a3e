import { describe, expect, test } from 'vitest';
import { checkOp, evaluateOp, host, type HostTensor } from '../../testing/checkOp';
import { expectClose } from '../../testing/expectClose';
import { fixtureTensors } from '../../testing/fixtures';
import { onEveryVariant, useTestDevice } from '../../testing/gpu';
import { linear, type LinearOptions } from './linear';

useTestDevice();

const fixtures = fixtureTensors('operations');

interface Options extends LinearOptions {
  withBias?: boolean;
  withResidual?: boolean;
  frozen?: ('weight' | 'bias')[];
}

/** A layer [rows, inner] -> [rows, out] with the given options. */
const layer = (rows: number, inner: number, out: number, options: Options) => {
  const { withBias = true, withResidual = false, frozen = [], activation } = options;
  const parameters: Record<string, HostTensor> = {
    weight: { ...host([inner, out], 2), trainable: !frozen.includes('weight') },
    ...(withBias ? { bias: { ...host([out], 3), trainable: !frozen.includes('bias') } } : {}),
  };
  const inputs: Record<string, HostTensor> = {
    x: host([rows, inner], 1, -2, 2),
    ...(withResidual ? { residual: host([rows, out], 4) } : {}),
  };
  return {
    inputs,
    parameters,
    run: (
      i: Record<string, import('@tensorflow/tfjs-core').Tensor2D>,
      p: Record<string, import('../parameter').Parameter>,
    ) =>
      linear(i['x']!, p['weight']!, p['bias'] ?? null, {
        ...(activation ? { activation } : {}),
        ...(withResidual ? { residual: i['residual']! } : {}),
      }),
  };
};

/** Pads the columns (and, for rows, the rows) of a fixture matrix with zeros: the kernels take multiples of 4. */
function padded(name: string, columns: number, rows?: number): HostTensor {
  const { shape, values } = fixtures[name]!;
  const [r, c] = shape.length === 2 ? (shape as [number, number]) : [1, shape[0]!];
  const result = new Float32Array((rows ?? r) * columns);
  for (let i = 0; i < r; i++) result.set(values.subarray(i * c, (i + 1) * c), i * columns);
  return { shape: shape.length === 2 ? [rows ?? r, columns] : [columns], values: result };
}

const unpad = (values: Float32Array, columns: number, [rows, kept]: [number, number]) =>
  Float32Array.from({ length: rows * kept }, (_, i) => values[Math.floor(i / kept) * columns + (i % kept)]!);

onEveryVariant(() => {
  describe('linear gives the output and all gradients of the reference', () => {
    test.each<[string, Options]>([
      ['plain', {}],
      ['without a bias', { withBias: false }],
      ['with a residual', { withResidual: true }],
      ['with gelu_new', { activation: 'gelu_new' }],
      ['with gelu', { activation: 'gelu' }],
      ['with gelu_new and a residual', { activation: 'gelu_new', withResidual: true }],
      ['with a frozen weight', { frozen: ['weight'] }],
      ['with a frozen bias', { frozen: ['bias'] }],
      ['with everything frozen', { frozen: ['weight', 'bias'] }],
    ])('%s', async (_, options) => {
      await checkOp(layer(37, 20, 68, options), 5e-6);
      await checkOp(layer(1, 4, 4, options), 5e-6);
    });

    test('several tiles', () =>
      checkOp(layer(130, 72, 132, { withResidual: true, activation: 'gelu_new' }), 5e-6));
  });

  test('a weight used twice gets the sum of both gradients', async () => {
    const op = layer(9, 8, 8, {});
    const twice = {
      ...op,
      run: (i: Parameters<typeof op.run>[0], p: Parameters<typeof op.run>[1]) =>
        linear(op.run(i, p), p['weight']!, p['bias']!),
    };
    await checkOp(twice, 5e-6);
  });

  test('matches the PyTorch fixture (padded with zeros to multiples of 4)', async () => {
    const [inner, out] = [68, 132];
    const { output, gradients } = await evaluateOp({
      inputs: { x: padded('linear.x', inner) },
      parameters: { weight: padded('linear.weight', out, inner), bias: padded('linear.bias', out) },
      run: (i, p) => linear(i.x, p.weight, p.bias),
      upstream: padded('linear.upstream', out).values,
    });
    expectClose(unpad(output, out, [5, 131]), fixtures['linear.output']!.values, 2e-6);
    expectClose(unpad(gradients['x']!, inner, [5, 67]), fixtures['linear.grad.x']!.values, 2e-6);
    expectClose(unpad(gradients['weight']!, out, [67, 131]), fixtures['linear.grad.weight']!.values, 2e-6);
    expectClose(gradients['bias']!.subarray(0, 131), fixtures['linear.grad.bias']!.values, 2e-6);
  });

  test.each([
    ['gelu_new', 5e-6],
    ['gelu_new_large', 2e-6],
  ])('the activation matches the PyTorch fixture %s', async (name, tolerance) => {
    const { values } = fixtures[`${name}.x`]!;
    const columns = Math.ceil(values.length / 4) * 4;
    // With W = I the layer is the activation alone; padding columns stay zero.
    const identity = new Float32Array(columns * columns);
    for (let i = 0; i < columns; i++) identity[i * columns + i] = 1;
    const pad = (source: Float32Array) => {
      const row = new Float32Array(columns);
      row.set(source);
      return row;
    };
    const { output, gradients } = await evaluateOp({
      inputs: { x: { shape: [1, columns], values: pad(values) } },
      parameters: { weight: { shape: [columns, columns], values: identity, trainable: false } },
      run: (i, p) => linear(i.x, p.weight, null, { activation: 'gelu_new' }),
      upstream: pad(fixtures[`${name}.upstream`]!.values),
    });
    expectClose(output.subarray(0, values.length), fixtures[`${name}.output`]!.values, tolerance);
    expectClose(gradients['x']!.subarray(0, values.length), fixtures[`${name}.grad.x`]!.values, tolerance);
  });

  test('an input that does not fit is refused by the name of the weight', async () => {
    const op = { ...layer(2, 8, 4, {}), inputs: { x: host([2, 12], 1) } };
    await expect(evaluateOp(op)).rejects.toThrow('weight [8,4] cannot multiply x [2,12]');
  });
});
