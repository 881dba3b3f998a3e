/**
 * GPT-2's output layer is its token embedding. Some files store it again as `lm_head.weight`: fine when equal,
 * refused when not, since a student built on `wte` would silently be another model.
 *
 * Comparing all of it means reading it, 154 MB for GPT-2. So opening compares a few rows at both ends, which
 * a separately trained head never survives, and the first read of `wte` compares the rest.
 */
import { CheckpointError } from '../errors';
import { decodeFloats, type FloatDtype } from './floats';
import type { LocatedTensor } from './layout';

const SAMPLE_ELEMENTS = 256;
const CHUNK_ELEMENTS = 1 << 20;

const elementBytes = (dtype: FloatDtype): number => (dtype === 'F32' ? 4 : 2);

function refuse(detail: string): never {
  throw new CheckpointError(
    `lm_head.weight ${detail}: this model's output layer is not tied to its embedding`,
    "Decant compresses GPT-2 with tied weights, which all of OpenAI's checkpoints are.",
  );
}

/** By bytes where the dtypes agree (so NaN equals itself), else by value. */
function equal(a: Uint8Array, aDtype: FloatDtype, b: Uint8Array, bDtype: FloatDtype): boolean {
  if (aDtype === bDtype) {
    for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
    return true;
  }
  const x = decodeFloats(aDtype, a);
  const y = decodeFloats(bDtype, b);
  return x.every((value, i) => Object.is(value, y[i]));
}

function readElements(tensor: LocatedTensor, start: number, end: number): Promise<Uint8Array<ArrayBuffer>> {
  const width = elementBytes(tensor.range.dtype);
  return tensor.source.read(tensor.range.start + start * width, tensor.range.start + end * width);
}

/** Compares shape and up to 256 elements at either end. Throws CheckpointError when they differ. */
export async function checkTiedEnds(head: LocatedTensor, table: LocatedTensor): Promise<void> {
  const [a, b] = [head.range.shape, table.range.shape];
  if (a.length !== b.length || a.some((n, i) => n !== b[i]))
    refuse(`has the shape [${a.join(', ')}] and wte.weight [${b.join(', ')}]`);
  const count = a.reduce((product, n) => product * n, 1);
  const edge = Math.min(SAMPLE_ELEMENTS, count);
  for (const start of new Set([0, count - edge])) {
    const [x, y] = await Promise.all([
      readElements(head, start, start + edge),
      readElements(table, start, start + edge),
    ]);
    if (!equal(x, head.range.dtype, y, table.range.dtype)) refuse('differs from wte.weight');
  }
}

/**
 * Compares the head with a part of wte that starts at element `first`, reading as much of it. Throws
 * CheckpointError when they differ.
 */
export async function checkTiedPiece(
  head: LocatedTensor,
  dtype: FloatDtype,
  first: number,
  bytes: Uint8Array,
): Promise<void> {
  const width = elementBytes(dtype);
  const count = bytes.byteLength / width;
  for (let start = 0; start < count; start += CHUNK_ELEMENTS) {
    const end = Math.min(start + CHUNK_ELEMENTS, count);
    const x = await readElements(head, first + start, first + end);
    if (!equal(x, head.range.dtype, bytes.subarray(start * width, end * width), dtype))
      refuse('differs from wte.weight');
  }
}
