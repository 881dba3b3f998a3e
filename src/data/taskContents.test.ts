import { expect, test } from 'vitest';
import type { Example } from './examples';
import { taskContents } from './taskContents';

const row = (...segments: string[]): Example => ({ choices: [{ segments, label: 0 }], label: 0 });

test('rows that stand there twice are counted, and those of validation that were learned', () => {
  const train = [row('one', 'two'), row('onetwo'), row('one', 'two'), row('Über den Дом'), row('two', 'one')];
  const validation = [row('two', 'one'), row('two'), row('onetwo')];
  expect(taskContents(train, validation)).toMatchObject({ duplicates: 1, shared: 2 });
});

test('letters are told apart by script', () => {
  const { scripts } = taskContents([row('abc, абв', 'abc 123')], []);
  expect(scripts).toEqual([
    { script: 'Latin', share: 6 / 9 },
    { script: 'Cyrillic', share: 3 / 9 },
  ]);
});
