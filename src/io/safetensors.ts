/**
 * The safetensors format: eight bytes of header length (little-endian), a JSON header, then the tensors' bytes,
 * row-major, without gaps. Source: https://github.com/huggingface/safetensors#format
 *
 * Everything is checked before it is believed: a header is read only when its length fits the file, and a tensor
 * only by a range that its shape accounts for, so no file can make the reader allocate more than the file holds.
 */
import { CheckpointError } from '../errors';
import { refuseForeignFile } from './foreign';
import { decodeUtf8, isObject, parseJsonObject, shorten, type Json } from './json';
import type { ByteSource } from './source';

/** Bytes per element. Weights are F32, F16 or BF16; the rest is known so that buffers can be skipped. */
const DTYPE_BYTES = {
  F64: 8,
  I64: 8,
  U64: 8,
  C64: 8,
  F32: 4,
  I32: 4,
  U32: 4,
  F16: 2,
  BF16: 2,
  I16: 2,
  U16: 2,
  F8_E4M3: 1,
  F8_E5M2: 1,
  F8_E8M0: 1,
  I8: 1,
  U8: 1,
  BOOL: 1,
};

export type Dtype = keyof typeof DTYPE_BYTES;

/** Where one tensor lies: file offsets [start, end). */
export interface TensorRange {
  dtype: Dtype;
  shape: readonly number[];
  start: number;
  end: number;
}

export interface SafetensorsHeader {
  tensors: Map<string, TensorRange>;
  metadata: Record<string, string>;
}

/** One tensor as stored. */
export interface RawTensor {
  dtype: Dtype;
  shape: readonly number[];
  bytes: Uint8Array<ArrayBuffer>;
}

/** The reference implementation's limit. */
const MAX_HEADER_BYTES = 100_000_000;
const DAMAGED = 'The file is damaged; fetch it again or save the model anew.';

function fail(message: string, hint = DAMAGED): never {
  throw new CheckpointError(message, hint);
}

/** The header of a safetensors file; reads its first 8 bytes and the header. Throws CheckpointError. */
export async function readHeader(source: ByteSource): Promise<SafetensorsHeader> {
  const { name, size } = source;
  if (size === 0) fail(`${name} is empty`, 'The download or copy did not finish; fetch it again.');
  if (size < 8) {
    await refuseForeignFile(source);
    fail(`${name} has ${size} bytes, too few for the 8 bytes of a header length`);
  }
  const prefix = new DataView((await source.read(0, 8)).buffer);
  const exact = prefix.getBigUint64(0, true);
  if (exact > BigInt(Math.min(MAX_HEADER_BYTES, size - 8))) await refuseForeignFile(source);
  if (exact > BigInt(Number.MAX_SAFE_INTEGER))
    fail(`${name} gives a header length of ${exact} bytes, more than any file can have`);
  const length = Number(exact);
  if (length > MAX_HEADER_BYTES)
    fail(`${name} gives a header length of ${length} bytes; at most ${MAX_HEADER_BYTES} are allowed`);
  if (length > size - 8)
    fail(`${name} gives a header length of ${length} bytes, but only ${size - 8} follow`);
  const text = decodeUtf8(await source.read(8, 8 + length), `the header of ${name}`);
  const json = parseJsonObject(text, `the header of ${name}`);
  return parseHeader(json, name, 8 + length, size);
}

function parseHeader(
  json: { [name: string]: Json },
  file: string,
  dataStart: number,
  size: number,
): SafetensorsHeader {
  const tensors = new Map<string, TensorRange>();
  let metadata: Record<string, string> = {};
  for (const [name, value] of Object.entries(json)) {
    if (name === '__metadata__') metadata = parseMetadata(value, file);
    else tensors.set(name, parseRange(name, value, file, dataStart, size));
  }
  checkCoverage(tensors, file, dataStart, size);
  return { tensors, metadata };
}

function parseMetadata(value: Json, file: string): Record<string, string> {
  if (!isObject(value)) return fail(`__metadata__ in the header of ${file} is not an object`);
  const metadata: Record<string, string> = {};
  for (const [key, text] of Object.entries(value)) {
    if (typeof text !== 'string') return fail(`__metadata__ in the header of ${file} holds more than texts`);
    metadata[key] = text;
  }
  return metadata;
}

/** The product of the dimensions, or null when it leaves the safe integers. */
function elementCount(shape: readonly number[]): number | null {
  // A zero anywhere makes the tensor empty, whatever stands beside it.
  if (shape.includes(0)) return 0;
  let count = 1;
  for (const dimension of shape) {
    count *= dimension;
    if (!Number.isSafeInteger(count)) return null;
  }
  return count;
}

const isCount = (value: Json): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

function unfit(name: string, field: string, value: Json | undefined, reason: string): string {
  if (value === undefined) return `${name} has no ${field}`;
  return `${name} has the ${field} ${shorten(JSON.stringify(value))}, ${reason}`;
}

function parseRange(key: string, value: Json, file: string, dataStart: number, size: number): TensorRange {
  const name = `${shorten(key)} in ${file}`;
  if (!isObject(value)) return fail(`${name} is not described by an object`);
  const { dtype, shape, data_offsets: offsets } = value;
  if (typeof dtype !== 'string' || !Object.hasOwn(DTYPE_BYTES, dtype))
    return fail(
      unfit(name, 'dtype', dtype, 'which is unknown'),
      'Save the model as float32, float16 or bfloat16.',
    );
  if (!Array.isArray(shape) || !shape.every(isCount))
    return fail(unfit(name, 'shape', shape, 'not a list of whole numbers'));
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isCount))
    return fail(unfit(name, 'data_offsets', offsets, 'not two whole numbers from 0 on'));
  const [begin, end] = offsets as [number, number];
  if (end < begin) return fail(`${name} ends at offset ${end}, before it begins at ${begin}`);
  const known = dtype as Dtype;
  const count = elementCount(shape);
  const bytes = count === null ? null : count * DTYPE_BYTES[known];
  if (bytes === null || !Number.isSafeInteger(bytes))
    return fail(`${name} has the shape [${shorten(shape.join(', '))}], which overflows`);
  if (bytes !== end - begin)
    return fail(
      `${name} has the shape [${shorten(shape.join(', '))}] in ${known}, which needs ${bytes} bytes, but its range has ${end - begin}`,
    );
  if (end > size - dataStart)
    return fail(
      `${name} ends at byte ${end} of the data, but ${file} holds only ${size - dataStart}`,
      'The file is cut off; fetch it again.',
    );
  return { dtype: known, shape, start: dataStart + begin, end: dataStart + end };
}

/** The ranges must tile the data: an overlap or a hole is a way to hide something. */
function checkCoverage(
  tensors: Map<string, TensorRange>,
  file: string,
  dataStart: number,
  size: number,
): void {
  const sorted = [...tensors].sort(([, a], [, b]) => a.start - b.start || a.end - b.end);
  let position = dataStart;
  let previous = 'the header';
  for (const [key, { start, end }] of sorted) {
    const name = shorten(key);
    if (start < position) fail(`${name} and ${previous} overlap in ${file}`);
    if (start > position) fail(`${file} has a hole of ${start - position} bytes before ${name}`);
    position = end;
    previous = name;
  }
  if (position < size) fail(`${file} has ${size - position} bytes after its last tensor`);
}

/** One tensor's bytes; reads its range and nothing else. */
export async function readTensor(source: ByteSource, range: TensorRange): Promise<RawTensor> {
  const bytes = await source.read(range.start, range.end);
  return { dtype: range.dtype, shape: range.shape, bytes };
}

/** What a header says of a tensor. */
export interface TensorSpec {
  dtype: Dtype;
  shape: readonly number[];
}

export interface FileLayout {
  /** The file up to the data. */
  head: Uint8Array<ArrayBuffer>;
  /** File offset of every tensor. */
  starts: Map<string, number>;
  /** Of the whole file. */
  size: number;
}

/** Plans a safetensors file with the tensors in the order of the map; their data need not exist yet. */
export function layOut(
  tensors: ReadonlyMap<string, TensorSpec>,
  metadata: Record<string, string> = { format: 'pt' },
): FileLayout {
  const header: Record<string, unknown> = { __metadata__: metadata };
  const offsets = new Map<string, number>();
  let offset = 0;
  for (const [name, { dtype, shape }] of tensors) {
    offsets.set(name, offset);
    const end = offset + elementCount(shape)! * DTYPE_BYTES[dtype];
    header[name] = { dtype, shape, data_offsets: [offset, end] };
    offset = end;
  }
  const encoded = new TextEncoder().encode(JSON.stringify(header));
  // Spaces bring the data to a multiple of 8, so that readers can map it.
  const length = Math.ceil(encoded.byteLength / 8) * 8;
  const head = new Uint8Array(8 + length).fill(0x20, 8);
  new DataView(head.buffer).setBigUint64(0, BigInt(length), true);
  head.set(encoded, 8);
  const starts = new Map([...offsets].map(([name, at]) => [name, head.length + at]));
  return { head, starts, size: head.length + offset };
}

/** A safetensors file with the tensors in the order of the map. Throws CheckpointError when bytes and shape differ. */
export function writeSafetensors(
  tensors: ReadonlyMap<string, RawTensor>,
  metadata: Record<string, string> = { format: 'pt' },
): Uint8Array<ArrayBuffer> {
  for (const [name, { dtype, shape, bytes }] of tensors)
    if (elementCount(shape)! * DTYPE_BYTES[dtype] !== bytes.byteLength)
      fail(
        `${name} has ${bytes.byteLength} bytes, which shape [${shape.join(', ')}] in ${dtype} does not explain`,
      );
  const { head, starts, size } = layOut(tensors, metadata);
  const file = new Uint8Array(size);
  file.set(head);
  for (const [name, { bytes }] of tensors) file.set(bytes, starts.get(name));
  return file;
}
