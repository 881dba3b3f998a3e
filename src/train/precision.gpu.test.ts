import { afterEach, expect, test } from 'vitest';
import { computePrecision, setVariants } from '../engine/variants';
import { METHODS } from '../methods/index';
import { disposeParams, initialiseParams } from '../model/params';
import { useTestDevice } from '../testing/gpu';
import { readTensor } from '../engine/device';
import { cycle, randomBatches, runTraining, trainingRecipe } from '../testing/training';
import { enterPrecision, inFloat32 } from './precision';
import { closeStage, openStage } from './stage';
import { trainStep } from './step';
import { languageModelling } from './task';

useTestDevice();
afterEach(() => setVariants('software'));

const config = {
  nLayer: 1,
  nHead: 2,
  nEmbd: 16,
  nPositions: 8,
  vocabSize: 37,
  nInner: 32,
  activation: 'gelu_new',
  layerNormEpsilon: 1e-5,
} as const;

/** Losses and gradient norms of a few steps; here every product is float32, so only the loss scale differs. */
async function steps(precision: 'f32' | 'f16', plan: 'on' | 'off') {
  const student = { config, params: initialiseParams(config, 1) };
  const { stages } = trainingRecipe([{ method: 'fine-tune', steps: 6, batchSize: 2, gradAccumSteps: 2 }]);
  const method = METHODS.find(({ id }) => id === 'fine-tune')!;
  const batches = cycle(randomBatches(5, 2, 8, config.vocabSize));
  const models = { student, teacher: null };
  const run = await openStage(stages[0]!, 0, method, models, batches, 1, { plan, precision });
  const results: number[][] = [];
  for (let step = 0; step < run.steps; step++) {
    const { values, release } = await trainStep(run, step, { task: languageModelling });
    results.push([...(await readTensor(values))]);
    release();
  }
  closeStage(run);
  disposeParams(student.params);
  return results;
}

test('a power of two as loss scale changes no bit of a step, and can be replayed', async () => {
  const plain = await steps('f32', 'off');
  expect(await steps('f16', 'off')).toEqual(plain);
  expect(await steps('f16', 'on')).toEqual(plain);
});

test('float16 is refused in one sentence where the device cannot compute in it', async () => {
  const student = { config, params: initialiseParams(config, 1) };
  const recipe = { ...trainingRecipe([{ method: 'fine-tune', steps: 1 }]), precision: 'f16' as const };
  const batches = () => cycle(randomBatches(1, 2, 8, config.vocabSize));
  await expect(runTraining({ recipe, batches, student })).rejects.toMatchObject({
    name: 'DeviceError',
    message: 'this device does not compute in float16',
    hint: 'Set the precision to f32.',
  });
  disposeParams(student.params);
});

test('what is measured in between is measured in float32', async () => {
  setVariants('hardware', { features: ['shader-f16'] });
  const leave = enterPrecision('f16', config);
  expect(computePrecision()).toBe('f16');
  expect(await inFloat32(() => Promise.resolve(computePrecision()))).toBe('f32');
  expect(computePrecision()).toBe('f16');
  leave();
  expect(computePrecision()).toBe('f32');
});
