import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import { openDevice, readTensor } from '../../engine/device';
import { openCheckpoint } from '../../io/checkpoint';
import { encodeFloats, f16ToFloat32, float32ToF16 } from '../../io/floats';
import { memoryFileSet } from '../../io/source';
import { parseConfig } from '../../model/config';
import { tinyFiles, tinyTensors } from '../../testing/tinyCheckpoint';
import type { Event } from '../protocol';
import { createTask } from './task';
import { uploadedWeights } from './weights';

beforeAll(async () => {
  await openDevice({ prefer: 'cpu' });
});

const rounded = (values: Float32Array) => f16ToFloat32(float32ToF16(values));

/** The tiny checkpoint with thirds, which no float has exactly, and one weight replaced. */
async function open(change: Record<string, (values: Float32Array) => void> = {}) {
  const tensors = tinyTensors();
  for (const [name, tensor] of tensors) {
    const values = new Float32Array(tensor.bytes.slice().buffer).map((value) => value / 3);
    change[name]?.(values);
    tensors.set(name, { ...tensor, bytes: encodeFloats('F32', values) });
  }
  const checkpoint = await openCheckpoint(memoryFileSet('tiny', tinyFiles(tensors)));
  const events: Event[] = [];
  const task = createTask(1, new AbortController().signal, (event) => events.push(event));
  const weights = uploadedWeights(checkpoint, parseConfig(checkpoint.config));
  const warnings = () => events.flatMap((event) => (event.type === 'warning' ? [event.message] : []));
  return { checkpoint, weights, task, warnings };
}

test('without kernels a float16 view holds rounded matrices and the rest as it is', async () => {
  const { checkpoint, weights, task, warnings } = await open();
  const { params } = await weights.view([0], task, 'f16');
  for (const [name, { value, packed }] of Object.entries(params)) {
    const exact = await checkpoint.readFloat32(name);
    const half = name === 'wte.weight' || /c_.*weight/.test(name);
    expect([name, ...(await readTensor(value))]).toEqual([name, ...(half ? rounded(exact) : exact)]);
    expect(packed).toBe(false);
  }
  expect(warnings()).toEqual([]);
  weights.dispose();
});

test('a weight is there in one precision, and only float32 ones can be copied for a student', async () => {
  const { checkpoint, weights, task } = await open();
  const before = tf.memory().numTensors;
  await weights.view([0], task);
  const held = tf.memory().numTensors - before;
  expect(weights.resident('wte.weight')).toBeDefined();
  await weights.view([0], task, 'f16');
  expect(weights.resident('wte.weight')).toBeUndefined();
  expect(weights.resident('ln_f.bias')).toBeDefined();
  expect(tf.memory().numTensors - before).toBe(held);
  const { params } = await weights.view([0], task);
  expect(await readTensor(params['wte.weight']!.value)).toEqual(await checkpoint.readFloat32('wte.weight'));
  weights.dispose();
  expect(tf.memory().numTensors).toBe(before);
});

test('a tensor that float16 cannot hold stays in float32, with one sentence', async () => {
  const { weights, task, warnings } = await open({
    'h.0.mlp.c_fc.weight': (values) => values.set([65519, -65520, 1e6, Infinity]),
    'h.0.mlp.c_proj.weight': (values) => values.set([65519, NaN, -Infinity]),
  });
  const { params } = await weights.view([0], task, 'f16');
  const start = async (name: string) => [...(await readTensor(params[name]!.value))].slice(0, 4);
  expect(await start('h.0.mlp.c_fc.weight')).toEqual([65519, -65520, 1e6, Infinity]);
  expect((await start('h.0.mlp.c_proj.weight')).slice(0, 3)).toEqual([65504, NaN, -Infinity]);
  const sentence =
    'h.0.mlp.c_fc.weight holds 2 values beyond 65504, the largest float16 number, so this tensor of the teacher stays in float32.';
  expect(warnings().filter((message) => message.includes('65504'))).toEqual([sentence]);
  await weights.view([0], task, 'f16');
  expect(warnings().filter((message) => message.includes('65504'))).toEqual([sentence]);
  weights.dispose();
});
