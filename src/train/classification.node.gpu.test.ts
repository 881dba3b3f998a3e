/** A classifier traced and replayed gives the same bits as one that runs op by op, whatever the lengths of its rows. */
import { expect, test } from 'vitest';
import type { EncodedRow } from '../data/examples';
import { rowBatches } from '../data/rowBatches';
import { createPlanCache } from '../engine/plan/cache';
import { rowLogits } from '../eval/classify';
import { METHODS } from '../methods/index';
import type { Model } from '../model/gpt2';
import { withHead } from '../model/heads';
import { disposeParams, initialiseParams } from '../model/params';
import { randomStream } from '../random';
import { useTestDevice } from '../testing/gpu';
import { runTraining, trainingRecipe } from '../testing/training';
import { classification } from './classification';

useTestDevice();

const config = {
  nLayer: 2,
  nHead: 2,
  nEmbd: 16,
  nPositions: 20,
  vocabSize: 37,
  nInner: 32,
  activation: 'gelu_new',
  layerNormEpsilon: 1e-5,
} as const;

/** Three classes, an odd number for kernels that read four at a time. */
const newModel = (seed: number, trainable = true): Model =>
  withHead(
    { config, params: initialiseParams(config, seed, trainable) },
    { labels: ['a', 'b', 'c'], padTokenId: 36 },
    seed,
    trainable,
  );

const random = randomStream(3, 'test rows');
/** The class is that of the last token; two lengths of batches: 16 and 20. */
const rows: EncodedRow[] = Array.from({ length: 23 }, () => {
  const ids = Int32Array.from({ length: 1 + random.below(18) }, () => random.below(36));
  return { ids, label: ids.at(-1)! % 3 };
});

async function lossesOf(
  plan: 'on' | 'off',
  stage: { method: string; steps: number; [name: string]: unknown },
) {
  const student = newModel(1);
  const teacher = newModel(2, false);
  const recipe = {
    ...trainingRecipe([{ batchSize: 4, optimizer: { learningRate: 1e-2, warmupSteps: 2 }, ...stage }]),
    plan,
  };
  const lengths = new Set<number>();
  const { steps, events } = await runTraining({
    recipe,
    student,
    teacher,
    task: classification,
    batches: () => {
      const iterator = rowBatches(rows, { batchSize: 4, maxLength: 20, padTokenId: 36, seed: 1 });
      const next = iterator.next.bind(iterator);
      iterator.next = () => {
        const batch = next();
        lengths.add(batch.length);
        return batch;
      };
      return iterator;
    },
  });
  disposeParams(student.params);
  disposeParams(teacher.params);
  expect(events.filter(({ type }) => type === 'eager')).toEqual([]);
  expect([...lengths].sort()).toEqual([16, 20]);
  return steps.map(({ loss, terms, gradNorm, learningRate }) => ({ loss, terms, gradNorm, learningRate }));
}

test.each(METHODS.map(({ id }) => id))('%s: 50 steps, the same bits', async (method) => {
  const eager = await lossesOf('off', { method, steps: 50 });
  expect(await lossesOf('on', { method, steps: 50 })).toEqual(eager);
});

test('two micro-batches of different lengths: the same bits', async () => {
  const stage = { method: 'fine-tune', steps: 12, gradAccumSteps: 2 };
  expect(await lossesOf('on', stage)).toEqual(await lossesOf('off', stage));
});

test('a replayed evaluation gives the logits of an eager one, bit for bit', async () => {
  const model = newModel(4, false);
  const plans = createPlanCache({ plan: 'on' });
  const eager = await rowLogits(model, rows, { batchSize: 4, plans: createPlanCache({ plan: 'off' }) });
  const traced = await rowLogits(model, rows, { batchSize: 4, plans });
  expect(await rowLogits(model, rows, { batchSize: 4, plans })).toEqual(traced);
  expect(traced).toEqual(eager);
  plans.dispose();
  disposeParams(model.params);
});
