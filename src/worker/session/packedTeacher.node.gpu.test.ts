import * as tf from '@tensorflow/tfjs-core';
import { afterEach, expect, test } from 'vitest';
import { readTensor } from '../../engine/device';
import { disposeTokens, uploadTokens } from '../../engine/ops/embedding';
import { denseLogits } from '../../engine/ops/tokenLoss';
import { perplexity } from '../../eval/perplexity';
import { openCheckpoint } from '../../io/checkpoint';
import { folderFileSet } from '../../io/source.node';
import { parseConfig } from '../../model/config';
import { forward, type Model } from '../../model/gpt2';
import { disposeParams, packable } from '../../model/params';
import { relativeError } from '../../testing/expectClose';
import { useTestDevice } from '../../testing/gpu';
import { tinyStudent } from '../../testing/tinyGpt2';
import { fixtureFolder } from '../../testing/tinyPlatform';
import { cycle, randomBatches, runTraining, trainingRecipe } from '../../testing/training';
import { allLayers } from './models';
import { createTask } from './task';
import { uploadedWeights, type Precision, type UploadedWeights } from './weights';

useTestDevice();

let opened: UploadedWeights[] = [];
afterEach(() => {
  opened.forEach((weights) => weights.dispose());
  opened = [];
});

/** The tiny teacher as a session has it. */
async function teacher(precision: Precision, folder = 'gpt2-tiny'): Promise<Model> {
  const checkpoint = await openCheckpoint(await folderFileSet(fixtureFolder(folder)));
  const config = parseConfig(checkpoint.config);
  const weights = uploadedWeights(checkpoint, config);
  opened.push(weights);
  const task = createTask(1, new AbortController().signal, () => undefined);
  return weights.view(allLayers(config), task, precision);
}

const bytesUsed = () =>
  (tf.backend() as unknown as { bufferManager: { numBytesUsed: number } }).bufferManager.numBytesUsed;

const ids = randomBatches(1, 2, 32, 512)[0]!.ids;

async function logitsOf({ params, config }: Model): Promise<Float32Array> {
  const tokens = uploadTokens(ids, 2, 32, config.vocabSize);
  const logits = tf.tidy(() => denseLogits(forward(params, config, tokens).logits));
  const values = await readTensor(logits);
  logits.dispose();
  disposeTokens(tokens);
  return values;
}

test('a packed teacher takes half the bytes, and its logits stay within 1e-2 of the largest', async () => {
  const start = bytesUsed();
  const exact = await teacher('f32');
  const full = bytesUsed() - start;
  const packed = await teacher('f16');
  const half = bytesUsed() - start - full;
  const sizes = Object.values(exact.params).map(({ name, size }) => ({ name, size }));
  const kept = sizes.filter(({ name }) => !packable(name)).reduce((sum, { size }) => sum + 4 * size, 0);
  expect(half).toBe((full + kept) / 2);
  const error = relativeError(await logitsOf(packed), await logitsOf(exact));
  expect(error).toBeGreaterThan(0);
  expect(error).toBeLessThan(1e-2);
});

test('a checkpoint that is stored in float16 loses nothing', async () => {
  const [exact, packed] = [await teacher('f32', 'gpt2-tiny-f16'), await teacher('f16', 'gpt2-tiny-f16')];
  expect(relativeError(await logitsOf(packed), await logitsOf(exact))).toBeLessThan(1e-6);
});

test('a packed teacher can be measured', async () => {
  const { params, config } = await teacher('f16');
  const exact = await teacher('f32');
  const options = { window: 32, stride: 32 };
  const report = await perplexity(params, config, ids, options);
  const expected = await perplexity(exact.params, exact.config, ids, options);
  expect(Math.abs(report.loss / expected.loss - 1)).toBeLessThan(1e-3);
});

test('gradients pass through a packed model to its input embeddings', async () => {
  const gradients = [];
  for (const { params, config } of [await teacher('f16'), await teacher('f32')]) {
    const tokens = uploadTokens(ids, 2, 32, config.vocabSize);
    const input = tf.tensor2d(
      Float32Array.from({ length: 64 * 32 }, (_, i) => Math.sin(i)),
      [64, 32],
    );
    const grad = tf.grad((x: tf.Tensor) => {
      const { logits } = forward(params, config, tokens, { inputEmbeddings: x as tf.Tensor2D });
      return tf.mean(tf.square(denseLogits(logits)));
    })(input);
    gradients.push(await readTensor(grad));
    tf.dispose([grad, input]);
    disposeTokens(tokens);
  }
  expect(relativeError(gradients[0]!, gradients[1]!)).toBeLessThan(1e-2);
});

test('distilling from a packed teacher gives nearly the same losses', async () => {
  const losses = [];
  for (const precision of ['f32', 'f16'] as const) {
    const student = tinyStudent();
    const { steps } = await runTraining({
      recipe: trainingRecipe([{ method: 'vanilla-kd', steps: 5, batchSize: 2 }]),
      batches: () => cycle(randomBatches(3, 2, 16, 512)),
      student,
      teacher: await teacher(precision),
    });
    losses.push(steps.map(({ loss }) => loss));
    disposeParams(student.params);
  }
  const [exact, packed] = losses as [number[], number[]];
  expect(packed).toHaveLength(5);
  expect(packed).not.toEqual(exact);
  packed.forEach((loss, i) => expect(Math.abs(loss / exact[i]! - 1)).toBeLessThan(1e-3));
});
