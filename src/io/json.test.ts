import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CheckpointError } from '../errors';
import { decodeUtf8, parseJson, parseJsonObject } from './json';

test('valid JSON gives what JSON.parse gives', () => {
  fc.assert(
    fc.property(fc.json(), fc.nat(3), (text, indent) => {
      const value: unknown = JSON.parse(text);
      if (text.includes('__proto__')) return;
      expect(parseJson(text, 'it')).toEqual(value);
      expect(parseJson(JSON.stringify(value, null, indent), 'it')).toEqual(value);
    }),
    { numRuns: 500, seed: 2 },
  );
});

test('where JSON.parse refuses, so does this reader, with a CheckpointError', () => {
  const pieces = fc.constantFrom(
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '"a"',
    '"',
    '1',
    '-',
    '01',
    '1e5',
    '.5',
    'true',
    'nul',
    ' ',
    '\\',
    '\u0001',
  );
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 12 }), (parts) => {
      const text = parts.join('');
      const attempt = (parse: () => unknown) => {
        try {
          return { value: parse() };
        } catch (error) {
          return { error };
        }
      };
      const theirs = attempt(() => JSON.parse(text));
      const ours = attempt(() => parseJson(text, 'it'));
      if (theirs.error) expect(ours.error).toBeInstanceOf(CheckpointError);
      // Only equal names are refused beyond the grammar.
      else if (ours.error) expect((ours.error as Error).message).toMatch(/twice/);
      else expect(ours.value).toEqual(theirs.value);
    }),
    { numRuns: 5000, seed: 3 },
  );
});

describe('what JSON.parse lets through is refused', () => {
  test('equal names, also when one of them is written with escapes', () => {
    expect(() => parseJson('{"a": 1, "b": {}, "a": 2}', 'config.json')).toThrow(
      'config.json gives the name a twice',
    );
    expect(() => parseJson('{"a": 1, "\\u0061": 2}', 'it')).toThrow('gives the name a twice');
  });

  test('__proto__, at any depth', () => {
    expect(() => parseJson('{"x": [{"__proto__": {}}]}', 'it')).toThrow('uses the name __proto__');
  });

  test('names of Object.prototype are names like any other', () => {
    const value = parseJsonObject('{"constructor": 1, "toString": 2}', 'it');
    expect(Object.entries(value)).toEqual([
      ['constructor', 1],
      ['toString', 2],
    ]);
  });
});

describe('hostile text ends with a sentence', () => {
  test('a million open brackets', () => {
    expect(() => parseJson('['.repeat(1_000_000), 'it')).toThrow('it is not valid JSON: more than 64 levels');
  });

  test('a string of fifty million characters, closed or not', () => {
    const long = 'a'.repeat(50_000_000);
    // Short of the engine's limits it may also be read; what may not happen is any other error.
    for (const text of [`{"${long}`, `{"${long}": 1}`])
      try {
        parseJson(text, 'it');
      } catch (error) {
        expect(error).toBeInstanceOf(CheckpointError);
      }
  });

  test('not an object, not UTF-8', () => {
    expect(() => parseJsonObject('[1]', 'it')).toThrow('it is not a JSON object but an array');
    expect(() => parseJsonObject('null', 'it')).toThrow('it is not a JSON object but null');
    expect(() => decodeUtf8(Uint8Array.of(0x7b, 0xff), 'it')).toThrow('it is not UTF-8 text');
  });
});
