/** Traced and replayed, a run gives the same bits as one that runs op by op. */
import { expect, test, vi } from 'vitest';
import * as tf from '@tensorflow/tfjs-core';
import { webgpuBackend } from '../engine/dispatch';
import { setVariants } from '../engine/variants';
import { METHODS } from '../methods/index';
import type { Part } from '../methods/method';
import type { Model } from '../model/gpt2';
import { disposeParams, initialiseParams } from '../model/params';
import { useTestDevice } from '../testing/gpu';
import { cycle, randomBatches, runTraining, trainingRecipe } from '../testing/training';

useTestDevice();

const config = {
  nHead: 2,
  nEmbd: 16,
  nPositions: 8,
  vocabSize: 37,
  nInner: 32,
  activation: 'gelu_new',
  layerNormEpsilon: 1e-5,
} as const;

const newModel = (seed: number, nLayer: number, trainable = true): Model => ({
  config: { ...config, nLayer },
  params: initialiseParams({ ...config, nLayer }, seed, trainable),
});

async function lossesOf(plan: 'on' | 'off', stage: object) {
  const student = newModel(1, 2);
  const teacher = newModel(2, 3, false);
  const recipe = { ...trainingRecipe([{ batchSize: 2, ...stage }]), plan };
  const batches = () => cycle(randomBatches(7, 2, 8, config.vocabSize));
  const { steps, events } = await runTraining({ recipe, batches, student, teacher });
  disposeParams(student.params);
  disposeParams(teacher.params);
  expect(events.filter(({ type }) => type === 'eager')).toEqual([]);
  expect(events.some(({ type }) => type === 'compiling')).toBe(plan === 'on');
  return steps.map(({ loss, terms, gradNorm, learningRate }) => ({ loss, terms, gradNorm, learningRate }));
}

/** Runs a stage both ways; the loss falls too, so that equal is not equally idle. */
async function checkEqual(stage: object): Promise<void> {
  const eager = await lossesOf('off', stage);
  expect(await lossesOf('on', stage)).toEqual(eager);
  // Phases with different terms are no measure for each other.
  const last = eager.at(-1)!;
  const terms = Object.keys(last.terms).join();
  const first = eager.find((step) => Object.keys(step.terms).join() === terms)!;
  expect(last.loss).toBeLessThan(first.loss);
}

/** Where the defaults would leave 50 steps without a change of parts. */
const SETTINGS: Record<string, object> = {
  'mate-kd': { warmupSteps: 5, generatorSteps: 2, studentSteps: 8, sample: 'straight-through' },
};

test.each(METHODS.map(({ id }) => id))('%s: 50 steps, the same bits', async (method) => {
  await checkEqual({ method, steps: 50, settings: SETTINGS[method] });
});

// Few steps: they have to be large ones.
const FAST = { learningRate: 1e-2, warmupSteps: 2 };

const STAGES = {
  'clipped hard, cosine schedule': { optimizer: { ...FAST, schedule: 'cosine', gradClip: 0.1 } },
  'not clipped, updates while the backward pass runs': { optimizer: { ...FAST, gradClip: 0 } },
  'two micro-batches': { gradAccumSteps: 2, optimizer: FAST },
  'dropout and recompute': { dropout: 0.1, recompute: true, optimizer: FAST },
  'three micro-batches': { gradAccumSteps: 3, optimizer: { ...FAST, gradClip: 0 } },
};

test.each(Object.entries(STAGES))('%s: the same bits', async (_, stage) => {
  await checkEqual({ method: 'vanilla-kd', steps: 12, ...stage });
});

test('each kind of step of MATE-KD is a plan of its own, traced once however often they alternate', async () => {
  const mate = METHODS.find(({ id }) => id === 'mate-kd')!;
  const traced: string[] = [];
  const parts = mate.parts.map((part): Part => ({
    ...part,
    loss(inputs, settings) {
      traced.push(part.id);
      return part.loss(inputs, settings);
    },
  }));
  const settings = { warmupSteps: 2, generatorSteps: 1, studentSteps: 2 };
  const [student, teacher] = [newModel(1, 2), newModel(2, 3, false)];
  const { steps } = await runTraining({
    recipe: trainingRecipe([{ method: 'mate-kd', steps: 14, batchSize: 2, settings }]),
    methods: [{ ...mate, parts }],
    batches: () => cycle(randomBatches(7, 2, 8, config.vocabSize)),
    student,
    teacher,
  });
  expect(steps.filter(({ terms }) => 'generator' in terms)).toHaveLength(4);
  expect(traced).toEqual(['warm-up', 'maximise', 'minimise']);
  disposeParams(student.params);
  disposeParams(teacher.params);
});

test('on the kernels for real GPUs: the same bits', async () => {
  setVariants('hardware');
  try {
    const stage = { method: 'vanilla-kd', steps: 5, optimizer: { ...FAST, gradClip: 0 } };
    expect(await lossesOf('on', stage)).toEqual(await lossesOf('off', stage));
  } finally {
    setVariants('software');
  }
});

test('a schedule of learning rate and temperature compiles nothing after the first step', async () => {
  const { device } = webgpuBackend();
  const compiled: number[] = [];
  const spies = (['createComputePipeline', 'createComputePipelineAsync', 'createShaderModule'] as const).map(
    (name) => vi.spyOn(device, name),
  );
  const [student, teacher] = [newModel(1, 2), newModel(2, 3, false)];
  await runTraining({
    recipe: trainingRecipe([{ method: 'annealing-kd', steps: 12, batchSize: 2, settings: { share: 1 } }]),
    batches: () => cycle(randomBatches(3, 2, 8, config.vocabSize)),
    student,
    teacher,
    onEvent: ({ type }) => {
      if (type === 'step') compiled.push(spies.reduce((sum, { mock }) => sum + mock.calls.length, 0));
    },
  });
  vi.restoreAllMocks();
  expect(new Set(compiled).size).toBe(1);
  disposeParams(student.params);
  disposeParams(teacher.params);
});

test('a thousand replayed steps leave tensors and bytes as they were', async () => {
  const student = newModel(1, 2);
  const recipe = trainingRecipe([{ method: 'fine-tune', steps: 1000, batchSize: 2 }]);
  const seen: string[] = [];
  await runTraining({
    recipe,
    student,
    batches: () => cycle(randomBatches(3, 2, 8, config.vocabSize)),
    reportEvery: 100,
    onEvent: (event) => {
      if (event.type !== 'step') return;
      const { numTensors, numBytes } = tf.memory();
      const { numBytesInGPU } = (tf.backend() as unknown as { memory(): { numBytesInGPU: number } }).memory();
      seen.push(`${numTensors} ${numBytes} ${numBytesInGPU}`);
    },
  });
  expect(new Set(seen.slice(1)).size).toBe(1);
  disposeParams(student.params);
});
