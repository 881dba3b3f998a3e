/** Reads the reference fixtures. A reader of its own, so that a mistake in `src/io` cannot hide itself. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const folder = new URL(/* @vite-ignore */ '../../fixtures/', import.meta.url);

export interface FixtureTensor {
  readonly shape: number[];
  readonly values: Float32Array<ArrayBuffer>;
}

/** IEEE half to number: sign, 5 bits of exponent, 10 of fraction. */
function half(bits: number): number {
  const exponent = (bits >> 10) & 31;
  const fraction = (bits & 1023) / 1024;
  const sign = bits & 0x8000 ? -1 : 1;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (exponent === 0 ? fraction * 2 ** -14 : (1 + fraction) * 2 ** (exponent - 15));
}

function decode(dtype: string, bytes: ArrayBuffer): Float32Array<ArrayBuffer> {
  if (dtype === 'F32') return new Float32Array(bytes);
  if (dtype === 'F16') return Float32Array.from(new Uint16Array(bytes), half);
  if (dtype === 'BF16') {
    return new Float32Array(Uint32Array.from(new Uint16Array(bytes), (bits) => bits << 16).buffer);
  }
  if (dtype === 'I64') return Float32Array.from(new BigInt64Array(bytes), Number);
  if (dtype === 'I32') return Float32Array.from(new Int32Array(bytes));
  throw new Error(`fixture of dtype ${dtype}`);
}

/** All tensors of `fixtures/<name>.safetensors` as float32, by name. */
export function fixtureTensors(name: string): Record<string, FixtureTensor> {
  const file = readFileSync(fileURLToPath(new URL(`${name}.safetensors`, folder)));
  const bytes = file.buffer.slice(file.byteOffset, file.byteOffset + file.byteLength);
  const length = Number(new DataView(bytes).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(bytes, 8, length))) as Record<
    string,
    { dtype: string; shape: number[]; data_offsets: [number, number] }
  >;
  const { __metadata__: _, ...tensors } = header;
  return Object.fromEntries(
    Object.entries(tensors).map(
      ([
        key,
        {
          dtype,
          shape,
          data_offsets: [start, end],
        },
      ]) => [key, { shape, values: decode(dtype, bytes.slice(8 + length + start, 8 + length + end)) }],
    ),
  );
}

/** `fixtures/<name>.json`. */
export function fixtureJson<T>(name: string): T {
  return JSON.parse(readFileSync(fileURLToPath(new URL(`${name}.json`, folder)), 'utf8')) as T;
}
