import fc from 'fast-check';
import { expect, test } from 'vitest';
import { peakOf, place, type Life } from './memory';

const life = (size: number, first: number, last: number): Life => ({
  buffer: { size } as GPUBuffer,
  size,
  first,
  last,
});

test('buffers that are never needed at once share memory, others do not', () => {
  const [early, late, both] = [life(100, 0, 3), life(80, 4, 6), life(50, 2, 5)];
  const { sizes, places } = place([early, late, both]);
  expect(sizes).toEqual([100, 50]);
  expect(places.get(early.buffer)).toBe(places.get(late.buffer));
  expect(places.get(both.buffer)).toBe(1);
});

test('a command’s own operands never share, though one dies where the other is born', () => {
  const { sizes } = place([life(10, 0, 4), life(10, 4, 8)]);
  expect(sizes).toEqual([10, 10]);
});

test('the peak is the moment at which most is needed', () => {
  expect(peakOf([life(10, 0, 2), life(20, 2, 3), life(5, 4, 5)], 6)).toEqual({ bytes: 30, at: 2 });
  expect(peakOf([], 3)).toEqual({ bytes: 0, at: 0 });
});

test('any set of lives is placed without two at once in one buffer, each in one that is large enough', () => {
  const lives = fc.array(
    fc
      .tuple(fc.integer({ min: 1, max: 40 }), fc.nat(30), fc.nat(10))
      .map(([size, first, length]) => life(size * 4, first, first + length)),
    { maxLength: 40 },
  );
  fc.assert(
    fc.property(lives, (given) => {
      const { sizes, places } = place(given);
      for (const a of given) {
        expect(sizes[places.get(a.buffer)!]).toBeGreaterThanOrEqual(a.size);
        for (const b of given) {
          if (a === b || places.get(a.buffer) !== places.get(b.buffer)) continue;
          expect(a.last < b.first || b.last < a.first).toBe(true);
        }
      }
      const total = sizes.reduce((sum, size) => sum + size, 0);
      expect(total).toBeGreaterThanOrEqual(peakOf(given, 50).bytes);
      expect([...sizes].sort((a, b) => b - a)).toEqual(sizes);
    }),
  );
});
