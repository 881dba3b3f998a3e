/**
 * Logits as a handle, and chunks of them on the GPU. A chunk is [rows, stride] with the classes of a row padded
 * to a multiple of 4, so that it can be read as vec4f whatever the vocabulary (GPT-2's is 50257).
 *   vocabulary: Z = H E^T,  dH = dZ E,  dE = dZ^T H
 */
import type { Tensor2D, TensorInfo } from '@tensorflow/tfjs-core';
import { withKind } from '../cost';
import { allocate, launch } from '../dispatch';
import { flatIndex, kernelFamily, linearGrid } from '../kernel';
import type { Parameter } from '../parameter';
import { bindingLimit } from '../ranges';
import { matmul } from './matmul';
import { vocabularyParts } from './vocabulary';

/** Logits that are computed where they are needed, never for all tokens at once, or that exist as a tensor. */
export type Logits =
  | {
      kind: 'vocabulary';
      /** [N, C], after the last layer norm. */
      hidden: Tensor2D;
      /** [V, C] */
      embedding: Parameter;
    }
  | {
      kind: 'dense';
      /** [N, K] */
      tensor: Tensor2D;
    };

export interface LogitsSize {
  rows: number;
  classes: number;
  /** `classes` rounded up to a multiple of 4. */
  stride: number;
}

export function sizeOf(logits: Logits): LogitsSize {
  const rows = logits.kind === 'dense' ? logits.tensor.shape[0] : logits.hidden.shape[0];
  const classes = logits.kind === 'dense' ? logits.tensor.shape[1] : logits.embedding.shape[0]!;
  return { rows, classes, stride: Math.ceil(classes / 4) * 4 };
}

/** The tensor by which a loss of these logits is differentiated on the tape. */
export const tapeInput = (logits: Logits): Tensor2D =>
  logits.kind === 'dense' ? logits.tensor : logits.hidden;

/** Rows in a chunk: as many as fit into `bytes`, in chunks of about equal size. */
export function chunkRows({ rows, stride }: LogitsSize, bytes: number): number {
  const limit = Math.min(bytes, bindingLimit());
  const most = Math.max(1, Math.floor(limit / (stride * 4)));
  const even = Math.ceil(rows / Math.ceil(rows / most));
  // Whole tiles of 8 rows are what the matrix product likes; one more row costs it as much as eight.
  return Math.min(most, Math.ceil(even / 8) * 8, rows);
}

const THREADS = 64;

/** Copies a block of rows; what is `width` but not `columns` becomes 0. */
const copyRows = kernelFamily('CopyRows', () => ({
  write: { out: 'f32' },
  read: { x: 'f32' },
  scalars: {
    rows: 'u32',
    columns: 'u32',
    width: 'u32',
    sourceFirst: 'u32',
    sourceStride: 'u32',
    targetFirst: 'u32',
    targetStride: 'u32',
  },
  workgroupSize: [THREADS],
  main: `
  let i = ${flatIndex(THREADS)};
  let row = i / u.width;
  let column = i % u.width;
  if (row >= u.rows) { return; }
  let at = u.sourceFirst + row * u.sourceStride + min(column, u.columns - 1u);
  out[u.targetFirst + row * u.targetStride + column] = select(0.0, x[at], column < u.columns);`,
}));

interface Block {
  tensor: TensorInfo;
  /** First element. */
  first: number;
  stride: number;
}

function copy(source: Block, target: Block, rows: number, columns: number, width: number): void {
  launch(
    copyRows({}),
    { out: target.tensor, x: source.tensor },
    {
      rows,
      columns,
      width,
      sourceFirst: source.first,
      sourceStride: source.stride,
      targetFirst: target.first,
      targetStride: target.stride,
    },
    linearGrid(rows * width, THREADS),
  );
}

/** Fills rows 0.. of `chunk` with `count` rows of logits from row `first`; padding becomes 0. */
export function writeLogits(logits: Logits, chunk: TensorInfo, first: number, count: number): void {
  const { classes, stride } = sizeOf(logits);
  if (logits.kind === 'dense') {
    const source = { tensor: logits.tensor, first: first * classes, stride: classes };
    copy(source, { tensor: chunk, first: 0, stride }, count, classes, stride);
    return;
  }
  const { hidden, embedding } = logits;
  const width = hidden.shape[1];
  for (const part of vocabularyParts(embedding)) {
    matmul(
      'nt',
      {
        c: { tensor: chunk, stride, offset: part.first },
        a: { tensor: hidden, offset: first * width },
        b: { tensor: part.of(embedding.value), packed: embedding.packed },
      },
      { m: count, n: part.count, k: width },
    );
  }
}

/** The chunk without its padding, as a tensor [count, classes] of its own. */
export function cropLogits(chunk: TensorInfo, { rows, classes, stride }: LogitsSize): TensorInfo {
  const cropped = allocate([rows, classes]);
  copy(
    { tensor: chunk, first: 0, stride },
    { tensor: cropped, first: 0, stride: classes },
    rows,
    classes,
    classes,
  );
  return cropped;
}

/** What a loss sends back to its logits: `input` by the tape, `embedding` into the parameter's gradient. */
export interface LogitsGradient {
  /** [N, C] or [N, K] */
  input: TensorInfo;
  /** [V, C]; null where the embedding is frozen or there is none. */
  embedding: TensorInfo | null;
}

export function allocateGradient(logits: Logits): LogitsGradient {
  const input = allocate(tapeInput(logits).shape);
  const trained = logits.kind === 'vocabulary' && logits.embedding.trainable;
  return { input, embedding: trained ? withKind('gradients', () => allocate(logits.embedding.shape)) : null };
}

/**
 * Sends the gradient of a chunk (padding 0) on: writes rows `first`.. of gradient.input, and writes
 * gradient.embedding or, with `add`, adds to it.
 */
export function backLogits(
  logits: Logits,
  dChunk: TensorInfo,
  first: number,
  count: number,
  gradient: LogitsGradient,
  add: boolean,
): void {
  const { classes, stride } = sizeOf(logits);
  if (logits.kind === 'dense') {
    const target = { tensor: gradient.input, first: first * classes, stride: classes };
    copy({ tensor: dChunk, first: 0, stride }, target, count, classes, classes);
    return;
  }
  const { hidden, embedding } = logits;
  const width = hidden.shape[1];
  const offset = first * width;
  for (const part of vocabularyParts(embedding)) {
    const columns = { tensor: dChunk, stride, offset: part.first };
    matmul(
      'nn',
      {
        c: { tensor: gradient.input, offset },
        a: columns,
        b: { tensor: part.of(embedding.value), packed: embedding.packed },
      },
      { m: count, n: width, k: part.count },
      { accumulate: part.first > 0 },
    );
    if (!gradient.embedding) continue;
    matmul(
      'tn',
      { c: { tensor: part.of(gradient.embedding) }, a: columns, b: { tensor: hidden, offset } },
      { m: part.count, n: width, k: count },
      { accumulate: add },
    );
  }
}
