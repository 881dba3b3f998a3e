import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CheckpointError } from '../errors';
import { readHeader, readTensor, writeSafetensors, type Dtype, type RawTensor } from './safetensors';
import { countingSource, memorySource } from './source';

/** A file with this header text and body. */
function file(
  header: string | Uint8Array,
  body = new Uint8Array(0),
  length?: bigint,
): Uint8Array<ArrayBuffer> {
  const text = typeof header === 'string' ? new TextEncoder().encode(header) : header;
  const bytes = new Uint8Array(8 + text.length + body.length);
  new DataView(bytes.buffer).setBigUint64(0, length ?? BigInt(text.length), true);
  bytes.set(text, 8);
  bytes.set(body, 8 + text.length);
  return bytes;
}

const read = (bytes: Uint8Array) => readHeader(memorySource('model.safetensors', bytes));
const one = (dtype: unknown, shape: unknown, offsets: unknown, body = 8) =>
  file(JSON.stringify({ w: { dtype, shape, data_offsets: offsets } }), new Uint8Array(body));

describe('a broken file gets one sentence', () => {
  const cases: [what: string, bytes: Uint8Array, message: string][] = [
    ['empty', new Uint8Array(0), 'model.safetensors is empty'],
    [
      'no header length',
      new Uint8Array(5),
      'model.safetensors has 5 bytes, too few for the 8 bytes of a header length',
    ],
    [
      'header over the file',
      file('{}', undefined, 3n),
      'gives a header length of 3 bytes, but only 2 follow',
    ],
    [
      'header over 100 MB',
      file('{}', undefined, 100_000_001n),
      'gives a header length of 100000001 bytes; at most 100000000 are allowed',
    ],
    [
      'header over 2^53',
      file('{}', undefined, 2n ** 53n),
      'gives a header length of 9007199254740992 bytes, more than any file can have',
    ],
    [
      'header of 2^64 - 1',
      file('{}', undefined, 2n ** 64n - 1n),
      'gives a header length of 18446744073709551615 bytes, more than any',
    ],
    [
      'not UTF-8',
      file(Uint8Array.of(0x7b, 0xc3, 0x28, 0x7d)),
      'the header of model.safetensors is not UTF-8 text',
    ],
    [
      'not JSON',
      file('{"w": }'),
      'the header of model.safetensors is not valid JSON: no value at character 6',
    ],
    [
      'no header at all',
      file(''),
      'the header of model.safetensors is not valid JSON: no value at character 0',
    ],
    ['not an object', file('[]'), 'the header of model.safetensors is not a JSON object but an array'],
    ['equal names', file('{"w":{},"w":{}}'), 'the header of model.safetensors gives the name w twice'],
    ['__proto__', file('{"__proto__":{}}'), 'the header of model.safetensors uses the name __proto__'],
    ['a tensor that is a number', file('{"w":1}'), 'w in model.safetensors is not described by an object'],
    [
      'metadata that is a text',
      file('{"__metadata__":"pt"}'),
      '__metadata__ in the header of model.safetensors is not an object',
    ],
    [
      'metadata with a number',
      file('{"__metadata__":{"a":1}}'),
      '__metadata__ in the header of model.safetensors holds more than texts',
    ],
    [
      'unknown dtype',
      one('F12', [2], [0, 8]),
      'w in model.safetensors has the dtype "F12", which is unknown',
    ],
    ['dtype of Object.prototype', one('toString', [2], [0, 8]), 'has the dtype "toString", which is unknown'],
    ['no dtype', one(undefined, [2], [0, 8]), 'w in model.safetensors has no dtype'],
    ['shape with a fraction', one('F32', [1.5], [0, 8]), 'has the shape [1.5], not a list of whole numbers'],
    ['shape with a minus', one('F32', [-2], [0, 8]), 'has the shape [-2], not a list of whole numbers'],
    ['no shape', one('F32', null, [0, 8]), 'has the shape null, not a list of whole numbers'],
    [
      'overflowing shape',
      one('F32', [2 ** 40, 2 ** 40], [0, 8]),
      'has the shape [1099511627776, 1099511627776], which overflows',
    ],
    ['shape × dtype over 2^53', one('F64', [2 ** 52], [0, 8]), 'which overflows'],
    [
      'shape against range',
      one('F32', [3], [0, 8]),
      'has the shape [3] in F32, which needs 12 bytes, but its range has 8',
    ],
    [
      'negative offset',
      one('F32', [2], [-8, 0]),
      'has the data_offsets [-8,0], not two whole numbers from 0 on',
    ],
    [
      'reversed offsets',
      one('F32', [2], [8, 0]),
      'w in model.safetensors ends at offset 0, before it begins at 8',
    ],
    [
      'fractional offsets',
      one('F32', [2], [0.5, 8.5]),
      'has the data_offsets [0.5,8.5], not two whole numbers',
    ],
    ['three offsets', one('F32', [2], [0, 8, 9]), 'has the data_offsets [0,8,9], not two whole numbers'],
    ['offsets over 2^53', one('F32', [2], [2 ** 60, 2 ** 60]), 'not two whole numbers from 0 on'],
    [
      'truncated body',
      one('F32', [2], [0, 8], 5),
      'w in model.safetensors ends at byte 8 of the data, but model.safetensors holds only 5',
    ],
    [
      'bytes after the end',
      one('F32', [2], [0, 8], 9),
      'model.safetensors has 1 bytes after its last tensor',
    ],
    ['a hole at the start', one('F32', [1], [4, 8]), 'model.safetensors has a hole of 4 bytes before w'],
    [
      'overlap',
      file(
        '{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[4],"data_offsets":[2,6]}}',
        new Uint8Array(6),
      ),
      'b and a overlap in model.safetensors',
    ],
    [
      'two tensors in one place',
      file(
        '{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}}',
        new Uint8Array(4),
      ),
      'b and a overlap in model.safetensors',
    ],
    [
      'Git LFS pointer',
      new TextEncoder().encode('version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 5\n'),
      'model.safetensors is a Git LFS pointer',
    ],
    [
      'HTML page',
      new TextEncoder().encode('\n<!DOCTYPE html><html></html>'),
      'model.safetensors is a web page',
    ],
    [
      'zip',
      Uint8Array.from([0x50, 0x4b, 3, 4, 0, 0, 8, 8, 0, 0]),
      'model.safetensors is a zip archive, most likely a PyTorch pickle',
    ],
    [
      'pickle',
      Uint8Array.from([0x80, 2, 0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9]),
      'model.safetensors is a Python pickle',
    ],
  ];
  for (const [what, bytes, message] of cases)
    test(what, async () => {
      const error: unknown = await read(bytes).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(CheckpointError);
      expect((error as CheckpointError).message).toContain(message);
      expect((error as CheckpointError).hint).toBeTruthy();
    });

  test('a refused header length reads nothing more than a few bytes', async () => {
    const source = countingSource(memorySource('m', file('{}', new Uint8Array(1000), 90_000_000n)));
    await expect(readHeader(source)).rejects.toThrow('but only');
    expect(source.bytesRead).toBeLessThanOrEqual(72);
  });
});

const BYTES: Partial<Record<Dtype, number>> = { F32: 4, F16: 2, BF16: 2, I64: 8, U8: 1, BOOL: 1 };
const tensor = fc
  .record({
    dtype: fc.constantFrom(...(Object.keys(BYTES) as Dtype[])),
    shape: fc.array(fc.nat(4), { maxLength: 4 }),
  })
  .chain(({ dtype, shape }) => {
    const size = shape.reduce((n, d) => n * d, 1) * BYTES[dtype]!;
    return fc
      .uint8Array({ minLength: size, maxLength: size })
      .map((bytes): RawTensor => ({ dtype, shape, bytes: new Uint8Array(bytes) }));
  });

test('what is written is read back, byte for byte, names and order included', async () => {
  const named = fc.uniqueArray(fc.tuple(fc.string({ unit: 'grapheme', maxLength: 12 }), tensor), {
    selector: ([name]) => name,
    maxLength: 6,
  });
  await fc.assert(
    fc.asyncProperty(named, async (entries) => {
      const tensors = new Map(entries.filter(([name]) => name !== '__metadata__' && name !== '__proto__'));
      const source = memorySource('m', writeSafetensors(tensors, { format: 'pt', note: 'ü' }));
      const header = await readHeader(source);
      expect(header.metadata).toEqual({ format: 'pt', note: 'ü' });
      const back = new Map<string, RawTensor>();
      for (const [name, range] of header.tensors) back.set(name, await readTensor(source, range));
      expect(new Map([...back].sort())).toEqual(new Map([...tensors].sort()));
    }),
    { numRuns: 200, seed: 4 },
  );
});

test('the data starts at a multiple of 8, so that others can map it', () => {
  for (const name of ['a', 'ab', 'abc', 'abcd', 'abcde'])
    expect(
      new DataView(
        writeSafetensors(new Map([[name, { dtype: 'U8', shape: [1], bytes: new Uint8Array(1) }]])).buffer,
      ).getUint32(0, true) % 8,
    ).toBe(0);
});

test('the writer refuses bytes that the shape does not explain', () => {
  const wrong = new Map<string, RawTensor>([['w', { dtype: 'F32', shape: [2], bytes: new Uint8Array(4) }]]);
  expect(() => writeSafetensors(wrong)).toThrow('w has 4 bytes, which shape [2] in F32 does not explain');
});

test('reading one tensor fetches the header and that range, nothing else', async () => {
  const tensors = new Map<string, RawTensor>([
    ['a', { dtype: 'F32', shape: [100], bytes: new Uint8Array(400) }],
    ['b', { dtype: 'F16', shape: [5, 2], bytes: new Uint8Array(20).fill(7) }],
    ['c', { dtype: 'F32', shape: [100], bytes: new Uint8Array(400) }],
  ]);
  const bytes = writeSafetensors(tensors);
  const source = countingSource(memorySource('m', bytes));
  const { tensors: ranges } = await readHeader(source);
  const headerBytes = bytes.length - 820;
  expect(source.bytesRead).toBe(headerBytes);
  expect((await readTensor(source, ranges.get('b')!)).bytes).toEqual(new Uint8Array(20).fill(7));
  expect(source.ranges).toEqual([
    [0, 8],
    [8, headerBytes],
    [headerBytes + 400, headerBytes + 420],
  ]);
});
