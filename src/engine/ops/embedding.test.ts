import { expect, test } from 'vitest';
import { sortByToken } from './embedding';

test('positions are listed by id, in order where ids are equal', () => {
  const { order, offsets } = sortByToken(Int32Array.from([2, 0, 2, 4]), 5);
  expect([...order]).toEqual([1, 0, 2, 3]);
  expect([...offsets]).toEqual([0, 1, 1, 3, 3, 4]);
});

test.each([-1, 5])('token %i is refused by a vocabulary of 5', (id) => {
  expect(() => sortByToken(Int32Array.from([0, id]), 5)).toThrow(
    `token ${id} at position 1 is outside the vocabulary of 5`,
  );
});
