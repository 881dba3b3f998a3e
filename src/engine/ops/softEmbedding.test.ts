import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { host } from '../../testing/checkOp';
import { checkMateFixtures } from '../../testing/softEmbeddingChecks';
import { openDevice } from '../device';
import { createParameter, disposeParameter } from '../parameter';
import { softEmbedding } from './softEmbedding';

beforeAll(async () => {
  await openDevice({ prefer: 'cpu' });
});

describe('MATE-KD on the reference path', checkMateFixtures);

test('a table or noise of another size is refused with both sizes', () => {
  const table = createParameter('table', [5, 4], host([5, 4], 1).values);
  const of = (classes: number, noise: [number, number]) =>
    softEmbedding({ kind: 'dense', tensor: tf.zeros([2, classes]) }, table, {
      temperature: 1,
      noise: tf.zeros(noise),
      straightThrough: false,
    });
  expect(() => of(6, [2, 6])).toThrow('table [5, 4] has no vectors for logits of 6 words');
  expect(() => of(5, [2, 6])).toThrow('noise [2, 6] does not fit logits [2, 5]');
  disposeParameter(table);
});
