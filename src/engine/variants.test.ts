import { afterEach, expect, test } from 'vitest';
import { adapterKind, setVariants, variants } from './variants';

afterEach(() => setVariants('software'));

test.each([
  ['SwiftShader', false, 'software'],
  ['google swiftshader', false, 'software'],
  ['llvmpipe (LLVM 15.0.6, 256 bits)', false, 'software'],
  ['Microsoft Basic Render Driver', false, 'software'],
  ['nvidia ampere', true, 'software'],
  ['nvidia ampere NVIDIA GeForce RTX 3070', false, 'hardware'],
  ['apple metal-3', false, 'hardware'],
  ['', false, 'hardware'],
])('adapter %j (fallback: %s) takes the %s kernels', (description, isFallbackAdapter, kind) => {
  expect(adapterKind({ description, isFallbackAdapter })).toBe(kind);
});

test('software adapters get kernels without barriers, GPUs many threads a row', () => {
  setVariants('software');
  expect(variants()).toEqual({ matmul: 'register', rowThreads: 1, vocabularyThreads: 1, attention: 'rows' });
  setVariants('hardware');
  expect(variants()).toMatchObject({ matmul: 'shared', attention: 'tiles' });
  // The tree reductions halve the width until one is left.
  for (const threads of [variants().rowThreads, variants().vocabularyThreads])
    expect(Math.log2(threads) % 1).toBe(0);
});
