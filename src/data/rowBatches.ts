/**
 * Batches of labelled rows, padded on the right. Every epoch goes through the rows in a new random order; what does not
 * fill a last batch is dropped for that epoch. Lengths are rounded up to a few buckets, so that a run has few shapes, and
 * with them few plans. A batch follows from (rows, options, position) alone.
 */
import { DataError } from '../errors';
import { randomStream } from '../random';
import type { Batch, BatchIterator, BatchPosition } from './batches';
import type { EncodedRow } from './examples';

export interface RowBatchOptions {
  batchSize: number;
  /** Longest row, in tokens. */
  maxLength: number;
  padTokenId: number;
  seed: number;
}

/** Shortest bucket: GPT-2's kernels take as long for fewer tokens. */
const SHORTEST = 16;

/** The length that a row of `length` tokens is padded to: 16, 32, 64, ... and `maxLength` itself. */
export function bucketOf(length: number, maxLength: number): number {
  let bucket = SHORTEST;
  while (bucket < length) bucket *= 2;
  return Math.min(bucket, Math.max(maxLength, length));
}

/**
 * Rows as a batch of `batchSize`, padded to their bucket; where there are fewer rows, the rest is padding that is not
 * scored.
 */
export function padRows(
  rows: readonly EncodedRow[],
  { batchSize, maxLength, padTokenId }: Omit<RowBatchOptions, 'seed'>,
): Batch {
  const longest = rows.reduce((most, { ids }) => Math.max(most, ids.length), 1);
  const length = bucketOf(longest, maxLength);
  const ids = new Int32Array(batchSize * length).fill(padTokenId);
  const labels = new Int32Array(batchSize).fill(-100);
  rows.forEach((row, i) => {
    ids.set(row.ids, i * length);
    labels[i] = row.label;
  });
  return { ids, labels, batch: batchSize, length };
}

/** Batches without end, epoch after epoch. Throws DataError when there is no row. */
export function rowBatches(rows: readonly EncodedRow[], options: RowBatchOptions): BatchIterator {
  if (rows.length === 0) throw new DataError('there are no rows to train on', 'Bring a larger file.');
  const { batchSize, seed } = options;
  const random = randomStream(seed, 'batch order');
  let position: BatchPosition = { epoch: 0, index: 0, counter: 0 };
  let order: Uint32Array;

  function shuffle(): void {
    random.counter = position.counter;
    order = random.permutation(rows.length);
  }

  function nextEpoch(): void {
    position = { epoch: position.epoch + 1, index: 0, counter: random.counter };
    shuffle();
  }

  shuffle();
  return {
    windows: rows.length,
    next() {
      // Fewer rows than a batch takes fill it from several epochs.
      if (position.index + batchSize > order.length && position.index > 0) nextEpoch();
      const taken: EncodedRow[] = [];
      while (taken.length < batchSize) {
        if (position.index === order.length) nextEpoch();
        taken.push(rows[order[position.index]!]!);
        position.index++;
      }
      return padRows(taken, options);
    },
    get position() {
      return { ...position };
    },
    set position(to: BatchPosition) {
      position = { ...to };
      shuffle();
    },
  };
}
