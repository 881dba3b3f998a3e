import { expect, test } from 'vitest';
import { hash64, HashSet64, type Hash64 } from './hashes';
import { Examples } from './report';

const hashOf = (text: string): Hash64 => hash64(text, [0, 0]);

test('a hundred thousand numbered texts: no two hashes are the same, and each half spreads evenly', () => {
  const seen = new Set<string>();
  const low = new Uint32Array(256);
  const high = new Uint32Array(256);
  for (let i = 0; i < 100_000; i++) {
    const [a, b] = hashOf(`sentence ${i} of many`);
    seen.add(`${a},${b}`);
    low[a >>> 24]!++;
    high[b & 255]!++;
  }
  expect(seen.size).toBe(100_000);
  // Mean 391, standard deviation 20.
  for (const counts of [low, high]) {
    expect(Math.min(...counts)).toBeGreaterThan(290);
    expect(Math.max(...counts)).toBeLessThan(490);
  }
});

test('one changed bit of a text changes half of the bits of either half', () => {
  const flips = [0, 0];
  const bits = (n: number) => n.toString(2).replaceAll('0', '').length;
  for (let i = 0; i < 2000; i++) {
    const text = `The sentence ${i}.`;
    const [a, b] = hashOf(text);
    const [c, d] = hashOf(
      `${text.slice(0, i % 8)}${String.fromCharCode(text.charCodeAt(i % 8) ^ 1)}${text.slice((i % 8) + 1)}`,
    );
    flips[0]! += bits((a ^ c) >>> 0) / 2000;
    flips[1]! += bits((b ^ d) >>> 0) / 2000;
  }
  for (const mean of flips) expect(Math.abs(mean - 16)).toBeLessThan(0.5);
});

test('the set knows what was added, the zero hash too, and grows', () => {
  const set = new HashSet64();
  expect(set.add([0, 0])).toBe(true);
  expect(set.add([0, 0])).toBe(false);
  for (let i = 0; i < 5000; i++) expect(set.add(hashOf(String(i)))).toBe(true);
  for (let i = 0; i < 5000; i++) expect(set.has(hashOf(String(i)))).toBe(true);
  expect(set.has(hashOf('other'))).toBe(false);
  expect(set.forgotten).toBe(0);
});

test('a full set forgets its older half, and says so', () => {
  const set = new HashSet64(1024);
  const most = Math.floor(0.8 * 1024);
  for (let i = 0; i < 2 * most; i++) set.add(hashOf(String(i)));
  expect([set.forgotten, set.has(hashOf('0'))]).toEqual([0, true]);
  set.add(hashOf('one more'));
  expect([set.forgotten, set.has(hashOf('0')), set.has(hashOf(String(most)))]).toEqual([most, false, true]);
});

test('examples: twenty, from all over the stream, cut between characters', () => {
  const examples = new Examples();
  for (let i = 0; i < 10_000; i++) examples.offer(() => ({ text: `${i}`, reason: '' }));
  const kept = examples.list.map(({ text }) => Number(text));
  expect(kept).toHaveLength(20);
  expect(kept).toEqual(kept.toSorted((a, b) => a - b));
  expect(kept.some((i) => i < 3000) && kept.some((i) => i > 7000)).toBe(true);
  const long = new Examples();
  long.offer(() => ({ text: `x${'😀'.repeat(200)}`, reason: '' }));
  expect(long.list[0]!.text).toBe(`x${'😀'.repeat(149)}…`);
});
