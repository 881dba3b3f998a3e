import { beforeAll, expect, test } from 'vitest';
import { openDevice, readTensor } from '../engine/device';
import { installWasm } from '../engine/wasm.node';
import { METHODS } from '../methods/index';
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

const newModel = (seed = 1, nLayer = 1, trainable = true): Model => ({
  config: { ...config, nLayer },
  params: initialiseParams({ ...config, nLayer }, seed, trainable),
});
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

/** Where the defaults would leave a part of a method out of eight steps. */
const SETTINGS: Record<string, object> = {
  'mate-kd': { warmupSteps: 2, generatorSteps: 1, studentSteps: 2, generatorRate: 1e-3 },
};

test.each(METHODS.map(({ id }) => id))(
  '%s between two other stages, accumulated, clipped, paused, stopped and gone on with: the same bits',
  async (method) => {
    const settings = SETTINGS[method];
    const own = stage({ method, settings, steps: 8, gradAccumSteps: 2, dropout: 0.1 });
    const recipe = trainingRecipe([
      stage({ steps: 2 }),
      { ...own, optimizer: { ...own.optimizer, gradClip: 0.05 } },
      stage({ steps: 2 }),
    ]);
    const teacher = newModel(2, 3, false);
    const whole = newModel(1, 2);
    const snapshots: TrainingSnapshot[] = [];
    const control = createControl();
    const uninterrupted = await runTraining({
      recipe,
      batches,
      student: whole,
      teacher,
      control,
      snapshotEvery: 1,
      onSnapshot: (snapshot) => Promise.resolve(void snapshots.push(structuredClone(snapshot))),
      onEvent: (event) => {
        if (event.type === 'step' && event.step % 4 === 0) void control.pause().then(() => control.resume());
      },
    });
    expect(uninterrupted.steps.map(({ stage: index }) => index).join('')).toBe('001111111122');
    const losses = uninterrupted.steps.map(({ loss, gradNorm }) => [loss, gradNorm]);
    // Before the stage, in each of its parts, and after it.
    for (const at of [2, 3, 5, 9, 11]) {
      const student = newModel(99, 2);
      const resume = snapshots.find(({ step }) => step === at)!;
      const resumed = await runTraining({ recipe, batches, student, teacher, resume });
      expect(resumed.steps.map(({ loss, gradNorm }) => [loss, gradNorm])).toEqual(losses.slice(at));
      expect(await weightsOf(student)).toEqual(await weightsOf(whole));
      disposeParams(student.params);
    }
    [whole, teacher].forEach(({ params }) => disposeParams(params));
  },
);
