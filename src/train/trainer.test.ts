import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { openDevice, readTensor } from '../engine/device';
import { crossEntropy, klDivergence } from '../engine/ops/rowTerms';
import { tokenLoss } from '../engine/ops/tokenLoss';
import { createParameter, writeParameter } from '../engine/parameter';
import { RecipeError, TrainingError } from '../errors';
import { METHODS } from '../methods/index';
import { defineMethod, definePart, type Method } from '../methods/method';
import type { GPT2Config } from '../model/config';
import type { Model } from '../model/gpt2';
import { disposeParams, initialiseParams } from '../model/params';
import { installWasm } from '../engine/wasm.node';
import { cycle, randomBatches, runTraining, trainingRecipe } from '../testing/training';
import { checkTraining } from '../testing/trainingChecks';
import { createControl } from './control';

beforeAll(async () => {
  await openDevice({ prefer: 'wasm', wasmPath: installWasm() });
});

describe('training on the reference path', checkTraining);

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

const newModel = (seed = 1, trainable = true): Model => ({
  config,
  params: initialiseParams(config, seed, trainable),
});

const batches = () => cycle(randomBatches(5, 2, 8, config.vocabSize));
const optimizer = { learningRate: 1e-2, warmupSteps: 0 };
const stage = (fields: object) => ({ method: 'fine-tune', steps: 6, batchSize: 2, optimizer, ...fields });

async function weightsOf({ params }: Model): Promise<number[]> {
  const values = await Promise.all(Object.values(params).map(({ value }) => readTensor(value)));
  return values.flatMap((tensor) => [...tensor]);
}

describe('the loop', () => {
  test('a stage in epochs takes its batches as often, whole batches only', async () => {
    const student = newModel();
    const recipe = trainingRecipe([stage({ steps: undefined, epochs: 3, gradAccumSteps: 2 })]);
    const { steps, result } = await runTraining({ recipe, batches, student });
    expect(result).toMatchObject({ steps: 8, stopped: false, tokens: 8 * 2 * 2 * 8 });
    expect(steps.map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    disposeParams(student.params);
  });

  test('the same batch again and again is learnt', async () => {
    const student = newModel();
    const same = () => cycle(randomBatches(1, 2, 8, config.vocabSize));
    const { steps } = await runTraining({ recipe: trainingRecipe([stage({})]), batches: same, student });
    for (let i = 1; i < steps.length; i++) expect(steps[i]!.loss).toBeLessThan(steps[i - 1]!.loss);
    disposeParams(student.params);
  });

  test('stages follow each other, each with its own method, learning rate and count of steps', async () => {
    const student = newModel();
    const teacher = newModel(2, false);
    const recipe = trainingRecipe([
      stage({ steps: 2 }),
      stage({ method: 'vanilla-kd', steps: 2, optimizer: { learningRate: 1e-3, warmupSteps: 1 } }),
    ]);
    const { steps } = await runTraining({ recipe, batches, student, teacher });
    expect(steps.map(({ stage, step, learningRate }) => [stage, step, learningRate])).toEqual([
      [0, 1, 1e-2],
      [0, 2, 5e-3],
      [1, 3, 0],
      [1, 4, 1e-3],
    ]);
    expect(Object.keys(steps[3]!.terms)).toEqual(['hard', 'soft']);
    const { hard, soft } = steps[3]!.terms;
    expect(hard! + soft!).toBeCloseTo(steps[3]!.loss, 5);
    disposeParams(student.params);
    disposeParams(teacher.params);
  });

  test('a method that needs a teacher is refused without one', async () => {
    const student = newModel();
    const run = runTraining({ recipe: trainingRecipe([stage({ method: 'vanilla-kd' })]), batches, student });
    await expect(run).rejects.toThrow(RecipeError);
    await expect(run).rejects.toThrow('stages.0: Vanilla KD needs a teacher, and none is loaded');
    disposeParams(student.params);
  });

  test('the student is measured before, every m steps and at the end, once each', async () => {
    const student = newModel();
    const measured: number[] = [];
    const evaluate = ({ step }: { step: number }) => Promise.resolve(void measured.push(step));
    await runTraining({ recipe: trainingRecipe([stage({})], { every: 3 }), batches, student, evaluate });
    expect(measured).toEqual([0, 3, 6]);
    disposeParams(student.params);
  });

  test('a run leaves no tensor behind, and its memory is the same from step 3 on', async () => {
    const student = newModel();
    const before = tf.memory().numTensors;
    const bytes: number[] = [];
    const recipe = trainingRecipe([stage({ steps: 8, gradAccumSteps: 2 })]);
    const onEvent = () => void bytes.push(tf.memory().numBytes);
    await runTraining({ recipe, batches, student, onEvent });
    expect(new Set(bytes.slice(3)).size).toBe(1);
    // The tape's anchor is made on first use and stays.
    expect(tf.memory().numTensors - before).toBeLessThanOrEqual(1);
    disposeParams(student.params);
  });

  test('a method that leaks a tensor a step is caught at the third step', async () => {
    const leaky: Method = defineMethod({
      ...(METHODS.find(({ id }) => id === 'fine-tune') as Method),
      id: 'leaky',
      label: 'Leaky',
      parts: [
        definePart({
          id: 'train',
          needs: [],
          loss: ({ student, targets }) => {
            tf.keep(tf.scalar(1));
            return tokenLoss(student.logits, targets, { hard: crossEntropy({ weight: 1 }) });
          },
        }),
      ],
    });
    const student = newModel();
    const methods = [leaky];
    const recipe = trainingRecipe([stage({ method: 'leaky' })], { every: 0 }, methods);
    const run = runTraining({ recipe, methods, batches, student });
    await expect(run).rejects.toThrow('step 3 of Leaky left 1 tensors and 4 bytes behind');
    disposeParams(student.params);
  });
});

test('without being told how often, a run reports its first and last step, and none twice', async () => {
  const student = newModel();
  const recipe = trainingRecipe([stage({ steps: 40 })]);
  const { steps } = await runTraining({ recipe, batches, student, reportEvery: undefined });
  const reported = steps.map(({ step }) => step);
  expect(reported[0]).toBe(1);
  expect(reported.at(-1)).toBe(40);
  expect(new Set(reported).size).toBe(reported.length);
  // Such a small model takes a few milliseconds a step; a report is due about every 100.
  expect(reported.length).toBeLessThan(40);
  disposeParams(student.params);
});

describe('the buttons', () => {
  /** Starts a long run and calls `onStep` after each reported step. */
  function start(onStep: (step: number) => void) {
    const student = newModel();
    const control = createControl();
    const recipe = trainingRecipe([stage({ steps: 500 })]);
    const seen: number[] = [];
    const measured: number[] = [];
    const run = runTraining({
      recipe,
      batches,
      student,
      control,
      evaluate: ({ step }) => Promise.resolve(void measured.push(step)),
      onEvent(event) {
        if (event.type !== 'step') return;
        seen.push(event.step);
        onStep(event.step);
      },
    }).finally(() => disposeParams(student.params));
    return { run, control, seen, measured };
  }

  test('pause is answered within one step and holds; resume goes on; stop is answered within one step', async () => {
    let paused: Promise<void> | undefined;
    const { run, control, seen } = start((step) => {
      if (step === 3) paused = control.pause();
    });
    while (!paused) await new Promise((resolve) => setTimeout(resolve, 5));
    await paused;
    expect(seen).toEqual([1, 2, 3]);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(seen).toEqual([1, 2, 3]);
    await control.stepOnce();
    expect(seen).toEqual([1, 2, 3, 4]);
    control.resume();
    await new Promise((resolve) => setTimeout(resolve, 20));
    await control.stop();
    const last = seen.at(-1)!;
    const { result } = await run;
    expect(result).toMatchObject({ stopped: true, steps: last });
    expect(seen.at(-1)).toBe(last);
  });

  test('evaluate now measures the student as it is and goes on', async () => {
    let ask!: (answered: Promise<void>) => void;
    const asked = new Promise<void>((resolve) => (ask = resolve));
    const { run, control, seen, measured } = start((step) => {
      if (step === 2) ask(control.evaluateNow());
    });
    await asked;
    expect(measured).toEqual([0, 2]);
    expect(seen.at(-1)).toBeLessThanOrEqual(3);
    await control.stop();
    await run;
  });
});

describe('a breakdown', () => {
  test('a loss that is not a number stops the run and puts the last good weights back', async () => {
    const student = newModel();
    const before = await weightsOf(student);
    const recipe = trainingRecipe([stage({ steps: 20, optimizer: { ...optimizer, learningRate: 1 } })]);
    const poison = batches();
    const given = {
      ...poison,
      next: () => {
        const poisoned = new Float32Array(config.nEmbd).fill(NaN);
        if (poison.position.index === 3) writeParameter(student.params['ln_f.weight']!, poisoned);
        return poison.next();
      },
    };
    const run = runTraining({ recipe, batches: () => given, student });
    await expect(run).rejects.toThrow(TrainingError);
    await expect(run).rejects.toThrow(
      /^Loss became not a number at step 4 \(learning rate 0\.\d+\)\. Back to the weights from before training\.$/,
    );
    await expect(run).rejects.toMatchObject({ hint: 'Try a learning rate of 0.2 instead of 1.' });
    expect(await weightsOf(student)).toEqual(before);
    disposeParams(student.params);
  });

  test('a loss of exactly zero stops the run', async () => {
    const student = newModel();
    const nothing = randomBatches(1, 2, 8, config.vocabSize);
    nothing[0]!.labels.fill(-100);
    const run = runTraining({ recipe: trainingRecipe([stage({})]), batches: () => cycle(nothing), student });
    await expect(run).rejects.toThrow(
      'Loss became exactly 0 at step 1. Back to the weights from before training.',
    );
    disposeParams(student.params);
  });
});

describe('methods with several parts', () => {
  const description = {
    label: 'Test',
    summary: '',
    paper: { label: '', url: '' },
    formula: '',
    where: '',
    terms: [{ id: 'hard', label: 'hard' }],
    settings: {},
  };

  test('self-distillation: a copy of the student learns first, then teaches it; the student starts unchanged', async () => {
    const selfKd = defineMethod({
      ...description,
      id: 'self',
      partAt: (step, steps) => {
        const first = Math.floor(steps / 2);
        if (step < first) return { part: 0, step, steps: first };
        return { part: 1, step: step - first, steps: steps - first };
      },
      parts: [
        definePart({
          id: 'copy learns',
          needs: [],
          trains: ['copy'],
          loss: ({ student, targets }) =>
            tokenLoss(student.logits, targets, { hard: crossEntropy({ weight: 1 }) }),
        }),
        definePart({
          id: 'copy teaches',
          needs: ['teacherOutput'],
          teacher: 'copy',
          loss: ({ student, teacher, targets }) =>
            tokenLoss(student.logits, targets, {
              soft: klDivergence({ teacher: teacher.logits, temperature: 1, weight: 1 }),
            }),
        }),
      ],
    });
    const student = newModel();
    const before = await weightsOf(student);
    let changedEarly: boolean | undefined;
    const given = () => cycle(randomBatches(1, 2, 8, config.vocabSize));
    const recipe = trainingRecipe([stage({ method: 'self', steps: 8 })], { every: 4 }, [selfKd]);
    const evaluate = async ({ step }: { step: number }) => {
      if (step === 4) changedEarly = JSON.stringify(await weightsOf(student)) !== JSON.stringify(before);
    };
    const { steps } = await runTraining({
      recipe,
      methods: [selfKd],
      batches: given,
      student,
      evaluate,
    });
    expect(changedEarly).toBe(false);
    expect(steps.map(({ part }) => part)).toEqual([
      ...Array<string>(4).fill('copy learns'),
      ...Array<string>(4).fill('copy teaches'),
    ]);
    expect(steps[3]!.loss).toBeLessThan(steps[0]!.loss);
    // The copy has moved away from the student, so there is something to learn; and it is learnt.
    expect(steps[4]!.loss).toBeGreaterThan(0);
    expect(await weightsOf(student)).not.toEqual(before);
    disposeParams(student.params);
  });

  test('alternating parts train their own weights with their own optimiser, state is drawn once an epoch', async () => {
    const drawn: number[] = [];
    const alternating = defineMethod({
      ...description,
      id: 'alternating',
      partAt: (step, steps) => ({ part: step % 2, step: step >> 1, steps: steps >> 1 }),
      createExtra: () => ({ scale: createParameter('scale', [1], Float32Array.of(2), true, true) }),
      epochState: ({ random }) => {
        drawn.push(random.next());
        return { draw: drawn.at(-1)! };
      },
      parts: [
        definePart({
          id: 'own',
          needs: [],
          trains: ['extra'],
          optimizer: () => ({ learningRate: 0.5, weightDecay: 0, schedule: 'constant' as const }),
          loss: ({ extra }) => {
            const total = tf.sum<tf.Scalar>(tf.square(extra['scale']!.value));
            return { total, terms: { hard: total } };
          },
        }),
        definePart({
          id: 'student',
          needs: ['models'],
          loss: ({ models, tokens, targets }) =>
            tokenLoss(models.student.run(tokens).logits, targets, { hard: crossEntropy({ weight: 1 }) }),
        }),
      ],
    });
    const student = newModel();
    const teacher = newModel(2, false);
    const recipe = trainingRecipe([stage({ method: 'alternating', steps: 12 })], { every: 0 }, [alternating]);
    const { steps, events } = await runTraining({
      recipe,
      methods: [alternating],
      batches,
      student,
      teacher,
    });
    const own = steps.filter(({ part }) => part === 'own').map(({ loss }) => loss);
    // AdamW's first steps are the learning rate long: 2, 1.5, …
    expect(own.slice(0, 2).map((loss) => Math.round(loss * 100) / 100)).toEqual([4, 2.25]);
    const learnt = steps.filter(({ part }) => part === 'student');
    expect(learnt.at(-1)!.loss).toBeLessThan(learnt[0]!.loss);
    // Five batches an epoch, twelve steps.
    const states = events.filter((event) => event.type === 'epoch').map(({ epoch, state }) => [epoch, state]);
    expect(states).toEqual([
      [0, { draw: drawn[0] }],
      [1, { draw: drawn[1] }],
      [2, { draw: drawn[2] }],
    ]);
    disposeParams(student.params);
    disposeParams(teacher.params);
  });
});
