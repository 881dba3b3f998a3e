import { expect, test } from 'vitest';
import { bucketOf, padRows, rowBatches } from './rowBatches';

const row = (length: number, label: number) => ({ ids: new Int32Array(length).fill(label + 1), label });
const options = { batchSize: 4, maxLength: 48, padTokenId: 9, seed: 3 };

test('lengths are rounded up to 16, 32, ... and the longest allowed', () => {
  expect([1, 16, 17, 33, 48].map((length) => bucketOf(length, 48))).toEqual([16, 16, 32, 48, 48]);
  expect(bucketOf(5, 8)).toBe(8);
});

test('rows are padded on the right, missing ones are padding that is not scored', () => {
  const { ids, labels, batch, length } = padRows([row(2, 1), row(1, 0)], {
    ...options,
    batchSize: 3,
    maxLength: 4,
  });
  expect({ batch, length }).toEqual({ batch: 3, length: 4 });
  expect([...ids]).toEqual([2, 2, 9, 9, 1, 9, 9, 9, 9, 9, 9, 9]);
  expect([...labels]).toEqual([1, 0, -100]);
});

test('an epoch has every row at most once, epochs differ, and a position brings its batches back', () => {
  const rows = Array.from({ length: 11 }, (_, i) => row(1 + i, i));
  const batches = rowBatches(rows, options);
  expect(batches.windows).toBe(11);
  const first = [batches.next(), batches.next()].flatMap(({ labels }) => [...labels]);
  expect(new Set(first).size).toBe(8);
  expect(batches.position.epoch).toBe(0);
  const position = batches.position;
  const next = [batches.next(), batches.next()];
  expect(batches.position.epoch).toBe(1);
  expect(next.flatMap(({ labels }) => [...labels])).not.toEqual(first);
  batches.position = position;
  expect([batches.next(), batches.next()]).toEqual(next);
  const again = rowBatches(rows, options);
  expect([again.next(), again.next()].flatMap(({ labels }) => [...labels])).toEqual(first);
});

test('fewer rows than a batch fill it from several epochs; none are refused', () => {
  const { labels } = rowBatches([row(1, 0), row(1, 1), row(1, 2)], options).next();
  expect(new Set(labels)).toEqual(new Set([0, 1, 2]));
  expect(() => rowBatches([], options)).toThrow('there are no rows to train on');
});
