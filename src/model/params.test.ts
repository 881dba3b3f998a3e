import { beforeAll, expect, test } from 'vitest';
import { openDevice, readTensor } from '../engine/device';
import { CheckpointError } from '../errors';
import type { Checkpoint } from '../io/checkpoint';
import type { GPT2Config } from './config';
import { parameterCount } from './config';
import {
  checkTensors,
  disposeParams,
  expectedTensors,
  frozenView,
  initialiseParams,
  initialValues,
  loadParams,
  sourceNames,
} from './params';

const config: GPT2Config = {
  nLayer: 4,
  nHead: 2,
  nEmbd: 8,
  nPositions: 16,
  vocabSize: 32,
  nInner: 20,
  activation: 'gelu_new',
  layerNormEpsilon: 1e-5,
};

beforeAll(async () => {
  await openDevice({ prefer: 'cpu' });
});

const sizeOf = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);

/** A checkpoint whose tensors hold nothing but the number of their place in it; notes what is read. */
function numbered(read: string[] = []): Checkpoint {
  const tensors = new Map(
    [...expectedTensors(config)].map(([name, shape]) => [
      name,
      { dtype: 'F32' as const, shape, bytes: 4 * sizeOf(shape) },
    ]),
  );
  const names = [...tensors.keys()];
  const refuse = () => {
    throw new Error('not asked for');
  };
  return {
    name: 'numbered',
    config: {},
    tensors,
    warnings: [],
    files: { name: 'none', list: () => Promise.resolve([]), open: () => Promise.resolve(null) },
    rawPieces: refuse,
    halfPieces: refuse,
    readRaw: refuse,
    readFloat32: refuse,
    async *floatPieces(name) {
      read.push(name);
      const size = sizeOf(tensors.get(name)!.shape);
      const half = size >> 1;
      const piece = (first: number, end: number) => ({
        first,
        values: new Float32Array(end - first).fill(names.indexOf(name)),
        stored: 4 * (end - first),
      });
      yield await Promise.resolve(piece(0, half));
      yield piece(half, size);
    },
  };
}

test('the table of tensors has as many elements as the geometry has parameters', () => {
  const total = [...expectedTensors(config).values()].reduce((sum, shape) => sum + sizeOf(shape), 0);
  expect(total).toBe(parameterCount(config));
});

test('kept blocks are renumbered, embeddings and last norm keep their names', () => {
  const names = sourceNames(config, [1, 3]);
  expect(names.get('h.0.attn.c_attn.weight')).toBe('h.1.attn.c_attn.weight');
  expect(names.get('h.1.mlp.c_proj.bias')).toBe('h.3.mlp.c_proj.bias');
  expect(names.get('ln_f.bias')).toBe('ln_f.bias');
  expect(names.size).toBe(2 * 12 + 4);
});

test('loading some blocks reads their tensors and no others, and reports what it read', async () => {
  const read: string[] = [];
  const checkpoint = numbered(read);
  const progress: [number, number][] = [];
  const onProgress = (done: number, total: number) => void progress.push([done, total]);
  const params = await loadParams(checkpoint, config, [1, 3], { onProgress });
  expect(read.some((name) => /^h\.[02]\./.test(name))).toBe(false);
  expect(read.length).toBe(2 * 12 + 4);
  const place = [...checkpoint.tensors.keys()].indexOf('h.3.ln_2.weight');
  expect([...(await readTensor(params['h.1.ln_2.weight']!.value))]).toEqual(Array(8).fill(place));
  const total = parameterCount({ ...config, nLayer: 2 });
  expect(progress.at(-1)).toEqual([total, total]);
  disposeParams(params);
});

test('weights that are on the device already are copied there, and the copy is another tensor', async () => {
  const read: string[] = [];
  const checkpoint = numbered(read);
  const teacher = await loadParams(checkpoint, config, undefined, { trainable: false });
  read.length = 0;
  const resident = (name: string) => (name === 'wpe.weight' ? undefined : teacher[name]);
  const progress: number[] = [];
  const onProgress = (done: number) => void progress.push(done);
  const student = await loadParams(checkpoint, config, [3], { resident, onProgress });
  expect(read).toEqual(['wpe.weight']);
  expect(progress.at(-1)).toBe(parameterCount({ ...config, nLayer: 1 }));
  expect(student['h.0.ln_1.bias']).toMatchObject({ name: 'h.0.ln_1.bias', trainable: true });
  disposeParams(teacher);
  const place = [...checkpoint.tensors.keys()].indexOf('h.3.ln_1.bias');
  expect([...(await readTensor(student['h.0.ln_1.bias']!.value))]).toEqual(Array(8).fill(place));
  disposeParams(student);
});

test.each([
  [
    'a missing tensor',
    (tensors: Map<string, object>) => tensors.delete('h.3.ln_1.bias'),
    'h.3.ln_1.bias is missing: the checkpoint holds 51 tensors, a GPT-2 with n_layer 4 has 52',
  ],
  [
    'a misshapen tensor',
    (tensors: Map<string, object>) =>
      tensors.set('h.3.mlp.c_fc.weight', { dtype: 'F32', shape: [8, 24], bytes: 768 }),
    'h.3.mlp.c_fc.weight has shape [8, 24], expected [8, 20] for n_embd 8',
  ],
  [
    'a tensor too many',
    (tensors: Map<string, object>) => tensors.set('h.4.ln_1.bias', { dtype: 'F32', shape: [8], bytes: 32 }),
    'h.4.ln_1.bias is not a tensor of a GPT-2 language model with n_layer 4',
  ],
])('%s is refused by its name, before any weight is read', async (_, spoil, message) => {
  const read: string[] = [];
  const checkpoint = numbered(read);
  spoil(checkpoint.tensors as Map<string, object>);
  expect(() => checkTensors(checkpoint.tensors, config)).toThrow(message);
  await expect(loadParams(checkpoint, config)).rejects.toThrow(CheckpointError);
  expect(read).toEqual([]);
});

test('fresh weights have the deviations of GPT-2 and follow from the seed', () => {
  const deviation = (values: Float32Array) =>
    Math.sqrt(values.reduce((sum, v) => sum + v * v, 0) / values.length);
  expect(deviation(initialValues('wte.weight', [200, 50], 4, 1))).toBeCloseTo(0.02, 3);
  expect(deviation(initialValues('wpe.weight', [200, 50], 4, 1))).toBeCloseTo(0.02, 3);
  expect(deviation(initialValues('h.0.mlp.c_fc.weight', [100, 100], 8, 1))).toBeCloseTo(0.02, 3);
  expect(deviation(initialValues('h.0.attn.c_proj.weight', [100, 100], 8, 1))).toBeCloseTo(0.005, 4);
  expect([...initialValues('ln_f.weight', [3], 4, 1)]).toEqual([1, 1, 1]);
  expect([...initialValues('h.0.mlp.c_fc.bias', [3], 4, 1)]).toEqual([0, 0, 0]);
  const draw = (name: string, seed: number) => [...initialValues(name, [2, 2], 4, seed)];
  expect(draw('wte.weight', 1)).toEqual(draw('wte.weight', 1));
  expect(draw('wte.weight', 1)).not.toEqual(draw('wte.weight', 2));
  expect(draw('wte.weight', 1)).not.toEqual(draw('wpe.weight', 1));
});

test('a frozen view shares the weights and takes no gradient', () => {
  const params = initialiseParams(config, 1);
  const frozen = frozenView(params);
  expect(frozen['wte.weight']!.value).toBe(params['wte.weight']!.value);
  expect(Object.values(frozen).some(({ trainable }) => trainable)).toBe(false);
  expect(params['wte.weight']!.trainable).toBe(true);
  disposeParams(params);
});
