import fc from 'fast-check';
import { expect, test } from 'vitest';
import { peakOf, place, type Life } from './memory';
import type { Command } from './notes';

const life = (size: number, first: number, last: number): Life => ({
  buffer: { size } as GPUBuffer,
  size,
  first,
  last,
});

test('buffers that are never needed at once share memory, others do not', () => {
  const [early, late, both] = [life(100, 0, 3), life(80, 4, 6), life(50, 2, 5)];
  const { sizes, places } = place([early, late, both], []);
  expect(sizes).toEqual([100, 50]);
  expect(places.get(early.buffer)).toEqual(places.get(late.buffer));
  expect(places.get(both.buffer)).toEqual({ index: 1, offset: 0 });
});

/** A command that reads some buffers and writes others. */
const command = (reads: Life[], writes: Life[]): Command => ({
  kind: 'dispatch',
  pipeline: {
    label: '',
    code: '',
    entryPoint: 'main',
    writes: [...reads.map(() => false), ...writes.map(() => true)],
  },
  bindings: [...reads, ...writes].map(({ buffer }) => ({ buffer, offset: 0, size: undefined })),
  grid: [1, 1, 1],
  early: false,
});

test('small buffers lie side by side where a larger one is later, unless a command writes one and needs the other', () => {
  const [large, a, b] = [life(1024, 5, 8), life(400, 0, 2), life(300, 1, 3)];
  const { sizes, places } = place([large, a, b], [command([a, b], [])]);
  expect(sizes).toEqual([1024]);
  // Bindings start at multiples of 256.
  expect([a, b].map(({ buffer }) => places.get(buffer)!.offset)).toEqual([0, 512]);
  expect(place([large, a, b], [command([a], [b])]).sizes).toEqual([1024, 300]);
  expect(place([large, a, b], [command([], [a, b])]).sizes).toEqual([1024, 300]);
});

test('a command’s own operands never share, though one dies where the other is born', () => {
  const { sizes } = place([life(10, 0, 4), life(10, 4, 8)], []);
  expect(sizes).toEqual([10, 10]);
});

test('the peak is the moment at which most is needed', () => {
  expect(peakOf([life(10, 0, 2), life(20, 2, 3), life(5, 4, 5)], 6)).toEqual({ bytes: 30, at: 2 });
  expect(peakOf([], 3)).toEqual({ bytes: 0, at: 0 });
});

test('any set of lives is placed without two at once in the same bytes, each where there is room', () => {
  const lives = fc.array(
    fc
      .tuple(fc.integer({ min: 1, max: 40 }), fc.nat(30), fc.nat(10))
      .map(([size, first, length]) => life(size * 100, first, first + length)),
    { maxLength: 40 },
  );
  fc.assert(
    fc.property(lives, (given) => {
      const { sizes, places } = place(given, []);
      for (const a of given) {
        const own = places.get(a.buffer)!;
        expect(own.offset % 256).toBe(0);
        expect(sizes[own.index]).toBeGreaterThanOrEqual(own.offset + a.size);
        for (const b of given) {
          const other = places.get(b.buffer)!;
          if (a === b || own.index !== other.index) continue;
          const inTime = a.last < b.first || b.last < a.first;
          const inSpace = own.offset + a.size <= other.offset || other.offset + b.size <= own.offset;
          expect(inTime || inSpace).toBe(true);
        }
      }
      const total = sizes.reduce((sum, size) => sum + size, 0);
      expect(total).toBeGreaterThanOrEqual(peakOf(given, 50).bytes);
      expect([...sizes].sort((a, b) => b - a)).toEqual(sizes);
    }),
  );
});
