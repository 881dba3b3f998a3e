/** Who is run with dropout, and which masks. */
import { beforeAll, expect, test } from 'vitest';
import * as tf from '@tensorflow/tfjs-core';
import { openDevice } from '../engine/device';
import { crossEntropy } from '../engine/ops/rowTerms';
import { tokenLoss } from '../engine/ops/tokenLoss';
import { installWasm } from '../engine/wasm.node';
import { fineTune } from '../methods/fineTune';
import { METHODS } from '../methods/index';
import { defineMethod, definePart, type Method, type Trained } from '../methods/method';
import type { ForwardOptions, Model } from '../model/gpt2';
import { disposeParams, initialiseParams } from '../model/params';
import { cycle, randomBatches, runTraining, trainingRecipe } from '../testing/training';
import { languageModelling, type Task } from './task';

beforeAll(async () => {
  await openDevice({ prefer: 'wasm', wasmPath: installWasm() });
});

const config = {
  nLayer: 1,
  nHead: 2,
  nEmbd: 8,
  nPositions: 8,
  vocabSize: 20,
  nInner: 16,
  activation: 'gelu_new',
  layerNormEpsilon: 1e-5,
} as const;

interface Pass {
  model: 'student' | 'teacher';
  dropout: { rate: number; seed: number; stream: number } | null;
  recompute: boolean;
}

/** Runs a stage of three steps and notes every forward pass. */
async function passesOf(stage: object, methods: readonly Method[] = METHODS, seed = 1) {
  const student: Model = { config, params: initialiseParams(config, 1) };
  const teacher: Model = { config, params: initialiseParams(config, 2, false) };
  const passes: Pass[] = [];
  const note = (model: Model, { dropout, recompute = false }: ForwardOptions) =>
    passes.push({
      model:
        model.params['wte.weight']!.value === teacher.params['wte.weight']!.value ? 'teacher' : 'student',
      dropout: dropout ? { ...dropout, seed: dropout.seed.dataSync()[0]! } : null,
      recompute,
    });
  const task: Task = {
    ...languageModelling,
    run: (model, tokens, options = {}) => {
      note(model, options);
      return languageModelling.run(model, tokens, options);
    },
  };
  const recipe = { ...trainingRecipe([{ steps: 3, ...stage }], { every: 0 }, methods), seed };
  const batches = () => cycle(randomBatches(5, 2, 8, config.vocabSize));
  const { steps } = await runTraining({ recipe, methods, task, batches, student, teacher });
  disposeParams(student.params);
  disposeParams(teacher.params);
  return { passes, losses: steps.map(({ loss }) => loss) };
}

const seedsOf = (passes: readonly Pass[]) => passes.flatMap(({ dropout }) => (dropout ? [dropout.seed] : []));

test('the student learns with dropout, the teacher never has any', async () => {
  const { passes } = await passesOf({ method: 'vanilla-kd', dropout: 0.1, recompute: true });
  expect(passes.map(({ model }) => model)).toEqual(Array(3).fill(['teacher', 'student']).flat());
  for (const { model, dropout, recompute } of passes) {
    if (model === 'teacher') expect(dropout).toBeNull();
    // The teacher runs off the tape, where there is nothing to keep.
    else expect([dropout!.rate, dropout!.stream, recompute]).toEqual([0.1, 0, true]);
  }
});

test('a stage has none unless it asks for it', async () => {
  const { passes } = await passesOf({ method: 'vanilla-kd' });
  expect(passes.every(({ dropout, recompute }) => dropout === null && !recompute)).toBe(true);
});

test('every micro-batch has a seed of its own, from the seed of the recipe alone', async () => {
  const stage = { method: 'fine-tune', dropout: 0.3, gradAccumSteps: 2 };
  const first = await passesOf(stage);
  expect(new Set(seedsOf(first.passes)).size).toBe(6);
  expect(await passesOf(stage)).toEqual(first);
  expect(seedsOf((await passesOf({ ...stage, gradAccumSteps: 1 })).passes)).toEqual(
    seedsOf(first.passes).slice(0, 3),
  );
  const other = await passesOf(stage, METHODS, 2);
  expect(seedsOf(other.passes).some((seed) => seedsOf(first.passes).includes(seed))).toBe(false);
});

test('passes of one micro-batch have different masks, and a student that does not learn has none', async () => {
  const twice = (id: string, trains: readonly Trained[]) =>
    defineMethod({
      ...fineTune,
      id,
      createExtra: () => ({}),
      parts: [
        definePart<'models'>({
          id: 'train',
          needs: ['models'],
          trains,
          loss: ({ student, models, tokens, targets }) => {
            models.teacher.run(tokens);
            const again = models.student.run(tokens);
            const terms = { hard: crossEntropy({ weight: 0.5 }) };
            const { total } = tokenLoss(student.logits, targets, terms);
            return { total: tf.add(total, tokenLoss(again.logits, targets, terms).total), terms: {} };
          },
        }),
      ],
    });
  const methods = [twice('learning', ['student']), twice('still', ['extra'])];
  const { passes } = await passesOf({ method: 'learning', steps: 1, dropout: 0.2 }, methods);
  const streams = passes.map(({ model, dropout }) => [model, dropout?.stream ?? null]);
  expect(new Set(streams.map(String)).size).toBe(3);
  expect(streams.filter(([, stream]) => stream === null)).toEqual([['teacher', null]]);
  expect(new Set(seedsOf(passes)).size).toBe(1);
});
