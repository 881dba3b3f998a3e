import { afterEach, describe, expect, test } from 'vitest';
import {
  adapterKind,
  attentionVariant,
  computePrecision,
  matmulVariant,
  matmulVariants,
  setComputePrecision,
  setVariants,
  TILES,
  variantName,
  variants,
} from './variants';

afterEach(() => setVariants('software'));

test.each([
  ['SwiftShader', false, 'software'],
  ['google swiftshader', false, 'software'],
  ['llvmpipe (LLVM 15.0.6, 256 bits)', false, 'software'],
  ['llvmpipe: Mesa 25.0.7-2 (LLVM 15.0.6) 0.0.1 mesa', false, 'software'],
  ['Microsoft Basic Render Driver', false, 'software'],
  ['nvidia ampere', true, 'software'],
  ['nvidia ampere NVIDIA GeForce RTX 3070', false, 'hardware'],
  ['apple metal-3', false, 'hardware'],
  ['', false, 'hardware'],
])('adapter %j (fallback: %s) takes the %s kernels', (description, isFallbackAdapter, kind) => {
  expect(adapterKind({ description, isFallbackAdapter })).toBe(kind);
});

test('software adapters get kernels without barriers, GPUs many threads a row', () => {
  setVariants('software', { features: ['subgroups'], subgroupSize: 4 });
  expect(variants()).toEqual({ rowThreads: 1, vocabularyThreads: 1, rowLanes: 0 });
  expect(matmulVariant({ layout: 'nn', m: 64, n: 64, k: 64 })).toEqual({ form: 'register' });
  expect(attentionVariant({ quads: 8, length: 128 })).toEqual({ form: 'rows' });
  setVariants('hardware', { features: ['subgroups'], subgroupSize: 64 });
  expect(variants().rowLanes).toBe(32);
  expect(attentionVariant({ quads: 8, length: 128 }).form).toBe('blocks');
  // The tree reductions halve the width until one is left.
  for (const threads of [variants().rowThreads, variants().vocabularyThreads])
    expect(Math.log2(threads) % 1).toBe(0);
});

describe('the usual matrix product of a GPU', () => {
  const sizes = { layout: 'nn' as const, k: 768 };

  test('takes large tiles where there are enough of them', () => {
    setVariants('hardware', { workgroupBytes: 32768 });
    expect(matmulVariant({ ...sizes, m: 4096, n: 3072 })).toMatchObject({ tile: '128x128x8', splits: 1 });
    expect(matmulVariant({ ...sizes, m: 512, n: 3072 })).toMatchObject({ tile: '128x64x16', splits: 1 });
  });

  test('splits a long k where there are few', () => {
    setVariants('hardware');
    expect(matmulVariant({ ...sizes, m: 64, n: 64, k: 4096 })).toMatchObject({
      tile: '32x32x16',
      splits: 16,
    });
    expect(matmulVariant({ ...sizes, m: 64, n: 64, k: 64 })).toMatchObject({ splits: 1 });
  });

  test('offers what fits the memory of a workgroup, the usual one first', () => {
    const product = { ...sizes, m: 512, n: 768 };
    setVariants('hardware');
    const small = matmulVariants(product).map(variantName);
    setVariants('hardware', { workgroupBytes: 65536, features: ['subgroups'], subgroupSize: 32 });
    const large = matmulVariants(product).map(variantName);
    expect(small.some((name) => name.startsWith('shared 128x128x16'))).toBe(false);
    expect(large).toContain('shared 128x128x16 stages 2 splits 1');
    expect(large).toContain('subgroup lanes 32');
    expect(large[0]).toBe(variantName(matmulVariant(product)));
    expect(new Set(large).size).toBe(large.length);
  });

  test('gives no workgroup more threads than any device runs', () => {
    for (const { m, n, rows, columns } of Object.values(TILES))
      expect((m / rows) * (n / columns)).toBeLessThanOrEqual(256);
  });
});

test('a software adapter with the feature computes in float16 by tiles', () => {
  const product = { layout: 'nn', m: 512, n: 384, k: 96 } as const;
  setVariants('software', { features: ['shader-f16', 'subgroups'], subgroupSize: 8 });
  expect(matmulVariants(product)).toEqual([{ form: 'register' }]);
  setComputePrecision('f16');
  expect(matmulVariants(product)).toEqual([{ form: 'shared', tile: '128x64x16', stages: 1, splits: 1 }]);
  expect(attentionVariant({ quads: 8, length: 128 })).toEqual({ form: 'rows' });
});

test('float16 arithmetic needs the feature', () => {
  setVariants('hardware');
  expect(() => setComputePrecision('f16')).toThrow('does not compute in float16');
  setVariants('hardware', { features: ['shader-f16'] });
  setComputePrecision('f16');
  expect(computePrecision()).toBe('f16');
  expect(matmulVariants({ layout: 'nn', m: 64, n: 64, k: 64 }).every(({ form }) => form === 'shared')).toBe(
    true,
  );
});
