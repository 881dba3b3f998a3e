/**
 * F16 and BF16 to float32 and back, rounding to the nearest value and on a tie to the even one, as IEEE 754 and
 * PyTorch do. Safetensors is little-endian, as is every machine that runs a browser or Node.
 */

const word = new Uint32Array(1);
const real = new Float32Array(word.buffer);

let table: Float32Array | undefined;

/** All 65,536 half values, 256 KiB: one look-up per weight instead of a dozen bit operations. */
function halfTable(): Float32Array {
  if (table) return table;
  const values = new Float32Array(0x10000);
  for (let half = 0; half < 0x10000; half++) {
    const exponent = (half >> 10) & 31;
    const fraction = half & 1023;
    const sign = half & 0x8000 ? -1 : 1;
    if (exponent === 31) values[half] = fraction ? NaN : sign * Infinity;
    else if (exponent === 0) values[half] = sign * fraction * 2 ** -24;
    else values[half] = sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
  }
  table = values;
  return values;
}

/** F16 bit patterns to float32, exact. */
export function f16ToFloat32(bits: Uint16Array): Float32Array<ArrayBuffer> {
  const values = halfTable();
  const out = new Float32Array(bits.length);
  for (let i = 0; i < bits.length; i++) out[i] = values[bits[i]!]!;
  return out;
}

/** BF16 bit patterns to float32, exact: BF16 is the upper half of a float32. */
export function bf16ToFloat32(bits: Uint16Array): Float32Array<ArrayBuffer> {
  const out = new Float32Array(bits.length);
  const words = new Uint32Array(out.buffer);
  for (let i = 0; i < bits.length; i++) words[i] = bits[i]! << 16;
  return out;
}

/** One float32 bit pattern to F16. Magnitudes of 65,520 and more become infinite. */
function halfFromWord(bits: number): number {
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00; // NaN
  if (magnitude >= 0x477ff000) return sign | 0x7c00; // from 65,520 on, half way to 2^16
  if (magnitude >= 0x38800000) {
    // Normal from 2^-14 on: move the exponent's bias from 127 to 15, round off 13 bits. A carry out of the
    // fraction raises the exponent, which is what rounding up to the next power of two needs.
    const rebased = magnitude - 0x38000000;
    return sign | ((rebased + 0xfff + ((rebased >>> 13) & 1)) >>> 13);
  }
  // Subnormal: a multiple of 2^-24. Scaling by a power of two is exact; then round half to even.
  word[0] = magnitude;
  const scaled = real[0]! * 2 ** 24;
  const floor = Math.floor(scaled);
  const rest = scaled - floor;
  return sign | (rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor);
}

/** float32 to F16 bit patterns. Magnitudes of 65,520 and more become infinite. */
export function float32ToF16(values: Float32Array): Uint16Array<ArrayBuffer> {
  const words = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const out = new Uint16Array(values.length);
  for (let i = 0; i < out.length; i++) out[i] = halfFromWord(words[i]!);
  return out;
}

/** float32 to BF16 bit patterns. */
export function float32ToBf16(values: Float32Array): Uint16Array<ArrayBuffer> {
  const words = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const out = new Uint16Array(values.length);
  for (let i = 0; i < out.length; i++) {
    const bits = words[i]!;
    // A NaN must stay one: rounding could carry it over into infinity or lose its only fraction bit.
    const isNan = (bits & 0x7fffffff) > 0x7f800000;
    out[i] = isNan ? (bits >>> 16) | 0x40 : (bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16;
  }
  return out;
}

/** The dtypes in which weights are read and written. */
export type FloatDtype = 'F32' | 'F16' | 'BF16';

/** Raw little-endian bytes of one tensor to float32. The result never shares memory with `bytes`. */
export function decodeFloats(dtype: FloatDtype, bytes: Uint8Array): Float32Array<ArrayBuffer> {
  const own = new Uint8Array(bytes).buffer; // also puts the data on an aligned offset
  if (dtype === 'F32') return new Float32Array(own);
  const bits = new Uint16Array(own);
  return dtype === 'F16' ? f16ToFloat32(bits) : bf16ToFloat32(bits);
}

/** float32 to raw little-endian bytes. */
export function encodeFloats(dtype: FloatDtype, values: Float32Array): Uint8Array<ArrayBuffer> {
  if (dtype === 'F32') return new Uint8Array(new Float32Array(values).buffer);
  return new Uint8Array((dtype === 'F16' ? float32ToF16(values) : float32ToBf16(values)).buffer);
}

/** How many values are NaN or infinite: those whose exponent bits are all ones. */
export function countNonFinite(dtype: FloatDtype, bytes: Uint8Array): number {
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : new Uint8Array(bytes);
  let count = 0;
  if (dtype === 'F32') {
    const words = new Uint32Array(aligned.buffer, aligned.byteOffset, aligned.byteLength >> 2);
    for (let i = 0; i < words.length; i++) if ((words[i]! & 0x7f800000) === 0x7f800000) count++;
    return count;
  }
  const mask = dtype === 'F16' ? 0x7c00 : 0x7f80;
  const bits = new Uint16Array(aligned.buffer, aligned.byteOffset, aligned.byteLength >> 1);
  for (let i = 0; i < bits.length; i++) if ((bits[i]! & mask) === mask) count++;
  return count;
}
