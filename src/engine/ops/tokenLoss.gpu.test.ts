import * as tf from '@tensorflow/tfjs-core';
import type { Tensor2D } from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { checkOp, host } from '../../testing/checkOp';
import { expectClose } from '../../testing/expectClose';
import { onEveryVariant, useTestDevice } from '../../testing/gpu';
import { readTensor } from '../device';
import { dispatchCount } from '../dispatch';
import {
  clearGradients,
  createParameter,
  disposeParameter,
  tieToTape,
  valueAndGradients,
  type Parameter,
} from '../parameter';
import { crossEntropy, klDivergence, reverseKlDivergence, type RowTerm } from './rowTerms';
import { denseLogits, negativeLogLikelihood, tokenLoss, type Logits } from './tokenLoss';

useTestDevice();

interface Setting {
  rows?: number;
  classes: number;
  width?: number;
  frozen?: boolean;
  temperature?: number;
  weights?: [number, number];
  chunkRows?: number;
  upstream?: number;
}

const TEACHER_WIDTH = 12;

/** CE and KL on a fused head; every third row is not scored. */
function head(setting: Setting, terms?: (teachers: Logits[]) => Record<string, RowTerm>) {
  const { rows = 9, classes, width = 8, frozen = false, temperature = 2, weights = [0.4, 2.4] } = setting;
  const { upstream = 1, chunkRows } = setting;
  const labels = Int32Array.from({ length: rows }, (_, i) => (i % 3 === 1 ? -100 : (i * 37 + 5) % classes));
  const standard = ([teacher]: Logits[]) => ({
    hard: crossEntropy({ weight: weights[0] }),
    soft: klDivergence({ teacher: teacher!, temperature, weight: weights[1] }),
  });
  return {
    inputs: { hidden: host([rows, width], 1, -2, 2) },
    parameters: {
      embedding: { ...host([classes, width], 2), trainable: !frozen },
      teacherEmbedding: { ...host([classes, TEACHER_WIDTH], 3), trainable: false },
    },
    setUp: () => ({
      labels: tf.tensor1d(labels, 'int32'),
      teacherHidden: tf.tensor2d(host([rows, TEACHER_WIDTH], 4, -2, 2).values, [rows, TEACHER_WIDTH]),
      denseTeacher: tf.tensor2d(host([rows, classes], 5, -3, 3).values, [rows, classes]),
    }),
    run: (
      { hidden }: { hidden: Tensor2D },
      { embedding, teacherEmbedding }: Record<'embedding' | 'teacherEmbedding', Parameter>,
      constants: { labels: tf.Tensor1D; teacherHidden: Tensor2D; denseTeacher: Tensor2D },
    ) => {
      const teachers: Logits[] = [
        { kind: 'vocabulary', hidden: constants.teacherHidden, embedding: teacherEmbedding },
        { kind: 'dense', tensor: constants.denseTeacher },
      ];
      return tokenLoss(
        { kind: 'vocabulary', hidden, embedding },
        { labels: constants.labels, scale: 1 / rows },
        (terms ?? standard)(teachers),
        chunkRows ? { chunkBytes: chunkRows * Math.ceil(classes / 4) * 16 } : {},
      ).total;
    },
    upstream: Float32Array.of(upstream),
  };
}

onEveryVariant((kind) => {
  test.each<[string, Setting]>([
    ['one row of two classes', { rows: 1, classes: 2 }],
    ['three classes', { classes: 3 }],
    ['301 classes, which are no whole vec4 values', { classes: 301 }],
    ['1100 classes, more quads than threads', { classes: 1100, width: 4 }],
    ['temperature 1', { classes: 30, temperature: 1 }],
    ['temperature 5, gradient 1/3 from above', { classes: 30, temperature: 5, upstream: 1 / 3 }],
    ['weight 0 for the teacher', { classes: 30, weights: [1, 0] }],
    ['weight 0 for the labels', { classes: 30, weights: [0, 1] }],
    ['chunks of 4 rows, the last one short', { classes: 30, chunkRows: 4 }],
    ['chunks of 1 row, with a gradient of -2 from above', { classes: 301, chunkRows: 1, upstream: -2 }],
    ['a frozen embedding', { classes: 30, frozen: true, chunkRows: 4 }],
    ['67 rows, more than a tile', { rows: 67, classes: 77, width: 20 }],
  ])('cross-entropy and KL on a fused head agree with the reference ops: %s', async (_, setting) => {
    await checkOp(head(setting), 1e-5);
  });

  test('50257 classes agree with the reference ops', async () => {
    // Workgroup kernels over this many classes take a software adapter seconds a chunk.
    const chunkRows = kind === 'software' ? 3 : 5;
    await checkOp(head({ rows: 5, classes: 50257, width: 4, chunkRows }), 1e-5);
  });

  test('terms with different teachers, one of them dense, and a term of two stages agree', async () => {
    const terms = ([vocabulary, dense]: Logits[]) => ({
      first: klDivergence({ teacher: vocabulary!, temperature: 3, weight: 0.5 }),
      second: klDivergence({ teacher: dense!, temperature: 1.5, weight: 1.5 }),
      again: klDivergence({ teacher: vocabulary!, temperature: 1, weight: 0.25 }),
      reverse: reverseKlDivergence({ teacher: dense!, temperature: 1.3, weight: 0.7 }),
      hard: crossEntropy({ weight: 1 }),
    });
    await checkOp(head({ classes: 45, chunkRows: 5 }, terms), 1e-5);
  });

  test('logits of a thousand neither overflow nor turn into NaN', async () => {
    const op = head({ classes: 19 });
    await checkOp({ ...op, inputs: { hidden: host([9, 8], 1, -400, 400) } }, 2e-5);
  });

  test('the gradient of the embedding is added to what is there, each use scaled by its own gradient', async () => {
    const { parameters, inputs, setUp, run } = head({ classes: 45, chunkRows: 5 });
    const uses = { ...head({ classes: 45, chunkRows: 5 }), upstream: undefined };
    const twice: typeof run = (i, p, c) =>
      tf.add<tf.Scalar>(tf.mul(run(i, p, c), 1 / 3), tf.mul(run(i, p, c), tf.mul(0.5, tf.sum(i.hidden))));
    await checkOp({ ...uses, parameters, inputs, setUp, run: twice, upstream: Float32Array.of(1) }, 1e-5);
  });

  test('two micro-batches leave the sum of their gradients', async () => {
    const { hidden, embedding } = smallHead();
    const step = (labels: number[]) =>
      valueAndGradients(
        () =>
          tf.tidy(() => {
            const targets = { labels: tf.tensor1d(labels, 'int32'), scale: 1 / 4 };
            const logits: Logits = { kind: 'vocabulary', hidden: tieToTape(hidden), embedding };
            return tokenLoss(logits, targets, { hard: crossEntropy({ weight: 1 }) }).total;
          }),
        [embedding],
      ).dispose();
    const gradient = async (...batches: number[][]) => {
      clearGradients([embedding]);
      batches.forEach(step);
      return readTensor(embedding.gradient!);
    };
    const [first, second] = [
      [0, 3, -100, 1],
      [4, 4, 2, 0],
    ];
    const [a, b] = [await gradient(first), await gradient(second)];
    const before = tf.memory().numTensors;
    expectClose(
      await gradient(first, second),
      a.map((value, i) => value + b[i]!),
      1e-6,
    );
    expect(tf.memory().numTensors).toBe(before);
    tf.dispose(hidden);
    disposeParameter(embedding);
  });

  test('terms come weighted and add up to the total; without a tape nothing runs backward', async () => {
    const { hidden, embedding } = smallHead();
    const labels = tf.tensor1d([0, 3, -100, 1], 'int32');
    const teacher: Logits = { kind: 'dense', tensor: tf.tensor2d(host([4, 5], 7).values, [4, 5]) };
    const logits: Logits = { kind: 'vocabulary', hidden, embedding };
    const before = dispatchCount();
    const { total, terms } = tokenLoss(
      logits,
      { labels, scale: 1 / 3 },
      {
        hard: crossEntropy({ weight: 0.25 }),
        soft: klDivergence({ teacher, temperature: 2, weight: 3 }),
      },
    );
    // Logits of student and teacher, the rows, and three sums.
    expect(dispatchCount() - before).toBe(6);
    const [sum, hard, soft] = await Promise.all([total, terms.hard!, terms.soft!].map(readTensor));
    const losses = await readTensor(negativeLogLikelihood(logits, labels));
    expectClose(hard!, [(0.25 * losses.reduce((a, b) => a + b, 0)) / 3], 1e-6, 'hard term');
    expect(losses[2]).toBe(0);
    expect(soft![0]).toBeGreaterThan(0.01);
    expectClose(sum!, [hard![0]! + soft![0]!], 1e-6, 'total');
    expect(embedding.gradient).toBeNull();
    disposeParameter(embedding);
  });

  test.each([30, 33])('dense logits over %i classes, and their gradient', async (classes) => {
    await checkOp(
      {
        inputs: { hidden: host([3, 8], 1) },
        parameters: { embedding: host([classes, 8], 2) },
        run: ({ hidden }, { embedding }) => denseLogits({ kind: 'vocabulary', hidden, embedding }),
      },
      1e-5,
    );
  });

  test('dense logits of a frozen embedding give it no gradient', async () => {
    await checkOp(
      {
        inputs: { hidden: host([3, 8], 1) },
        parameters: { embedding: { ...host([31, 8], 2), trainable: false } },
        run: ({ hidden }, { embedding }) => denseLogits({ kind: 'vocabulary', hidden, embedding }),
      },
      1e-5,
    );
  });
});

test('more than four different teachers are refused', () => {
  const teachers = Array.from({ length: 5 }, (): Logits => ({ kind: 'dense', tensor: tf.zeros([2, 3]) }));
  const terms = teachers.map((teacher) => klDivergence({ teacher, temperature: 1, weight: 1 }));
  const targets = { labels: tf.tensor1d([0, 1], 'int32'), scale: 1 };
  expect(() => tokenLoss(teachers[0]!, targets, { ...terms } as unknown as Record<string, RowTerm>)).toThrow(
    'a loss compares with 5 teachers, at most 4 fit one kernel',
  );
});

function smallHead() {
  return {
    hidden: tf.tensor2d(host([4, 8], 1).values, [4, 8]),
    embedding: createParameter('wte.weight', [5, 8], host([5, 8], 2).values),
  };
}
