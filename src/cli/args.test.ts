import { expect, test } from 'vitest';
import { parseArguments, unescaped } from './args';

const options = {
  keep: { value: 'K', help: '' },
  layers: { value: 'LIST', help: '' },
  set: { value: 'PATH=VALUE', multiple: true, help: '' },
  resume: { help: '' },
};
const parse = (...argv: string[]) => parseArguments(argv, options);

test('options, flags, repeated options and positionals are told apart', () => {
  const args = parse('recipe.json', '--keep', '6', '--resume', '--set', 'a=1', '--set=b=2', '--json');
  expect(args.positionals).toEqual(['recipe.json']);
  expect(args.number('keep', { min: 1, integer: true })).toBe(6);
  expect(args.flag('resume')).toBe(true);
  expect(args.flag('json')).toBe(true);
  expect(args.texts('set')).toEqual(['a=1', 'b=2']);
  expect(args.number('layers', { min: 0 })).toBeUndefined();
});

test('a list of numbers is read whole', () => {
  expect(parse('--layers', '0,2,11').numbers('layers', { min: 0, integer: true })).toEqual([0, 2, 11]);
});

test.each([
  [['--kep', '6'], 'there is no option --kep'],
  [['--keep'], '--keep needs a value'],
  [['--keep', '--resume'], '--keep needs a value'],
  [['--resume=yes'], "Option '--resume' does not take an argument"],
])('%j is refused in one sentence', (argv, message) => {
  expect(() => parse(...argv)).toThrow(message);
});

test.each([
  ['six', 'a whole number from 1 to 12'],
  ['6.5', 'a whole number from 1 to 12'],
  ['0', 'a whole number from 1 to 12'],
  ['13', 'a whole number from 1 to 12'],
  ['', 'a whole number from 1 to 12'],
  ['Infinity', 'a whole number from 1 to 12'],
])('--keep %j is refused with what it may be', (value, expected) => {
  const args = parse(`--keep=${value}`);
  expect(() => args.number('keep', { min: 1, max: 12, integer: true })).toThrow(
    `--keep is ${JSON.stringify(value)}, expected ${expected}`,
  );
});

test('one wrong entry of a list is refused', () => {
  expect(() => parse('--layers', '0,,2').numbers('layers', { min: 0, integer: true })).toThrow(
    '--layers is ""',
  );
});

test('a missing option is named', () => {
  const args = parse();
  expect(() => args.required('keep', args.text('keep'))).toThrow('--keep is missing');
});

test('\\n in a value is a line feed, as shells leave it', () => {
  expect(unescaped('\\n\\n')).toBe('\n\n');
  expect(unescaped('a\tb | ')).toBe('a\tb | ');
});
