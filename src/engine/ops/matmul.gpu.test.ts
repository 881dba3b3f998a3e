import { describe, expect, test } from 'vitest';
import * as tf from '@tensorflow/tfjs-core';
import { expectClose } from '../../testing/expectClose';
import { onEveryVariant, useTestDevice } from '../../testing/gpu';
import { randomValues } from '../../testing/random';
import { readTensor } from '../device';
import { matmul, type Layout, type MatmulOptions } from './matmul';

useTestDevice();

type Matrix = (row: number, column: number) => number;
const matrix =
  (values: Float32Array, stride: number, offset = 0): Matrix =>
  (row, column) =>
    values[offset + row * stride + column]!;
const transposed =
  (x: Matrix): Matrix =>
  (row, column) =>
    x(column, row);

/** C in float64. */
function product(a: Matrix, b: Matrix, m: number, n: number, k: number): Float64Array {
  return Float64Array.from({ length: m * n }, (_, at) => {
    let sum = 0;
    for (let i = 0; i < k; i++) sum += a(Math.floor(at / n), i) * b(i, at % n);
    return sum;
  });
}

// Float32 sums of up to 301 products in one accumulator: a few units in the last place.
const TOLERANCE = 2e-6;
const geluNew = (x: number) => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));

const upload = (values: Float32Array, shape: number[]) => tf.tensor(values, shape, 'float32');

onEveryVariant(() => {
  // One quad; off and on the tiles of 64; several tiles; long k.
  const sizes = [
    [1, 4, 4],
    [5, 12, 8],
    [64, 64, 16],
    [65, 68, 20],
    [130, 132, 36],
    [3, 8, 300],
  ] as const;
  describe.each(['nn', 'nt', 'tn'] as const)('%s', (layout: Layout) => {
    test.each(sizes)('[%i, %i] over k %i is the float64 product', async (rows, n, k) => {
      const m = layout === 'tn' ? Math.ceil(rows / 4) * 4 : rows;
      const [a, b] = [randomValues(m * k, 1), randomValues(n * k, 2)];
      const c = upload(new Float32Array(m * n).fill(NaN), [m, n]);
      const tensors = { a: upload(a, [m * k]), b: upload(b, [n * k]) };
      matmul(layout, { c: { tensor: c }, a: { tensor: tensors.a }, b: { tensor: tensors.b } }, { m, n, k });
      const expected = product(
        layout === 'tn' ? transposed(matrix(a, m)) : matrix(a, k),
        layout === 'nt' ? transposed(matrix(b, k)) : matrix(b, n),
        m,
        n,
        k,
      );
      expectClose(await readTensor(c), expected, TOLERANCE);
      tf.dispose([c, tensors.a, tensors.b]);
    });
  });

  test('bias, activation, pre-activation, residual and accumulation follow in this order', async () => {
    const [m, n, k] = [9, 20, 12];
    const host = {
      a: randomValues(m * k, 1, -2, 2),
      b: randomValues(k * n, 2),
      bias: randomValues(n, 3),
      residual: randomValues(m * n, 4),
      c: randomValues(m * n, 5),
    };
    const [a, b, c] = [upload(host.a, [m, k]), upload(host.b, [k, n]), upload(host.c, [m, n])];
    const [bias, residual, z] = [
      upload(host.bias, [n]),
      upload(host.residual, [m, n]),
      upload(new Float32Array(m * n), [m, n]),
    ];
    const options: MatmulOptions = {
      bias,
      residual,
      preActivation: z,
      activation: 'gelu_new',
      accumulate: true,
    };
    matmul('nn', { c: { tensor: c }, a: { tensor: a }, b: { tensor: b } }, { m, n, k }, options);
    const pre = product(matrix(host.a, k), matrix(host.b, n), m, n, k).map((x, i) => x + host.bias[i % n]!);
    expectClose(await readTensor(z), pre, TOLERANCE, 'pre-activation');
    expectClose(
      await readTensor(c),
      pre.map((x, i) => geluNew(x) + host.residual[i]! + host.c[i]!),
      TOLERANCE,
    );
    tf.dispose([a, b, c, bias, residual, z]);
  });

  test('tn gives the column sums of B beside the product, or adds them', async () => {
    const [m, n, k] = [72, 76, 37];
    const [a, b, before] = [randomValues(k * m, 1), randomValues(k * n, 2), randomValues(n, 3)];
    const sums = Float64Array.from({ length: n }, (_, j) => {
      let sum = 0;
      for (let i = 0; i < k; i++) sum += b[i * n + j]!;
      return sum;
    });
    const tensors = {
      a: upload(a, [k, m]),
      b: upload(b, [k, n]),
      c: upload(new Float32Array(m * n), [m, n]),
      db: upload(before, [n]),
    };
    const run = (accumulateSums: boolean) =>
      matmul(
        'tn',
        { c: { tensor: tensors.c }, a: { tensor: tensors.a }, b: { tensor: tensors.b } },
        { m, n, k },
        { columnSums: tensors.db, accumulateSums },
      );
    run(true);
    expectClose(
      await readTensor(tensors.db),
      sums.map((x, j) => x + before[j]!),
      TOLERANCE,
    );
    run(false);
    expectClose(await readTensor(tensors.db), sums, TOLERANCE);
    expectClose(
      await readTensor(tensors.c),
      product(transposed(matrix(a, m)), matrix(b, n), m, n, k),
      TOLERANCE,
    );
    tf.dispose(tensors);
  });

  // The output layer in chunks: V is not a multiple of 4, its rows are padded, hidden states start at a row.
  describe('a chunk of the output layer', () => {
    const [tokens, first, rows, width, vocabulary, stride] = [70, 3, 66, 20, 301, 304];
    const hidden = randomValues(tokens * width, 1);
    const embedding = randomValues(vocabulary * width, 2);
    const logits = new Float32Array(rows * stride);
    randomValues(rows * vocabulary, 3).forEach(
      (x, i) => (logits[Math.floor(i / vocabulary) * stride + (i % vocabulary)] = x),
    );
    const H = matrix(hidden, width, first * width);
    const E = matrix(embedding, width);
    const Z = matrix(logits, stride);

    test('logits: padded columns are zero and nothing else is written', async () => {
      const tensors = {
        h: upload(hidden, [tokens, width]),
        e: upload(embedding, [vocabulary, width]),
        z: upload(new Float32Array((rows + 1) * stride).fill(7), [rows + 1, stride]),
      };
      matmul(
        'nt',
        {
          c: { tensor: tensors.z, stride },
          a: { tensor: tensors.h, offset: first * width },
          b: { tensor: tensors.e },
        },
        { m: rows, n: vocabulary, k: width },
      );
      const read = await readTensor(tensors.z);
      const expected = product(H, transposed(E), rows, vocabulary, width);
      const at = (row: number, column: number) => read[row * stride + column]!;
      expectClose(
        Float64Array.from(expected, (_, i) => at(Math.floor(i / vocabulary), i % vocabulary)),
        expected,
        TOLERANCE,
      );
      for (let row = 0; row < rows; row++)
        expect([301, 302, 303].map((column) => at(row, column))).toEqual([0, 0, 0]);
      expect(new Set(read.subarray(rows * stride))).toEqual(new Set([7]));
      tf.dispose(tensors);
    });

    test('the gradient of the hidden states lands in its rows', async () => {
      const tensors = {
        dh: upload(new Float32Array(tokens * width).fill(7), [tokens, width]),
        e: upload(embedding, [vocabulary, width]),
        z: upload(logits, [rows, stride]),
      };
      matmul(
        'nn',
        {
          c: { tensor: tensors.dh, offset: first * width },
          a: { tensor: tensors.z, stride },
          b: { tensor: tensors.e },
        },
        { m: rows, n: width, k: vocabulary },
      );
      const read = await readTensor(tensors.dh);
      expectClose(
        read.subarray(first * width, (first + rows) * width),
        product(Z, E, rows, width, vocabulary),
        TOLERANCE,
      );
      expect(new Set([...read.subarray(0, first * width), ...read.subarray((first + rows) * width)])).toEqual(
        new Set([7]),
      );
      tf.dispose(tensors);
    });

    test('the gradient of the embedding is added to', async () => {
      const before = randomValues(vocabulary * width, 4);
      const tensors = {
        de: upload(before, [vocabulary, width]),
        h: upload(hidden, [tokens, width]),
        z: upload(logits, [rows, stride]),
      };
      matmul(
        'tn',
        {
          c: { tensor: tensors.de },
          a: { tensor: tensors.z, stride },
          b: { tensor: tensors.h, offset: first * width },
        },
        { m: vocabulary, n: width, k: rows },
        { accumulate: true },
      );
      const expected = product(transposed(Z), H, vocabulary, width, rows).map((x, i) => x + before[i]!);
      expectClose(await readTensor(tensors.de), expected, TOLERANCE);
      tf.dispose(tensors);
    });
  });

  test('views that do not fit are refused with the numbers', () => {
    const t = tf.zeros([8, 8]);
    const view = { tensor: t };
    expect(() => matmul('nn', { c: view, a: view, b: view }, { m: 8, n: 8, k: 6 })).toThrow(
      'a [8, 6] has offset 0 and stride 6',
    );
    expect(() => matmul('nn', { c: view, a: view, b: view }, { m: 9, n: 8, k: 8 })).toThrow(
      'needs 72 elements, its tensor [8, 8] has 64',
    );
    t.dispose();
  });
});
