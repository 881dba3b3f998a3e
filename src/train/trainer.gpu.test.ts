import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readTensor } from '../engine/device';
import { setVariants } from '../engine/variants';
import { perplexity } from '../eval/perplexity';
import { generate } from '../model/generate';
import { disposeParams, initialiseParams } from '../model/params';
import { useTestDevice } from '../testing/gpu';
import { tinyModel } from '../testing/tinyGpt2';
import { cycle, randomBatches, runTraining, trainingRecipe } from '../testing/training';
import { checkTrace, checkTraining } from '../testing/trainingChecks';

useTestDevice();

describe('software kernels', checkTraining);

describe('hardware kernels', () => {
  beforeAll(() => setVariants('hardware'));
  afterAll(() => setVariants('software'));
  // Their barriers make a software adapter slow: the trace that uses every kernel has to do.
  checkTrace('vanilla-kd');
});

test('a geometry that the kernels do not serve trains, is measured and generates with plain ops', async () => {
  const config = {
    nLayer: 1,
    nHead: 3,
    nEmbd: 6,
    nPositions: 8,
    vocabSize: 11,
    nInner: 10,
    activation: 'gelu' as const,
    layerNormEpsilon: 1e-5,
  };
  const student = { config, params: initialiseParams(config, 1) };
  const before = await readTensor(student.params['h.0.mlp.c_fc.weight']!.value);
  const optimizer = { learningRate: 0.01, warmupSteps: 0 };
  const { steps } = await runTraining({
    recipe: trainingRecipe([{ method: 'fine-tune', steps: 5, optimizer }]),
    batches: () => cycle(randomBatches(1, 2, 8, config.vocabSize)),
    student,
  });
  expect(steps[4]!.loss).toBeLessThan(steps[0]!.loss);
  expect(await readTensor(student.params['h.0.mlp.c_fc.weight']!.value)).not.toEqual(before);
  const ids = Array.from({ length: 20 }, (_, i) => i % 11);
  const measured = await perplexity(student.params, config, ids, { window: 8, stride: 8 });
  expect(measured.tokens).toBe(17);
  expect(Math.abs(measured.loss - Math.log(11))).toBeLessThan(0.2);
  const options = { maxNewTokens: 3, temperature: 0, topK: 0, seed: 1 };
  for await (const id of generate(student, [1, 2], options)) expect(id).toBeLessThan(11);
  disposeParams(student.params);
});

test('tensors, their bytes and the GPU memory behind them are the same from step 3 on', async () => {
  const student = tinyModel([0, 11]);
  const teacher = tinyModel([0, 4, 7, 11], { trainable: false });
  const memory: object[] = [];
  await runTraining({
    recipe: trainingRecipe([{ method: 'vanilla-kd', steps: 8, gradAccumSteps: 2 }]),
    batches: () => cycle(randomBatches(5, 2, 16, 512)),
    student,
    teacher,
    onEvent(event) {
      if (event.type !== 'step') return;
      const { numTensors, numBytes } = tf.memory();
      const { numBytesInGPU, numBytesAllocatedInGPU } = tf.backend().memory() as unknown as GpuMemory;
      memory.push({ numTensors, numBytes, numBytesInGPU, numBytesAllocatedInGPU });
    },
  });
  for (const later of memory.slice(3)) expect(later).toEqual(memory[2]);
  disposeParams(student.params);
  disposeParams(teacher.params);
});

interface GpuMemory {
  numBytesInGPU: number;
  numBytesAllocatedInGPU: number;
}
