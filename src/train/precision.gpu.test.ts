import { afterEach, expect, test } from 'vitest';
import { computePrecision, setComputePrecision, setVariants } from '../engine/variants';
import { METHODS } from '../methods/index';
import { disposeParams, initialiseParams } from '../model/params';
import { testDevice, useTestDevice } from '../testing/gpu';
import { readTensor } from '../engine/device';
import { cycle, randomBatches, runTraining, trainingRecipe } from '../testing/training';
import { enterPrecision, inFloat32 } from './precision';
import { restoreStage, restoreWeights, takeSnapshot } from './snapshot';
import { closeStage, openStage, type StageRun } from './stage';
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

/** A stage of a few steps; here every product is float32, so that only the loss scale differs. */
async function open(precision: 'f32' | 'f16', plan: 'on' | 'off') {
  const student = { config, params: initialiseParams(config, 1) };
  const { stages } = trainingRecipe([{ method: 'fine-tune', steps: 6, batchSize: 2, gradAccumSteps: 2 }]);
  const method = METHODS.find(({ id }) => id === 'fine-tune')!;
  const batches = cycle(randomBatches(5, 2, 8, config.vocabSize));
  const models = { student, teacher: null };
  return openStage(stages[0]!, 0, method, models, batches, 1, { plan, precision });
}

/** Losses and gradient norms of the steps from `first` to `end`. */
async function stepsOf(run: StageRun, first = 0, end = run.steps): Promise<number[][]> {
  const results: number[][] = [];
  for (let step = first; step < end; step++) {
    const { values, release } = await trainStep(run, step, { task: languageModelling });
    results.push([...(await readTensor(values))]);
    release();
  }
  return results;
}

function close(run: StageRun): void {
  closeStage(run);
  disposeParams(run.student.params);
}

async function steps(precision: 'f32' | 'f16', plan: 'on' | 'off') {
  const run = await open(precision, plan);
  const results = await stepsOf(run);
  close(run);
  return results;
}

test('a power of two as loss scale changes no bit of a step, and can be replayed', async () => {
  const plain = await steps('f32', 'off');
  expect(await steps('f16', 'off')).toEqual(plain);
  expect(await steps('f16', 'on')).toEqual(plain);
});

test('where the device has it, float16 arithmetic gives the losses of float32 but for its rounding', async () => {
  const { features } = (await testDevice()).info;
  if (!features.includes('shader-f16')) return console.log('skipped: this device has no shader-f16');
  const exact = await steps('f32', 'off');
  for (const kind of ['software', 'hardware'] as const) {
    setVariants(kind, { features });
    setComputePrecision('f16');
    const eager = await steps('f16', 'off');
    expect(await steps('f16', 'on')).toEqual(eager);
    for (const [step, values] of eager.entries()) {
      const [loss, known] = [values[0]!, exact[step]![0]!];
      expect(loss, `${kind}, step ${step}`).not.toBe(known);
      // An operand's rounding is 2^-11, of the logits too, which are small here.
      expect(Math.abs(loss - known) / known).toBeLessThan(1e-3);
    }
  }
});

test('a stage goes on from a snapshot with the loss scale that it had', async () => {
  const whole = await open('f16', 'on');
  await stepsOf(whole, 0, 3);
  // As after 1,999 good steps: the next one doubles the scale.
  whole.lossScale!.write([8, 1999]);
  const snapshot = structuredClone(await takeSnapshot(whole, 3, { step: 3, tokens: 0, timeMs: 0, loss: 0 }));
  const expected = await stepsOf(whole, 3);
  const resumed = await open('f16', 'on');
  restoreWeights(resumed.student.params, snapshot.student);
  restoreStage(resumed, snapshot);
  expect(await stepsOf(resumed, 3)).toEqual(expected);
  for (const { lossScale } of [whole, resumed])
    expect([...(await readTensor(lossScale!.state))]).toEqual([16, 2]);
  close(whole);
  close(resumed);
});

test('float16 is refused in one sentence where the device cannot compute in it', async () => {
  setVariants('software', { features: [] });
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
