import { beforeAll, expect, test } from 'vitest';
import { openDevice, readTensor } from '../engine/device';
import { installWasm } from '../engine/wasm.node';
import type { GPT2Config } from '../model/config';
import type { Model } from '../model/gpt2';
import { disposeParams, initialiseParams } from '../model/params';
import { cycle, randomBatches, runTraining, trainingRecipe } from '../testing/training';
import { createControl } from './control';
import type { TrainingSnapshot } from './snapshot';

beforeAll(async () => {
  await openDevice({ prefer: 'wasm', wasmPath: installWasm() });
});

const config: GPT2Config = {
  nLayer: 1,
  nHead: 2,
  nEmbd: 8,
  nPositions: 8,
  vocabSize: 20,
  nInner: 16,
  activation: 'gelu_new',
  layerNormEpsilon: 1e-5,
};

const newModel = (seed = 1): Model => ({ config, params: initialiseParams(config, seed) });
const batches = () => cycle(randomBatches(5, 2, 8, config.vocabSize));
const stage = (fields: object) => ({
  method: 'fine-tune',
  batchSize: 2,
  optimizer: { learningRate: 1e-2, warmupSteps: 0 },
  ...fields,
});

async function weightsOf({ params }: Model): Promise<number[]> {
  const values = await Promise.all(Object.values(params).map(({ value }) => readTensor(value)));
  return values.flatMap((tensor) => [...tensor]);
}

test('going on from a snapshot gives the same losses and weights, bit for bit', async () => {
  const recipe = trainingRecipe([stage({ steps: 4 }), stage({ steps: 6, gradAccumSteps: 2, dropout: 0.2 })]);
  const whole = newModel();
  const snapshots: TrainingSnapshot[] = [];
  const onSnapshot = (snapshot: TrainingSnapshot) =>
    Promise.resolve(void snapshots.push(structuredClone(snapshot)));
  const uninterrupted = await runTraining({
    recipe,
    batches,
    student: whole,
    snapshotEvery: 3,
    onSnapshot,
  });
  // Every three steps, and at the end of each stage.
  expect(snapshots.map(({ step }) => step)).toEqual([3, 4, 6, 9, 10]);
  for (const resume of snapshots) {
    const student = newModel(99);
    const resumed = await runTraining({ recipe, batches, student, resume });
    expect(resumed.steps.map(({ loss }) => loss)).toEqual(
      uninterrupted.steps.map(({ loss }) => loss).slice(resume.step),
    );
    expect(resumed.result).toMatchObject({ steps: 10, tokens: uninterrupted.result.tokens });
    expect(await weightsOf(student)).toEqual(await weightsOf(whole));
    disposeParams(student.params);
  }
  disposeParams(whole.params);
});

test('a run that is stopped leaves a snapshot of the step it stopped after', async () => {
  const student = newModel();
  const control = createControl();
  const taken: number[] = [];
  const { result } = await runTraining({
    recipe: trainingRecipe([stage({ steps: 50 })]),
    batches,
    student,
    control,
    snapshotEvery: 100,
    onEvent: (event) => {
      if (event.type === 'step' && event.step === 5) void control.stop();
    },
    onSnapshot: ({ step }) => Promise.resolve(void taken.push(step)),
  });
  expect(result).toMatchObject({ stopped: true });
  expect(taken).toEqual([result.steps]);
  expect(result.steps).toBeLessThan(8);
  disposeParams(student.params);
});
