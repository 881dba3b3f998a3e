import { afterEach, expect, test } from 'vitest';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { bindingLimit, elementParts, elementsOf, rowParts, setBindingLimit } from './ranges';

const before = bindingLimit();
afterEach(() => setBindingLimit(before));

const tensor: TensorInfo = { dataId: {}, shape: [50257, 768], dtype: 'float32' };

test('what can be bound at once is one part, the tensor itself', () => {
  const [part, ...others] = rowParts(50257, 768 * 4);
  expect(others).toEqual([]);
  expect(part).toMatchObject({ first: 0, count: 50257 });
  expect(part!.of(tensor)).toBe(tensor);
});

test('the embedding of GPT-2 small makes two parts at 128 MiB, and they cover it once', () => {
  setBindingLimit(2 ** 27);
  const parts = rowParts(50257, 768 * 4);
  expect(parts.map(({ first, count }) => [first, count])).toEqual([
    [0, 43648],
    [43648, 6609],
  ]);
  const ranges = parts.map(({ of }) => of(tensor));
  expect(ranges.map(elementsOf)).toEqual([43648 * 768, 6609 * 768]);
  expect(ranges[1]).toEqual({ tensor, offset: 43648 * 768 * 4, size: 6609 * 768 * 4 });
});

test.each([4, 8, 20, 768 * 2, 1600 * 4])(
  'parts of rows of %i bytes begin where they can be bound',
  (bytes) => {
    setBindingLimit(100 * 6400 + 1);
    const rows = 5003;
    const parts = rowParts(rows, bytes);
    for (const { first, count } of parts) {
      expect((first * bytes) % 256).toBe(0);
      expect(count * bytes).toBeLessThanOrEqual(bindingLimit());
    }
    expect(parts.reduce((sum, { count }) => sum + count, 0)).toBe(rows);
  },
);

test('parts of elements keep blocks of 4096 whole', () => {
  setBindingLimit(40_000);
  expect(elementParts(20_001).map(({ first, count }) => [first, count])).toEqual([
    [0, 8192],
    [8192, 8192],
    [16384, 3617],
  ]);
});

test('a limit that is too small for a tensor is refused with both sizes', () => {
  setBindingLimit(1000);
  expect(() => elementParts(5000)).toThrow(
    '16384 bytes of a tensor are needed at once, this device binds at most 1000',
  );
});
