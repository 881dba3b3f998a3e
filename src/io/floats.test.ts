import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import {
  bf16ToFloat32,
  countNonFinite,
  decodeFloats,
  encodeFloats,
  f16ToFloat32,
  float32ToBf16,
  float32ToF16,
} from './floats';

const every = Uint16Array.from({ length: 0x10000 }, (_, i) => i);
const isNan16 = (bits: number, exponent: number) => (bits & 0x7fff) > exponent;

/**
 * The nearest of the finite values of a 16-bit format by search, on a tie the one with an even bit pattern; what
 * lies half a step or more beyond the largest becomes infinite. Independent of the code under test.
 */
function nearestBySearch(decode: (bits: Uint16Array) => Float32Array, infinity: number) {
  const positive = decode(Uint16Array.from({ length: infinity + 1 }, (_, i) => i)).slice(0, infinity);
  const largest = positive[infinity - 1]!;
  const step = largest - positive[infinity - 2]!;
  return (value: number): number => {
    const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
    const magnitude = Math.abs(value);
    if (magnitude >= largest + step / 2) return sign | infinity;
    let low = 0;
    let high = infinity - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (positive[middle]! <= magnitude) low = middle;
      else high = middle - 1;
    }
    if (low === infinity - 1) return sign | low;
    const below = magnitude - positive[low]!;
    const above = positive[low + 1]! - magnitude;
    return sign | (below < above || (below === above && low % 2 === 0) ? low : low + 1);
  };
}

for (const { name, decode, encode, infinity } of [
  { name: 'F16', decode: f16ToFloat32, encode: float32ToF16, infinity: 0x7c00 },
  { name: 'BF16', decode: bf16ToFloat32, encode: float32ToBf16, infinity: 0x7f80 },
])
  describe(name, () => {
    test('all 65,536 patterns survive the way to float32 and back; NaN stays NaN', () => {
      const back = encode(decode(every));
      const changed = [...every].filter((bits) => !isNan16(bits, infinity) && back[bits] !== bits);
      expect(changed).toEqual([]);
      const lost = [...every].filter((bits) => isNan16(bits, infinity) !== isNan16(back[bits]!, infinity));
      expect(lost).toEqual([]);
    });

    test('rounding is to the nearest value, ties to even, as a search over all values finds it', () => {
      const search = nearestBySearch(decode, infinity);
      const anyFloat = fc.float({ noNaN: true });
      // Half way between neighbours, and one float32 step to either side of it: where rounding goes wrong.
      const nearTie = fc
        .tuple(fc.integer({ min: 0, max: infinity - 2 }), fc.integer({ min: -1, max: 1 }))
        .map(([i, d]) => {
          const pair = decode(Uint16Array.of(i, i + 1));
          const middle = Float32Array.of((pair[0]! + pair[1]!) / 2);
          new Int32Array(middle.buffer)[0]! += d;
          return middle[0]!;
        });
      fc.assert(
        fc.property(
          fc.oneof(anyFloat, nearTie, fc.float({ min: -70000, max: 70000, noNaN: true })),
          (value) => {
            expect(encode(Float32Array.of(value))[0]).toBe(search(value));
          },
        ),
        { numRuns: 20_000, seed: 1 },
      );
    });

    test('counts NaN and infinities, at any alignment', () => {
      const bytes = new Uint8Array(2 + 0x20000);
      bytes.set(new Uint8Array(every.buffer), 2);
      const expected = 2 * (0x8000 - infinity);
      expect(countNonFinite(name as 'F16' | 'BF16', bytes.subarray(2))).toBe(expected);
    });
  });

test('F16 has the landmarks of the standard', () => {
  const value = (bits: number) => f16ToFloat32(Uint16Array.of(bits))[0]!;
  expect([0x3c00, 0x7bff, 0x0400, 0x0001, 0xc000].map(value)).toEqual([1, 65504, 2 ** -14, 2 ** -24, -2]);
  expect(value(0x8000)).toBe(-0);
  expect(float32ToF16(Float32Array.of(65519.996, 65520, 2 ** -25, 2 ** -25 * 1.0000002))).toEqual(
    Uint16Array.of(0x7bff, 0x7c00, 0, 1),
  );
});

test('F32 bytes are passed on as copies, from odd offsets too', () => {
  const bytes = new Uint8Array(9);
  new DataView(bytes.buffer).setFloat32(1, 1.5, true);
  const values = decodeFloats('F32', bytes.subarray(1, 5));
  bytes.fill(0);
  expect(values).toEqual(Float32Array.of(1.5));
  expect(countNonFinite('F32', encodeFloats('F32', Float32Array.of(1, NaN, -Infinity, 3e38)))).toBe(2);
});

describe('the fixtures, rounded by PyTorch', () => {
  const data = (folder: string) => {
    const file = readFileSync(`fixtures/${folder}/model.safetensors`);
    return new Uint8Array(file.subarray(8 + Number(file.readBigUInt64LE(0))));
  };
  for (const [dtype, folder] of [
    ['F16', 'gpt2-tiny-f16'],
    ['BF16', 'gpt2-tiny-bf16'],
  ] as const)
    test(`${dtype} of all weights is the same, bit for bit`, () => {
      const weights = decodeFloats('F32', data('gpt2-tiny'));
      expect(Buffer.compare(encodeFloats(dtype, weights), data(folder))).toBe(0);
    });
});
