/** What losses over rows must give on every device: the same checks run on the reference path and on WebGPU. */
import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { readTensor } from '../engine/device';
import { crossEntropy, klDivergence, type RowTerm } from '../engine/ops/rowTerms';
import { denseLogits, negativeLogLikelihood, tokenLoss, type Logits } from '../engine/ops/tokenLoss';
import { evaluateOp, type HostTensor } from './checkOp';
import { expectClose } from './expectClose';
import { lossFixtures, wideCrossEntropyFixture, type LossFixture } from './fixtureCases';

// fixtures/README.md, column "suggested".
const VALUES = 2e-6;
const GRADIENTS = 2e-6;
const WIDE = 1e-5;

/** Label smoothing, as a stranger would add it: sums over classes, the label, and the number of classes. */
const labelSmoothing = (alpha: number): RowTerm => ({
  weight: 1,
  scalars: { alpha },
  code: {
    stages: [{ sums: { total: 'exp(z - zMax)' }, constants: { logSum: 'zMax + log(total)' } }],
    locals: { wanted: '(1.0 - alpha) * hit + alpha / classes' },
    value: 'wanted * (logSum - z)',
    gradient: 'exp(z - zMax) / total - wanted',
  },
  reference: ({ z, hit }) => {
    const wanted = tf.add(tf.mul(hit, 1 - alpha), alpha / z.shape[1]);
    return tf.neg(tf.sum(tf.mul(wanted, tf.logSoftmax(z)), 1));
  },
});

/** Mean squared difference to the scaled teacher: no sums at all. */
const annealedDistance = (teacher: Logits, phi: number): RowTerm => ({
  weight: 1,
  teacher,
  scalars: { phi },
  code: {
    stages: [],
    locals: { gap: 'z - phi * t' },
    value: 'gap * gap / classes',
    gradient: '2.0 * gap / classes',
  },
  reference: ({ z, t }) => tf.mean(tf.square(tf.sub(z, tf.mul(t!, phi))), 1),
});

function termsOf({ loss, parameters }: LossFixture, teacher: Logits): Record<string, RowTerm> {
  const { alpha = 0, T = 1, t = 1, tau_max = 1 } = parameters;
  switch (loss) {
    case 'cross_entropy':
      return { hard: crossEntropy({ weight: 1 }) };
    case 'vanilla_kd':
      return {
        hard: crossEntropy({ weight: alpha }),
        soft: klDivergence({ teacher, temperature: T, weight: (1 - alpha) * T ** 2 }),
      };
    case 'label_smoothing':
      return { smooth: labelSmoothing(alpha) };
    case 'annealing_kd':
      return { distance: annealedDistance(teacher, 1 - (t - 1) / tau_max) };
    default:
      throw new Error(`no terms for ${loss}`);
  }
}

const upload = ({ shape, values }: HostTensor) => tf.tensor2d(values, shape as [number, number]);

/** Values and gradients of the objectives in fixtures/losses.json on given logits, and a row of 50257 logits. */
export function checkLossFixtures(): void {
  const fixtures = lossFixtures('cross_entropy', 'vanilla_kd', 'label_smoothing', 'annealing_kd');
  test.each(fixtures.map((fixture) => [fixture.title, fixture] as const))('%s', async (_, fixture) => {
    const { output, gradients } = await evaluateOp({
      inputs: { logits: fixture.student },
      parameters: {},
      setUp: () => ({ labels: tf.tensor1d(fixture.labels, 'int32'), teacher: upload(fixture.teacher) }),
      run: (i, _, { labels, teacher }) =>
        tokenLoss(
          { kind: 'dense', tensor: i.logits },
          { labels, scale: 1 / fixture.scored },
          termsOf(fixture, { kind: 'dense', tensor: teacher }),
        ).total,
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
