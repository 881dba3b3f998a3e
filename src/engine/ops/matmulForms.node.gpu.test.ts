/** The forms of the matrix product that a device may choose. In Node only: they compile for seconds, alike in Chromium. */
import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { expectClose } from '../../testing/expectClose';
import { testDevice, useTestDevice } from '../../testing/gpu';
import { randomValues } from '../../testing/random';
import { readTensor } from '../device';
import { f16ToFloat32, float32ToF16 } from '../../io/floats';
import {
  setComputePrecision,
  setVariants,
  variantName,
  withVariant,
  type MatmulVariant,
  type TileSize,
} from '../variants';
import { matmul, type Layout } from './matmul';

useTestDevice();

// Large tiles take SwiftShader seconds to compile, so that each has the layouts that differ in how it is loaded.
type Shared = MatmulVariant & { form: 'shared' };
const SHARED: [TileSize, Shared['stages'], Shared['splits'], Layout[]][] = [
  ['32x32x16', 1, 1, ['nn', 'nt', 'tn']],
  ['32x32x16', 2, 3, ['nn', 'nt', 'tn']],
  ['64x64x16', 1, 1, ['nt']],
  ['64x64x16', 2, 1, ['tn']],
  ['128x64x16', 1, 1, ['nn']],
  ['128x128x8', 1, 1, ['nt']],
];
const SUBGROUP: MatmulVariant = { form: 'subgroup', lanes: 4 };
const TOLERANCE = 2e-6;

interface Case {
  layout: Layout;
  m: number;
  n: number;
  k: number;
}

const rounded = (values: Float32Array) => f16ToFloat32(float32ToF16(values));

/**
 * Operands with offset and stride, an n that is no multiple of 4, and all that may follow a product. With `half` the
 * operands are float16 numbers, so that tiles in float16 hold them as they are.
 */
function everything({ layout, m, n, k }: Case, withSums: boolean, half = false) {
  const padded = Math.ceil(n / 4) * 4;
  const [rowsA, columnsA] = layout === 'tn' ? [k, m] : [m, k];
  const [rowsB, columnsB] = layout === 'nt' ? [n, k] : [k, n];
  // Padding of A's rows along k must hold zeros.
  const matrix = (rows: number, columns: number, stride: number, offset: number, seed: number) => {
    const exact = randomValues(rows * columns, seed);
    const values = half ? rounded(exact) : exact;
    const held = new Float32Array(offset + rows * stride);
    for (let r = 0; r < rows; r++)
      held.set(values.subarray(r * columns, (r + 1) * columns), offset + r * stride);
    return { held, at: (r: number, c: number) => values[r * columns + c]! };
  };
  const quads = (size: number) => Math.ceil(size / 4) * 4;
  const [strideA, strideB] = [quads(columnsA) + 4, quads(columnsB) + 8];
  const A = matrix(rowsA, columnsA, strideA, 8, 1);
  const B = matrix(rowsB, columnsB, strideB, 12, 2);
  const bias = randomValues(padded, 3).fill(0, n);
  const before = randomValues(m * padded, 4);
  const sumsBefore = randomValues(padded, 5);
  const run = async () => {
    const tensors = {
      a: tf.tensor1d(A.held),
      b: tf.tensor1d(B.held),
      c: tf.tensor(before, [m, padded], 'float32'),
      bias: tf.tensor1d(bias),
      sums: tf.tensor(sumsBefore, [padded], 'float32'),
    };
    matmul(
      layout,
      {
        c: { tensor: tensors.c, stride: padded },
        a: { tensor: tensors.a, offset: 8, stride: strideA },
        b: { tensor: tensors.b, offset: 12, stride: strideB },
      },
      { m, n, k },
      {
        bias: tensors.bias,
        accumulate: true,
        ...(withSums ? { columnSums: tensors.sums, accumulateSums: true } : {}),
      },
    );
    const result = [await readTensor(tensors.c), await readTensor(tensors.sums)] as const;
    tf.dispose(tensors);
    return result;
  };
  const a = (i: number, d: number) => (layout === 'tn' ? A.at(d, i) : A.at(i, d));
  const b = (d: number, j: number) => (layout === 'nt' ? B.at(j, d) : B.at(d, j));
  const expected = Float64Array.from({ length: m * padded }, (_, at) => {
    const [i, j] = [Math.floor(at / padded), at % padded];
    if (j >= n) return 0;
    let sum = bias[j]! + before[at]!;
    for (let d = 0; d < k; d++) sum += a(i, d) * b(d, j);
    return sum;
  });
  const sums = Float64Array.from({ length: n }, (_, j) => {
    let sum = sumsBefore[j]!;
    for (let d = 0; d < k; d++) sum += b(d, j);
    return sum;
  });
  return { run, expected, sums };
}

async function check(variant: MatmulVariant, product: Case, half = false): Promise<void> {
  const withSums = product.layout === 'tn';
  const { run, expected, sums } = everything(product, withSums, half);
  const [c, columnSums] = await withVariant(variant, run);
  expectClose(c, expected, TOLERANCE, `${variantName(variant)} ${product.layout}`);
  if (withSums) expectClose(columnSums.subarray(0, product.n), sums, TOLERANCE, 'column sums');
}

for (const [tile, stages, splits, layouts] of SHARED) {
  const variant: MatmulVariant = { form: 'shared', tile, stages, splits };
  // Off the tiles' edges in every direction; in parts, a last one that is shorter.
  test.each(layouts)(
    `${variantName(variant)}: %s with everything around it is the float64 product`,
    async (layout) => {
      await check(variant, { layout, m: 133, n: 70, k: layout === 'nt' ? 40 : 37 });
    },
  );
}

test.each(['nn', 'nt', 'tn'] as const)(
  'float16 tiles: %s of float16 numbers is the float64 product',
  async (layout) => {
    const { info } = await testDevice();
    if (!info.features.includes('shader-f16')) return console.log('skipped: this device has no shader-f16');
    setVariants('hardware', { features: ['shader-f16'] });
    setComputePrecision('f16');
    try {
      for (const [stages, splits] of [
        [1, 1],
        [2, 3],
      ] as const) {
        const variant: MatmulVariant = { form: 'shared', tile: '32x32x16', stages, splits };
        await check(variant, { layout, m: 133, n: 70, k: layout === 'nt' ? 40 : 37 }, true);
      }
    } finally {
      setVariants('software');
    }
  },
);

test.each(['nn', 'tn'] as const)('subgroups: %s is the float64 product', async (layout) => {
  const { info } = await testDevice();
  if (!info.features.includes('subgroups')) return console.log('skipped: this device has no subgroups');
  await check(SUBGROUP, { layout, m: 21, n: 70, k: 37 });
  await check({ form: 'subgroup', lanes: 4 }, { layout, m: 1, n: 4, k: 4 });
});

test('parts of k add up in the same order in every run', async () => {
  const product: Case = { layout: 'nn', m: 20, n: 24, k: 700 };
  const { run, expected } = everything(product, false);
  const variant: MatmulVariant = { form: 'shared', tile: '32x32x16', stages: 1, splits: 5 };
  const [first] = await withVariant(variant, run);
  const [second] = await withVariant(variant, run);
  expect(first).toEqual(second);
  expectClose(first, expected, TOLERANCE);
});
