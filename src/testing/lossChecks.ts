/** What losses over rows must give on every device: the same checks run on the reference path and on WebGPU. */
import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { readTensor } from '../engine/device';
import { objectiveOnLogits } from '../cli/checks/objective';
import { crossEntropy } from '../engine/ops/rowTerms';
import { denseLogits, negativeLogLikelihood, tokenLoss } from '../engine/ops/tokenLoss';
import { evaluateOp, type HostTensor } from './checkOp';
import { expectClose } from './expectClose';
import { lossFixtures, wideCrossEntropyFixture } from './fixtureCases';

// fixtures/README.md, column "suggested".
const VALUES = 2e-6;
const GRADIENTS = 2e-6;
const WIDE = 1e-5;

const upload = ({ shape, values }: HostTensor) => tf.tensor2d(values, shape as [number, number]);

/** Values and gradients of the objectives in fixtures/losses.json on given logits, and a row of 50257 logits. */
export function checkLossFixtures(): void {
  const fixtures = lossFixtures('cross_entropy', 'vanilla_kd', 'label_smoothing', 'tf_reg', 'annealing_kd');
  test.each(fixtures.map((fixture) => [fixture.title, fixture] as const))('%s', async (_, fixture) => {
    const { output, gradients } = await evaluateOp({
      inputs: { logits: fixture.student },
      parameters: {},
      setUp: () => ({ labels: tf.tensor1d(fixture.labels, 'int32'), teacher: upload(fixture.teacher) }),
      run: (i, _, { labels, teacher }) =>
        objectiveOnLogits(fixture, i.logits, teacher, { labels, scale: 1 / fixture.scored }).total,
      upstream: Float32Array.of(1),
    });
    expectClose(output, [fixture.value], VALUES, 'value');
    expectClose(gradients.logits!, fixture.gradient, GRADIENTS, 'gradient');
  });

  test('cross-entropy over 50257 classes', async () => {
    const { logits, labels, ...expected } = wideCrossEntropyFixture();
    const { output, gradients } = await evaluateOp({
      inputs: { logits },
      parameters: {},
      setUp: () => tf.tensor1d(labels, 'int32'),
      run: (i, _, ids) =>
        tokenLoss(
          { kind: 'dense', tensor: i.logits },
          { labels: ids, scale: 1 / labels.length },
          { hard: crossEntropy({ weight: 1 }) },
        ).total,
      upstream: Float32Array.of(1),
    });
    expectClose(output, [expected.mean_loss], WIDE, 'mean loss');
    const gradient = gradients.logits!;
    const at = expected.grad_of_mean.map(
      ({ row, class: column }) => gradient[row * logits.shape[1]! + column]!,
    );
    expectClose(
      at,
      expected.grad_of_mean.map(({ value }) => value),
      WIDE,
      'gradient',
    );
    const squares = gradient.reduce((sum, g) => sum + g * g, 0);
    expectClose([squares], [expected.sum_of_squared_grad], WIDE, 'sum of squared gradients');
  });

  test('negative log-likelihood of every row over 50257 classes', async () => {
    const { logits, labels, per_row_loss } = wideCrossEntropyFixture();
    const losses = tf.tidy(() =>
      negativeLogLikelihood({ kind: 'dense', tensor: upload(logits) }, tf.tensor1d(labels, 'int32')),
    );
    expectClose(await readTensor(losses), per_row_loss, WIDE);
    losses.dispose();
  });

  test('dense logits are handed out as a tensor of their own', async () => {
    const logits = tf.tensor2d([1, 2, 3, 4, 5, 6], [2, 3]);
    const dense = denseLogits({ kind: 'dense', tensor: logits });
    logits.dispose();
    expect([...(await readTensor(dense))]).toEqual([1, 2, 3, 4, 5, 6]);
    dense.dispose();
  });
}
