/**
 * Random numbers that are a pure function of (seed, stream, index), on the GPU and on the host alike:
 *   a = f(seed + c stream),  b = f(a ^ stream),  bits(index) = f(f(index + a) ^ b)
 *   u = (floor(bits / 2^9) + 1/2) / 2^23  in (0, 1), both ends open
 * f is murmur3's 32-bit finaliser, c = 2^32 / golden ratio, arithmetic modulo 2^32; the mixing is that of
 * `random.ts`. Nothing is stored: a backward pass computes a mask again from the same three numbers.
 * Source: "Parallel Random Numbers: As Easy as 1, 2, 3" (Salmon et al., SC 2011) for counters in place of state.
 *
 * The seed is an int32 tensor [1] from `hostTensor`, so that a replayed plan draws anew in every step; `stream`
 * is a constant that names the place of use. Distinct pairs of the two never share both a and b.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Rank, ShapeMap, Tensor } from '@tensorflow/tfjs-core';
import { finalise } from '../../random';
import { allocate, launch, wrap } from '../dispatch';
import { flatIndex, kernelFamily, linearGrid } from '../kernel';

/** Where random numbers come from. */
export interface NoiseSource {
  /** [1] int32. */
  seed: Tensor;
  /** A whole number, below 2^32. */
  stream: number;
}

const STREAM_STEP = 0x9e3779b9;

/**
 * WGSL: `noiseKey(seed, stream)`, once per thread; `noiseBits(key, index)` and `noiseBits4`, 32 random bits
 * for every index; `unitInterval(bits)`, the number in (0, 1) that they make.
 */
export const NOISE = `
fn noiseMix(x: u32) -> u32 {
  let y = (x ^ (x >> 16u)) * 0x85ebca6bu;
  let z = (y ^ (y >> 13u)) * 0xc2b2ae35u;
  return z ^ (z >> 16u);
}
fn noiseKey(seed: i32, stream: u32) -> vec2u {
  let a = noiseMix(bitcast<u32>(seed) + stream * ${STREAM_STEP}u);
  return vec2u(a, noiseMix(a ^ stream));
}
fn noiseBits(key: vec2u, index: u32) -> u32 { return noiseMix(noiseMix(index + key.x) ^ key.y); }
fn noiseBits4(key: vec2u, first: u32) -> vec4u {
  return vec4u(noiseBits(key, first), noiseBits(key, first + 1u), noiseBits(key, first + 2u), noiseBits(key, first + 3u));
}
fn unitInterval(bits: u32) -> f32 { return (f32(bits >> 9u) + 0.5) * ${2 ** -23}; }`;

/**
 * WGSL, after `NOISE`: `gumbel(bits)` = -log(-log(1 - u)), which is as good as -log(-log u). A GPU's log(x) has an
 * absolute error of 2^-21 near 1, where -log is smallest and the noise largest (and would become infinite):
 * below a quarter -log(1 - u) = 2 artanh(s), s = u / (2 - u), by its series.
 */
export const GUMBEL = `
fn gumbel(bits: u32) -> f32 {
  let u = unitInterval(bits);
  let s = u / (2.0 - u);
  let q = s * s;
  let series = 2.0 * s * (1.0 + q * (1.0 / 3.0 + q * (0.2 + q * (1.0 / 7.0))));
  return -log(select(-log(1.0 - u), series, u < 0.25));
}`;

/** The integers of `noiseBits`, on the host. */
export function noiseBits(seed: number, stream: number): (index: number) => number {
  const a = finalise((seed + Math.imul(stream, STREAM_STEP)) >>> 0);
  const b = finalise((a ^ stream) >>> 0);
  return (index) => finalise(finalise((index + a) >>> 0) ^ b);
}

const unitInterval = (bits: number) => ((bits >>> 9) + 0.5) * 2 ** -23;

/** What becomes of the bits: text for the kernel, and the same on the host. */
interface Form {
  helpers: string;
  value: string;
  host(bits: number, threshold: number): number;
}

const FORMS = {
  uniform: { helpers: NOISE, value: 'unitInterval(bits)', host: unitInterval },
  gumbel: {
    helpers: NOISE + GUMBEL,
    value: 'gumbel(bits)',
    host: (bits) => -Math.log(-Math.log1p(-unitInterval(bits))),
  },
  atLeast: {
    helpers: NOISE,
    value: 'select(0.0, 1.0, bits >= u.threshold)',
    host: (bits, threshold) => (bits >= threshold ? 1 : 0),
  },
} satisfies Record<string, Form>;

const THREADS = 64;

const noiseKernel = kernelFamily<
  { form: keyof typeof FORMS },
  'out' | 'seed',
  'size' | 'stream' | 'threshold'
>('Noise', ({ form }) => ({
  write: { out: 'f32' },
  read: { seed: 'i32' },
  scalars: { size: 'u32', stream: 'u32', threshold: 'u32' },
  workgroupSize: [THREADS],
  helpers: FORMS[form].helpers,
  main: `
  let i = ${flatIndex(THREADS)};
  if (i >= u.size) { return; }
  let bits = noiseBits(noiseKey(seed[0], u.stream), i);
  out[i] = ${FORMS[form].value};`,
}));

/** The kernel wherever there is WebGPU, also for models on the reference ops: a seed may be on the device alone. */
function noise<R extends Rank>(
  form: keyof typeof FORMS,
  shape: ShapeMap[R],
  { seed, stream }: NoiseSource,
  threshold = 0,
): Tensor<R> {
  const size = shape.reduce((product, n) => product * n, 1);
  if (tf.getBackend() === 'webgpu') {
    const out = allocate(shape);
    launch(noiseKernel({ form }), { out, seed }, { size, stream, threshold }, linearGrid(size, THREADS));
    return wrap<Tensor<R>>(out);
  }
  const bits = noiseBits(seed.dataSync()[0]!, stream);
  const host: Form['host'] = FORMS[form].host;
  const values = new Float32Array(size);
  for (let i = 0; i < size; i++) values[i] = host(bits(i), threshold);
  return tf.tensor(values, shape, 'float32');
}

/** Uniform in (0, 1), 23 bits, the same on every device. */
export const uniformNoise = <R extends Rank>(shape: ShapeMap[R], source: NoiseSource): Tensor<R> =>
  noise('uniform', shape, source);

/** Standard Gumbel: -log(-log u). argmax(logits + gumbel) is a draw from softmax(logits). */
export const gumbelNoise = <R extends Rank>(shape: ShapeMap[R], source: NoiseSource): Tensor<R> =>
  noise('gumbel', shape, source);

/** Bits below this number come with the given probability, below 1. */
export const thresholdOf = (probability: number): number => Math.round(probability * 2 ** 32);

/** 0 with probability `rate`, below 1, else 1: what dropout keeps. The same on every device. */
export const keepMask = <R extends Rank>(shape: ShapeMap[R], rate: number, source: NoiseSource): Tensor<R> =>
  noise('atLeast', shape, source, thresholdOf(rate));
