import { beforeAll, describe, expect, test } from 'vitest';
import { openDevice } from '../engine/device';
import { installWasm } from '../engine/wasm.node';
import { RecipeError } from '../errors';
import { randomStream } from '../random';
import { tinyModel } from '../testing/tinyGpt2';
import { checkRail } from '../testing/railChecks';
import { disposeParams } from '../model/params';
import { railKd } from './railKd';

beforeAll(async () => {
  await openDevice({ prefer: 'wasm', wasmPath: installWasm() });
});

describe('on the processor', checkRail);

test('layers are distinct, sorted, never the last, and another epoch draws others', () => {
  const [student, teacher] = [
    tinyModel([0, 4, 11]),
    tinyModel([0, 2, 4, 6, 7, 8, 9, 11], { trainable: false }),
  ];
  const context = { student, teacher, random: randomStream(1, 'rail') };
  const maps = Array.from({ length: 20 }, () => railKd.epochState!(context, {}) as number[]);
  for (const map of maps) {
    expect(map).toHaveLength(2);
    expect([...map].sort((a, b) => a - b)).toEqual(map);
    expect(new Set(map).size).toBe(2);
    expect(Math.max(...map)).toBeLessThan(7);
  }
  expect(new Set(maps.map(String)).size).toBeGreaterThan(5);
  disposeParams(student.params);
  disposeParams(teacher.params);
});

test('a student with more layers than the teacher is refused', () => {
  const [student, teacher] = [tinyModel([0, 4, 11]), tinyModel([0, 11], { trainable: false })];
  const draw = () => railKd.epochState!({ student, teacher, random: randomStream(1, 'rail') }, {});
  expect(draw).toThrow(RecipeError);
  expect(draw).toThrow('RAIL-KD cannot pair a student of 3 layers with a teacher of 2');
  disposeParams(student.params);
  disposeParams(teacher.params);
});
