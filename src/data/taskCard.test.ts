import { expect, test } from 'vitest';
import { lengthBins, seenRow } from './taskCard';

const letters = {
  encode: (text: string) => [...text].map((letter) => letter.charCodeAt(0)),
  tokenText: (id: number) => String.fromCharCode(id),
};

test('lengths are counted in bins of a whole width; the longest is in the last one', () => {
  expect(lengthBins([1, 2, 2, 5])).toEqual({ width: 1, counts: [1, 2, 0, 0, 1], longest: 5 });
  const wide = lengthBins([1, 2, 3, 56]);
  expect(wide).toMatchObject({ width: 2, longest: 56 });
  expect(wide.counts.slice(0, 2)).toEqual([2, 1]);
  expect(wide.counts.at(-1)).toBe(1);
  expect(wide.counts.reduce((a, b) => a + b, 0)).toBe(4);
});

test('a cut pair keeps a part of both, and the last kept token is the one that is read', () => {
  const row = seenRow(['abcdef', 'xy'], 'same', letters, 6);
  const roles = row.tokens.map(({ text, role }) => `${text} ${role}`);
  expect(roles).toEqual([
    ...['a kept', 'b kept', 'c kept', 'd cut', 'e cut', 'f cut', '\n separator', 'x kept', 'y read'],
  ]);
  expect(row).toMatchObject({ whole: 9, kept: 6 });
});
