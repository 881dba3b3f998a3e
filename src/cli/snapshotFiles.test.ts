import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import type { TrainingSnapshot } from '../train/snapshot';
import { snapshotFolder } from './snapshotFiles';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'decant-'));
});

const snapshot = (step: number): TrainingSnapshot => ({
  step,
  tokens: 512,
  timeMs: 12.345678901234567,
  loss: Number.NaN,
  stage: 0,
  stageStep: step,
  batches: { epoch: 1, index: 2, counter: 3 },
  randomCounter: 4,
  epoch: 1,
  state: { layers: [1, 2] },
  student: { 'wte.weight': Float32Array.of(1 / 3, Number.NaN, -0, 1e-45), 'ln_f.bias': Float32Array.of(2) },
  extra: {},
  copy: null,
  optimizers: [
    { part: 0, steps: step, moments: { 'ln_f.bias': { m: Float32Array.of(0.1), v: Float32Array.of(0.2) } } },
  ],
});

test('a snapshot comes back bit by bit', async () => {
  const store = snapshotFolder(folder);
  await store.save('run', snapshot(7));
  expect(await store.load('run')).toEqual(snapshot(7));
});

test('a new snapshot takes the place of the old one, which stays behind it', async () => {
  const store = snapshotFolder(folder);
  await store.save('run', snapshot(1));
  await store.save('run', snapshot(2));
  await store.save('run', snapshot(3));
  expect((await store.load('run'))!.step).toBe(3);
  await rm(join(folder, 'snapshot'), { recursive: true });
  expect((await store.load('run'))!.step).toBe(2);
});

test('what a killed process left half written is not taken for a snapshot', async () => {
  const store = snapshotFolder(folder);
  expect(await store.load('run')).toBeNull();
  await store.save('run', snapshot(1));
  await rm(join(folder, 'snapshot', 'state.json'));
  expect(await store.load('run')).toBeNull();
  await writeFile(join(folder, 'snapshot.part'), '');
  await store.save('run', snapshot(2));
  expect((await store.load('run'))!.step).toBe(2);
});
