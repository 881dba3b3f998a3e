import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DataError } from '../errors';
import { randomStream } from '../random';
import { trainingBatches, windowCount, type Batch } from './batches';
import { streamOf } from './corpus';

/** A stream whose id is its position, so that a window tells where it starts. */
const counting = (length: number) =>
  streamOf(
    Uint16Array.from({ length }, (_, i) => i),
    0xffff,
  );
const startsOf = (batch: Batch) =>
  Array.from({ length: batch.batch }, (_, row) => batch.ids[row * batch.length]!);

describe('training batches', () => {
  test('rows are windows and labels are the next tokens', () => {
    const batch = trainingBatches(counting(1000), { batchSize: 3, contextLength: 16, seed: 1 }).next();
    expect([batch.batch, batch.length, batch.ids.length, batch.labels.length]).toEqual([3, 16, 48, 48]);
    for (let row = 0; row < 3; row++) {
      const start = batch.ids[row * 16]!;
      for (let t = 0; t < 16; t++) {
        expect(batch.ids[row * 16 + t]).toBe(start + t);
        expect(batch.labels[row * 16 + t]).toBe(start + t + 1);
      }
    }
  });

  // The rule of the training script, written out from its two lines.
  test('an epoch is arange(offset, length - T - 1, T) in the order of the stream "batch order"', () => {
    const [T, B, length, seed] = [16, 4, 1000, 9];
    const random = randomStream(seed, 'batch order');
    const epoch = () => {
      const offset = random.below(T);
      const all: number[] = [];
      for (let start = offset; start < length - T - 1; start += T) all.push(start);
      return Array.from(random.permutation(all.length), (i) => all[i]!);
    };
    const expected: number[][] = [];
    for (let e = 0; e < 3; e++) {
      const starts = epoch();
      for (let at = 0; at + B <= starts.length; at += B) expected.push(starts.slice(at, at + B));
    }
    const batches = trainingBatches(counting(length), { batchSize: B, contextLength: T, seed });
    expect(expected.map(() => startsOf(batches.next()))).toEqual(expected);
  });

  test('going on from a position gives the batches that would have come', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 20, max: 400 }),
        fc.integer({ min: 2, max: 16 }),
        fc.integer({ min: 1, max: 9 }),
        fc.nat({ max: 60 }),
        (length, contextLength, batchSize, steps) => {
          const options = { batchSize, contextLength, seed: 5 };
          const whole = trainingBatches(counting(length), options);
          for (let i = 0; i < steps; i++) whole.next();
          const resumed = trainingBatches(counting(length), options);
          resumed.position = JSON.parse(JSON.stringify(whole.position)) as typeof whole.position;
          for (let i = 0; i < 20; i++) expect(startsOf(resumed.next())).toEqual(startsOf(whole.next()));
          expect(resumed.position).toEqual(whole.position);
        },
      ),
      { numRuns: 100, seed: 11 },
    );
  });

  test('no window comes twice within an epoch, and epochs differ', () => {
    const batches = trainingBatches(counting(2000), { batchSize: 4, contextLength: 16, seed: 2 });
    const epochs = new Map<number, number[]>();
    for (let i = 0; i < 90; i++) {
      const starts = startsOf(batches.next());
      const { epoch } = batches.position;
      epochs.set(epoch, [...(epochs.get(epoch) ?? []), ...starts]);
    }
    expect(epochs.size).toBeGreaterThan(2);
    for (const starts of epochs.values()) expect(new Set(starts).size).toBe(starts.length);
    expect(epochs.get(0)!.slice(0, 20)).not.toEqual(epochs.get(1)!.slice(0, 20));
  });

  test('a stream of a few windows fills a batch from several epochs', () => {
    const batches = trainingBatches(counting(50), { batchSize: 8, contextLength: 16, seed: 1 });
    for (let i = 0; i < 5; i++) {
      const batch = batches.next();
      expect(batch.ids.length).toBe(128);
      expect(Math.max(...batch.labels)).toBeLessThan(50);
    }
  });

  test('another seed is another order', () => {
    const order = (seed: number) =>
      startsOf(trainingBatches(counting(5000), { batchSize: 8, contextLength: 16, seed }).next());
    expect(order(1)).not.toEqual(order(2));
    expect(order(1)).toEqual(order(1));
  });

  test('a stream without a window is refused with both numbers', () => {
    const make = () => trainingBatches(counting(17), { batchSize: 1, contextLength: 16, seed: 1 });
    expect(make).toThrow(DataError);
    expect(make).toThrow('the training text has 17 tokens, one window needs 18');
    expect(trainingBatches(counting(18), { batchSize: 1, contextLength: 16, seed: 1 }).next().ids[0]).toBe(0);
  });

  test('windows are counted with the token they predict last', () => {
    expect([0, 1, 16, 17, 33].map((tokens) => windowCount(tokens, 16))).toEqual([0, 0, 0, 1, 2]);
  });
});
