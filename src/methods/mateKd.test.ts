import { beforeAll, describe, expect, test } from 'vitest';
import { openDevice } from '../engine/device';
import { installWasm } from '../engine/wasm.node';
import { RecipeError } from '../errors';
import { disposeParams } from '../model/params';
import { randomStream } from '../random';
import { checkMate } from '../testing/mateChecks';
import { tinyModel } from '../testing/tinyGpt2';
import { createGenerator } from './mateGenerator';
import { mateKd } from './mateKd';
import { partAt } from './method';

beforeAll(async () => {
  await openDevice({ prefer: 'wasm', wasmPath: installWasm() });
});

describe('on the processor', checkMate);

test('after the warm-up n_G steps of the generator and n_S of the student alternate', () => {
  const settings = { warmupSteps: 2, generatorSteps: 1, studentSteps: 3 };
  const positions = Array.from({ length: 11 }, (_, step) => partAt(mateKd, settings, step, 11));
  const ids = positions.map(({ part }) => mateKd.parts[part]!.id);
  const round = ['maximise', 'minimise', 'minimise', 'minimise'];
  expect(ids).toEqual(['warm-up', 'warm-up', ...round, ...round, 'maximise']);
  expect(positions.map(({ step }) => step)).toEqual([0, 1, 0, 0, 1, 2, 1, 3, 4, 5, 2]);
  expect(positions.map(({ steps }) => steps)).toEqual([2, 2, 3, 6, 6, 6, 3, 6, 6, 6, 3]);
});

test('the warm-up leaves at least half of a stage', () => {
  const settings = { warmupSteps: 20, generatorSteps: 1, studentSteps: 3 };
  const parts = Array.from({ length: 8 }, (_, step) => partAt(mateKd, settings, step, 8).part);
  expect(parts).toEqual([0, 0, 0, 0, 1, 2, 2, 2]);
});

test('a generator of more layers than the teacher has is refused', () => {
  const teacher = tinyModel([0], { trainable: false });
  const create = () => createGenerator({ teacher, student: teacher, random: randomStream(1, 'mate') }, 2);
  expect(create).toThrow(RecipeError);
  expect(create).toThrow('MATE-KD cannot make a generator of 2 layers of a teacher that has 1');
  disposeParams(teacher.params);
});
