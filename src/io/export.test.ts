import { describe, expect, test } from 'vitest';
import { tinyFiles, TINY_CONFIG, tinyTensors } from '../testing/tinyCheckpoint';
import { openCheckpoint } from './checkpoint';
import { exportCheckpoint, readTokenizerFiles, type ExportedFile, type ExportTensor } from './export';
import { decodeFloats, type FloatDtype } from './floats';
import { memoryFileSet } from './source';
import type { FloatTensor } from './checkpoint';

const asSet = (files: readonly ExportedFile[]) =>
  memoryFileSet('student', new Map(files.map(({ name, bytes }) => [name, bytes])));

const stored = (dtype: FloatDtype) => tinyTensors(dtype) as Map<string, FloatTensor>;
const request = (tensors: ReadonlyMap<string, ExportTensor>, dtype: 'f32' | 'f16' | 'bf16') =>
  exportCheckpoint({ config: TINY_CONFIG, tensors, dtype, tokenizerFiles: [] });

for (const [dtype, name] of [
  ['F32', 'f32'],
  ['F16', 'f16'],
  ['BF16', 'bf16'],
] as const)
  describe(name, () => {
    test('tensors that keep their dtype are bit-identical, and a second export gives the same bytes', async () => {
      const files = request(stored(dtype), name);
      const checkpoint = await openCheckpoint(asSet(files));
      const back = new Map<string, FloatTensor>();
      for (const key of checkpoint.tensors.keys()) back.set(key, await checkpoint.readRaw(key));
      expect(back).toEqual(stored(dtype));
      expect(request(back, name)).toEqual(files);
    });

    test('trained float32 values are rounded to it', async () => {
      const values = Float32Array.of(1 / 3, -2 / 3, 1e-3, 0);
      const tensors = new Map<string, ExportTensor>([['ln_f.bias', { shape: [4], values }]]);
      const read = await (await openCheckpoint(asSet(request(tensors, name)))).readFloat32('ln_f.bias');
      const step = { F32: 0, F16: 2 ** -11, BF16: 2 ** -8 }[dtype];
      for (let i = 0; i < 4; i++)
        expect(Math.abs(read[i]! - values[i]!)).toBeLessThanOrEqual(Math.abs(values[i]!) * step);
    });

    test('config.json names the dtype as PyTorch does', () => {
      const config = JSON.parse(new TextDecoder().decode(request(stored(dtype), name)[0]!.bytes)) as Record<
        string,
        unknown
      >;
      expect(config['torch_dtype']).toBe({ F32: 'float32', F16: 'float16', BF16: 'bfloat16' }[dtype]);
      expect(config['n_embd']).toBe(4);
    });
  });

test('the names and the metadata are those that transformers writes', () => {
  const bytes = request(stored('F32'), 'f32')[1]!.bytes;
  const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length))) as Record<
    string,
    unknown
  >;
  expect(header['__metadata__']).toEqual({ format: 'pt' });
  expect(
    Object.keys(header)
      .slice(1)
      .every((name) => name.startsWith('transformer.')),
  ).toBe(true);
});

test('widening is exact', async () => {
  const checkpoint = await openCheckpoint(asSet(request(stored('F16'), 'f32')));
  const { bytes } = stored('F16').get('wte.weight')!;
  expect(await checkpoint.readFloat32('wte.weight')).toEqual(decodeFloats('F16', bytes));
});

test('a weight beyond F16 is refused by name, NaN is passed on', () => {
  const big = new Map([['ln_f.bias', { shape: [3], values: Float32Array.of(1, 70_000, NaN) }]]);
  expect(() => request(big, 'f16')).toThrow('ln_f.bias holds 1 value beyond the largest F16 number');
  expect(() => request(big, 'bf16')).not.toThrow();
});

test('tokenizer files are passed on as they are, and nothing else', async () => {
  const files = tinyFiles();
  files
    .set('tokenizer.json', Uint8Array.of(1, 2, 3))
    .set('merges.txt', Uint8Array.of(4))
    .set('README.md', Uint8Array.of(5));
  const tokenizerFiles = await readTokenizerFiles(memoryFileSet('teacher', files));
  expect(tokenizerFiles).toEqual([
    { name: 'tokenizer.json', bytes: Uint8Array.of(1, 2, 3) },
    { name: 'merges.txt', bytes: Uint8Array.of(4) },
  ]);
  const exported = exportCheckpoint({
    config: TINY_CONFIG,
    tensors: stored('F32'),
    dtype: 'f32',
    tokenizerFiles,
  });
  expect(exported.map(({ name }) => name)).toEqual([
    'config.json',
    'model.safetensors',
    'tokenizer.json',
    'merges.txt',
  ]);
});
