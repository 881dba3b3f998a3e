import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { expectClose } from '../../testing/expectClose';
import { checkLossFixtures } from '../../testing/lossChecks';
import { randomValues } from '../../testing/random';
import { openDevice, type Device } from '../device';
import { installWasm } from '../wasm.node';
import { crossEntropy, klDivergence } from './rowTerms';
import { negativeLogLikelihood, tokenLoss, type Logits } from './tokenLoss';

const dense = (rows: number, classes: number): Logits => ({
  kind: 'dense',
  tensor: tf.tensor2d(randomValues(rows * classes, rows, -2, 2), [rows, classes]),
});

/** The plain tfjs form, on the two backends that only have this one. */
describe.each(['cpu', 'wasm'] as const)('on %s', (backend) => {
  let device: Device;
  beforeAll(async () => {
    device = await openDevice({ prefer: backend, wasmPath: installWasm() });
  });
  afterAll(() => device.close());

  checkLossFixtures();

  test('labels or a teacher that do not fit the logits are refused with both sizes', () => {
    const labels = tf.tensor1d([1, 2, 3], 'int32');
    const hard = crossEntropy({ weight: 1 });
    expect(() => tokenLoss(dense(4, 5), { labels, scale: 1 }, { hard })).toThrow(
      '3 labels do not fit 4 rows',
    );
    const soft = klDivergence({ teacher: dense(3, 6), temperature: 1, weight: 1 });
    expect(() => tokenLoss(dense(3, 5), { labels, scale: 1 }, { soft })).toThrow(
      "a teacher's logits [3, 6] cannot be compared with the student's [3, 5]",
    );
  });

  test('chunks of rows give what one piece gives', async () => {
    const logits = dense(10, 7);
    const labels = tf.tensor1d([-100, 0, 1, 2, 3, 4, 5, -100, 6, 0], 'int32');
    const chunked = { chunkBytes: 4 * 7 * 4 };
    const expected = await negativeLogLikelihood(logits, labels).data();
    expect([...(await negativeLogLikelihood(logits, labels, chunked).data())]).toEqual([...expected]);
    expect(expected[0]).toBeCloseTo(0, 12);

    const soft = klDivergence({ teacher: dense(10, 7), temperature: 3, weight: 2 });
    const whole = tokenLoss(logits, { labels, scale: 0.1 }, { soft });
    const parts = tokenLoss(logits, { labels, scale: 0.1 }, { soft }, chunked);
    expectClose(await parts.total.data(), await whole.total.data(), 1e-6);
  });
});
