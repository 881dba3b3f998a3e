/**
 * Training batches from a token stream. Every epoch cuts the stream into windows of `contextLength` + 1 tokens from
 * a random offset on and goes through them in random order; what does not fill a last batch is dropped, as in the
 * training script of the bundled teacher. A batch follows from (stream, options, position) alone.
 */
import { DataError } from '../errors';
import { randomStream } from '../random';
import type { TokenStream } from './corpus';

/** Inputs and the same tokens one step on, row by row: [batch * length] each. */
export interface Batch {
  ids: Int32Array;
  labels: Int32Array;
  batch: number;
  length: number;
}

export interface BatchOptions {
  batchSize: number;
  /** Tokens of a row, T. */
  contextLength: number;
  seed: number;
}

/** Where the next batch comes from; plain data, for snapshots. */
export interface BatchPosition {
  /** Epochs begun, from 0. */
  epoch: number;
  /** Windows of this epoch that are used up. */
  index: number;
  /** Draws of the stream `batch order` before this epoch. */
  counter: number;
}

export interface BatchIterator {
  next(): Batch;
  /** A copy; set it to go on from there. */
  position: BatchPosition;
  /** Windows of one epoch; one fewer where the offset costs one. */
  readonly windows: number;
}

/** Tokens that are read ahead: a megabyte of a vocabulary with 16-bit ids. */
const TOKENS_AHEAD = 1 << 19;

/** Windows of T + 1 tokens, one T after the other, that a stream holds. */
export function windowCount(tokens: number, contextLength: number): number {
  return Math.max(0, Math.floor((tokens - 1) / contextLength));
}

/** Batches without end, epoch after epoch. Throws DataError when the stream has not one window. */
export function trainingBatches(stream: TokenStream, options: BatchOptions): BatchIterator {
  const { batchSize, contextLength: T, seed } = options;
  const room = stream.ids.length - T - 1;
  if (room < 1) {
    throw new DataError(
      `the training text has ${stream.ids.length} tokens, one window needs ${T + 2}`,
      'Bring more text, or choose a shorter context.',
    );
  }
  const random = randomStream(seed, 'batch order');
  let position: BatchPosition = { epoch: 0, index: 0, counter: 0 };
  let starts: Uint32Array;
  /** Up to where the windows of this epoch are being read ahead. */
  let ahead = 0;

  /** The order of the epoch that begins at the position's counter. */
  function shuffle(): void {
    random.counter = position.counter;
    const offset = random.below(Math.min(T, room));
    starts = random.permutation(Math.ceil((room - offset) / T)).map((window) => offset + window * T);
    ahead = 0;
  }

  /** The windows of the next batches together, so that a file can be read in its own order. */
  function readAhead(): void {
    const { index } = position;
    if (!stream.ids.readAhead || ahead >= Math.min(index + batchSize, starts.length)) return;
    ahead = index + Math.max(batchSize, Math.floor(TOKENS_AHEAD / T));
    stream.ids.readAhead(starts.subarray(index, ahead), T + 1);
  }

  function nextEpoch(): void {
    position = { epoch: position.epoch + 1, index: 0, counter: random.counter };
    shuffle();
  }

  /** A stream shorter than one batch fills it from several epochs; otherwise a batch lies within one. */
  function nextStarts(): number[] {
    if (position.index + batchSize > starts.length && position.index > 0) nextEpoch();
    readAhead();
    const rows: number[] = [];
    while (rows.length < batchSize) {
      if (position.index === starts.length) nextEpoch();
      rows.push(starts[position.index]!);
      position.index++;
    }
    return rows;
  }

  shuffle();
  return {
    windows: windowCount(stream.ids.length, T),
    next() {
      const ids = new Int32Array(batchSize * T);
      const labels = new Int32Array(batchSize * T);
      nextStarts().forEach((start, row) => {
        const window = Int32Array.from(stream.ids.slice(start, start + T + 1));
        ids.set(window.subarray(0, T), row * T);
        labels.set(window.subarray(1), row * T);
      });
      return { ids, labels, batch: batchSize, length: T };
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
