/** RAIL-KD's distance and its gradients on every device, against fixtures/losses and finite differences. */
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Tensor2D } from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { readTensor } from '../engine/device';
import {
  clearGradients,
  createParameter,
  disposeParameter,
  tieToTape,
  valueAndGradients,
  writeParameter,
  type Parameter,
} from '../engine/parameter';
import { meanOverTokens, railDistance } from '../methods/railKd';
import { expectClose } from './expectClose';
import { fixtureJson, fixtureTensors } from './fixtures';

// fixtures/README.md, column "suggested".
const VALUES = 2e-6;
const GRADIENTS = 1e-5;

interface RailCase {
  teacher_layers: number[];
  student_layers: number[];
  lengths: number[];
  layerwise: number;
  concatenated: number;
  tensor_prefix: string;
}

type Stored = ReturnType<typeof fixtureTensors>[string];

const upload = ({ values, shape }: Stored) => tf.tensor2d(values, shape as [number, number]);

/** The fixture's maps under the method's names. */
function mapsOf(stored: Record<string, Stored>, prefix: string, form: string, pairs: number) {
  const extra: Record<string, Parameter> = {};
  const joined = form === 'concatenated';
  for (const side of ['student', 'teacher'])
    for (let i = 0; i < (joined ? 1 : pairs); i++)
      for (const kind of ['weight', 'bias']) {
        const { values, shape } = stored[`${prefix}${side}_map.${joined ? form : i}.${kind}`]!;
        const name = `${side}.${i}.${kind}`;
        extra[name] = createParameter(name, shape, values);
      }
  return extra;
}

function pooledOf(stored: Record<string, Stored>, prefix: string, side: string, pairs: number): Tensor2D[] {
  return Array.from({ length: pairs }, (_, i) => upload(stored[`${prefix}${side}_pooled.${i}`]!));
}

async function checkCase(fixture: RailCase, form: 'layerwise' | 'concatenated'): Promise<void> {
  const stored = fixtureTensors('losses');
  const { tensor_prefix: prefix } = fixture;
  const pairs = fixture.student_layers.length;
  const extra = mapsOf(stored, prefix, form, pairs);
  const [student, teacher] = ['student', 'teacher'].map((side) => pooledOf(stored, prefix, side, pairs)) as [
    Tensor2D[],
    Tensor2D[],
  ];
  const distance = (...inputs: Tensor[]) =>
    railDistance(inputs.slice(0, pairs) as Tensor2D[], teacher, extra, form);
  const value = distance(...student);
  expectClose(await readTensor(value), [fixture[form]], VALUES, form);

  const byPooled = tf.grads(distance)(student);
  for (const [i, gradient] of byPooled.entries()) {
    const expected = stored[`${prefix}${form}.grad.student_pooled.${i}`]!;
    expectClose(await readTensor(gradient), expected.values, GRADIENTS, `student layer ${i}`);
  }
  // Under the pooled layers' own gradients the maps have gathered theirs once already.
  clearGradients(Object.values(extra));
  const again = tf.tidy(() =>
    valueAndGradients(() => distance(...student.map(tieToTape)), Object.values(extra)),
  );
  for (const [name, { gradient }] of Object.entries(extra)) {
    const [side, i, kind] = name.split('.');
    const stem = form === 'concatenated' ? `${side}_map.${kind}` : `${side}_map.${i}.${kind}`;
    const expected = stored[`${prefix}${form}.grad.${stem}`]!;
    expectClose(await readTensor(gradient!), expected.values, GRADIENTS, name);
  }
  tf.dispose([value, again, byPooled, student, teacher]);
  Object.values(extra).forEach(disposeParameter);
}

/** The gradient of one map by a central difference along a random direction. */
async function checkFiniteDifference(fixture: RailCase): Promise<void> {
  const stored = fixtureTensors('losses');
  const { tensor_prefix: prefix } = fixture;
  const pairs = fixture.student_layers.length;
  const extra = mapsOf(stored, prefix, 'layerwise', pairs);
  const [student, teacher] = ['student', 'teacher'].map((side) => pooledOf(stored, prefix, side, pairs)) as [
    Tensor2D[],
    Tensor2D[],
  ];
  const map = extra['student.1.weight']!;
  const start = Float32Array.from(await readTensor(map.value));
  const direction = start.map((_, i) => Math.sin(i + 1));
  const distance = () => railDistance(student.map(tieToTape), teacher, extra, 'layerwise');
  tf.tidy(() => valueAndGradients(distance, Object.values(extra))).dispose();
  const slope = (await readTensor(map.gradient!)).reduce((sum, g, i) => sum + g * direction[i]!, 0);
  const at = async (step: number) => {
    writeParameter(
      map,
      start.map((w, i) => w + step * direction[i]!),
    );
    const result = tf.tidy(distance);
    const number = (await readTensor(result))[0]!;
    result.dispose();
    return number;
  };
  const step = 1e-2;
  const difference = ((await at(step)) - (await at(-step))) / (2 * step);
  expectClose([difference], [slope], 2e-3, 'slope');
  tf.dispose([student, teacher]);
  Object.values(extra).forEach(disposeParameter);
}

export function checkRail(): void {
  const { cases } = fixtureJson<{ rail_kd: { cases: Record<string, RailCase> } }>('losses').rail_kd;
  for (const [name, fixture] of Object.entries(cases)) {
    test.each(['layerwise', 'concatenated'] as const)(`${name}: %s distance and gradients`, (form) =>
      checkCase(fixture, form),
    );

    test(`${name}: means over the tokens that are not padding`, async () => {
      const { student_layers: layers, lengths, tensor_prefix: prefix } = fixture;
      const forward = fixtureTensors('forward');
      const stored = fixtureTensors('losses');
      for (const [i, layer] of layers.entries()) {
        const { values, shape } = forward[`student.block.${layer}`]!;
        const [batch, length, width] = shape as [number, number, number];
        const pooled = tf.tidy(() =>
          meanOverTokens(tf.tensor2d(values, [batch * length, width]), {
            batch,
            length,
            lengths: tf.tensor1d(lengths, 'int32'),
          }),
        );
        expectClose(
          await readTensor(pooled),
          stored[`${prefix}student_pooled.${i}`]!.values,
          5e-6,
          `layer ${layer}`,
        );
        pooled.dispose();
      }
    });
  }

  test('the gradient of a map is its finite difference', () =>
    checkFiniteDifference(Object.values(cases)[0]!));

  test('without lengths every token counts', async () => {
    const mean = tf.tidy(() =>
      meanOverTokens(tf.tensor2d([1, 2, 3, 4, 5, 6, 7, 8], [4, 2]), { batch: 2, length: 2 }),
    );
    expect([...(await readTensor(mean))]).toEqual([2, 3, 6, 7]);
    mean.dispose();
  });
}
