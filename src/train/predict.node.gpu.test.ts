/** What is predicted is what is then allocated, within 5 %. */
import { describe, expect, test } from 'vitest';
import { webgpuBackend } from '../engine/dispatch';
import { releaseIdleBuffers } from '../engine/idle';
import { createPlanCache } from '../engine/plan/cache';
import { rowBatches } from '../data/rowBatches';
import { rowLogits } from '../eval/classify';
import { perplexity } from '../eval/perplexity';
import { METHODS } from '../methods/index';
import type { GPT2Config } from '../model/config';
import type { Model } from '../model/gpt2';
import { withHead } from '../model/heads';
import { disposeParams, initialiseParams } from '../model/params';
import { withRowLength } from '../recipe/data';
import { useTestDevice } from '../testing/gpu';
import { cycle, randomBatches, runTraining, trainingRecipe } from '../testing/training';
import { classification } from './classification';
import { sumOf } from './memoryParts';
import { learnsFromTeacher, predictRun } from './predict';
import { languageModelling } from './task';

useTestDevice();

/** The bundled teacher's width and vocabulary. */
const DEMO = {
  nLayer: 12,
  nHead: 6,
  nEmbd: 96,
  nPositions: 128,
  vocabSize: 2048,
  nInner: 384,
  activation: 'gelu_new',
  layerNormEpsilon: 1e-5,
} as const;

/** Counts the bytes of the device's buffers from here on, those destroyed taken off. */
function watchBuffers() {
  const { device } = webgpuBackend();
  const createBuffer = device.createBuffer.bind(device);
  let bytes = 0;
  let peak = 0;
  device.createBuffer = (descriptor) => {
    const buffer = createBuffer(descriptor);
    const destroy = buffer.destroy.bind(buffer);
    let alive = true;
    bytes += descriptor.size;
    peak = Math.max(peak, bytes);
    buffer.destroy = () => {
      if (alive) bytes -= descriptor.size;
      alive = false;
      return destroy();
    };
    return buffer;
  };
  return { peak: () => peak, stop: () => void (device.createBuffer = createBuffer) };
}

const SETUPS = {
  'fine-tuning': { keep: 3, length: 64, stage: { method: 'fine-tune', batchSize: 4 } },
  'fine-tuning, not clipped': {
    keep: 3,
    length: 64,
    stage: { method: 'fine-tune', batchSize: 4, optimizer: { gradClip: 0 } },
  },
  distilling: { keep: 2, length: 128, stage: { method: 'vanilla-kd', batchSize: 2 } },
  'distilling in two micro-batches': {
    keep: 2,
    length: 32,
    stage: { method: 'vanilla-kd', batchSize: 2, gradAccumSteps: 2 },
  },
  'distilling with recompute': {
    keep: 3,
    length: 128,
    stage: { method: 'vanilla-kd', batchSize: 2, recompute: true },
  },
  'training a generator and the student in turn': {
    keep: 2,
    length: 32,
    stage: {
      method: 'mate-kd',
      steps: 4,
      batchSize: 2,
      settings: { warmupSteps: 1, generatorSteps: 1, studentSteps: 2 },
    },
  },
  'fine-tuning in three micro-batches': {
    keep: 2,
    length: 64,
    stage: { method: 'fine-tune', batchSize: 2, gradAccumSteps: 3 },
  },
};

describe.each(Object.entries(SETUPS))('%s', (_, { keep, length, stage }) => {
  test('the predicted peak is the allocated one, within 5 %', async () => {
    const recipe = trainingRecipe([{ steps: 2, ...stage }], { every: 0, window: length, stride: length });
    recipe.data = withRowLength(recipe.data, length);
    const config = { ...DEMO, nLayer: keep };
    const teacherConfig = learnsFromTeacher(recipe, METHODS) ? { ...DEMO, nLayer: 4 } : null;
    const before = webgpuBackend() as unknown as { bufferManager: { numBytesAllocated: number } };
    const allocated = before.bufferManager.numBytesAllocated;
    const predicted = predictRun({
      recipe,
      methods: METHODS,
      student: config,
      teacher: teacherConfig,
    });
    expect(before.bufferManager.numBytesAllocated).toBe(allocated);

    releaseIdleBuffers();
    const watch = watchBuffers();
    const student: Model = { config, params: initialiseParams(config, 1) };
    const teacher = teacherConfig && {
      config: teacherConfig,
      params: initialiseParams(teacherConfig, 2, false),
    };
    const plans = createPlanCache();
    const ids = new Int32Array(8 * length + 1);
    await runTraining({
      recipe,
      student,
      teacher,
      batches: () => cycle(randomBatches(4, recipe.stages[0]!.batchSize, length, DEMO.vocabSize)),
      evaluate: async () => {
        await perplexity(student.params, config, ids, { window: length, stride: length, plans });
      },
    });
    plans.dispose();
    watch.stop();
    disposeParams(student.params);
    if (teacher) disposeParams(teacher.params);
    expect(sumOf(predicted.parts)).toBe(predicted.bytes);
    expect(Math.abs(predicted.bytes / watch.peak() - 1)).toBeLessThanOrEqual(0.05);
  });
});

const CLASSES = { labels: ['a', 'b', 'c'], padTokenId: 0 };
const rows = Array.from({ length: 32 }, (_, i) => ({
  ids: Int32Array.from({ length: 64 }, (_, t) => 1 + ((i * 7 + t) % 100)),
  label: i % 3,
}));

test('a stage of a task behind one of text: what is predicted is what its steps take, within 5 %', async () => {
  const task = { kind: 'task', task: 'wordnet/same-sense', maxLength: 64 };
  const stages = [
    { method: 'fine-tune', steps: 2, batchSize: 2 },
    { method: 'vanilla-kd', steps: 2, batchSize: 8, data: task },
  ];
  const recipe = trainingRecipe(stages, { every: 0, window: 32, stride: 32 });
  recipe.data = withRowLength(recipe.data, 32);
  const [config, teacherConfig] = [
    { ...DEMO, nLayer: 3 },
    { ...DEMO, nLayer: 4 },
  ];
  const predicted = predictRun({
    ...{ recipe, methods: METHODS, classifier: CLASSES },
    ...{ student: config, teacher: teacherConfig },
  });
  expect(predicted.stages.map(({ bytes }) => bytes)).toEqual([expect.any(Number), predicted.bytes]);

  releaseIdleBuffers();
  const watch = watchBuffers();
  const text: Model = { config, params: initialiseParams(config, 1) };
  const teacher = withHead(
    { config: teacherConfig, params: initialiseParams(teacherConfig, 2, false) },
    CLASSES,
    2,
    false,
  );
  let student = text;
  const plans = createPlanCache();
  await runTraining({
    ...{ recipe, student: text },
    batches: () => cycle([]),
    lesson(stage, index) {
      const { batchSize } = stage;
      if (index === 0) {
        const batches = cycle(randomBatches(4, batchSize, 32, DEMO.vocabSize));
        return { student, teacher: null, task: languageModelling, batches };
      }
      student = withHead(text, CLASSES, 1);
      const batches = rowBatches(rows, { batchSize, maxLength: 64, padTokenId: 0, seed: 1 });
      return { student, teacher, task: classification, batches };
    },
    evaluate: async () => {
      if (student === text)
        await perplexity(text.params, config, new Int32Array(257), { window: 32, stride: 32, plans });
      else await rowLogits(student, rows, { plans });
    },
  });
  plans.dispose();
  watch.stop();
  disposeParams(student.params);
  disposeParams(teacher.params);
  expect(Math.abs(predicted.bytes / watch.peak() - 1)).toBeLessThanOrEqual(0.05);
});

/** Sizes at which the logits of all 1,024 tokens would be by far the largest thing: 256 MiB. */
const WIDE = { ...DEMO, nHead: 2, nEmbd: 32, nInner: 64, vocabSize: 2 ** 16 };
const CHUNK = 32 * 2 ** 20;

test.each(METHODS.map(({ id }) => id))('%s never holds the logits of all tokens', (method) => {
  const settings = method === 'mate-kd' ? { studentSteps: 5 } : {};
  const recipe = trainingRecipe([{ method, settings, steps: 40, batchSize: 1024 / 128 }]);
  const [student, teacher] = [2, 4].map((nLayer) => ({ ...WIDE, nLayer })) as [GPT2Config, GPT2Config];
  const { stages } = predictRun({ recipe, methods: METHODS, student, teacher });
  expect(recipe.stages[0]!.logitsMegabytes * 2 ** 20).toBe(CHUNK);
  expect(stages[0]!.largestBytes).toBeLessThanOrEqual(CHUNK);
});
