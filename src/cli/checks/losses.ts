/** Value and gradient of the objectives on given logits, and layer selection. Tolerances: fixtures/README.md. */
import * as tf from '@tensorflow/tfjs-core';
import { readTensor } from '../../engine/device';
import { selectLayers } from '../../model/selection';
import type { Strategy } from '../../recipe/recipe';
import type { Fixtures } from './fixtures';
import { objectiveOnLogits, type ObjectiveFixture } from './objective';
import type { CheckReport } from './report';

const VALUES = 2e-6;
const GRADIENTS = 2e-6;

type Matrix = number[][] | { tensor: string };

interface LossFixture extends ObjectiveFixture {
  case: string;
  value: number;
  grad: Matrix;
}

interface LossFixtures {
  cases: Record<string, { labels: number[]; student_logits: Matrix; teacher_logits: Matrix }>;
  losses: LossFixture[];
}

async function checkLosses(fixtures: Fixtures, report: CheckReport): Promise<void> {
  const { cases, losses } = await fixtures.json<LossFixtures>('losses');
  const stored = await fixtures.tensors('losses');
  const upload = (matrix: Matrix) =>
    'tensor' in matrix
      ? tf.tensor2d(stored(matrix.tensor).values, stored(matrix.tensor).shape as [number, number])
      : tf.tensor2d(matrix);
  const numbers = (matrix: Matrix) => ('tensor' in matrix ? stored(matrix.tensor).values : matrix.flat());
  for (const fixture of losses) {
    const { labels, student_logits, teacher_logits } = cases[fixture.case]!;
    const scored = labels.filter((label) => label !== -100).length;
    const result = tf.tidy(() => {
      const teacher = upload(teacher_logits);
      const targets = { labels: tf.tensor1d(labels, 'int32'), scale: 1 / scored };
      const value = (logits: tf.Tensor) =>
        objectiveOnLogits(fixture, logits as tf.Tensor2D, teacher, targets).total;
      return tf.valueAndGrad(value)(upload(student_logits));
    });
    const name = `loss ${fixture.case} ${fixture.loss} ${JSON.stringify(fixture.parameters)}`;
    report.close(name, await readTensor(result.value), [fixture.value], VALUES);
    report.close(`${name}, gradient`, await readTensor(result.grad), numbers(fixture.grad), GRADIENTS);
    tf.dispose([result.value, result.grad]);
  }
}

interface SelectionCase {
  n: number;
  k: number;
  strategy: string;
  printed?: number[];
  by_rule?: number[];
}

const STRATEGIES: Record<string, Strategy> = {
  uniform: 'uniform',
  'uniform-2': 'uniform-2',
  pseudo: 'pseudo-uniform',
  '6bh': 'bottom-half',
  '6th': 'top-half',
};

async function checkSelection(fixtures: Fixtures, report: CheckReport): Promise<void> {
  const { cases, more_by_rule } = await fixtures.json<{
    cases: SelectionCase[];
    more_by_rule: SelectionCase[];
  }>('selection');
  for (const { n, k, strategy, printed, by_rule } of [...cases, ...more_by_rule]) {
    const rule = STRATEGIES[strategy];
    if (!rule) {
      // A random draw is printed once in the paper; no rule gives it.
      report.skip();
      continue;
    }
    const { layers } = selectLayers(rule, n, k);
    report.exact(
      `selection ${strategy} ${k} of ${n}`,
      JSON.stringify(layers) === JSON.stringify(printed ?? by_rule),
    );
  }
}

export function lossChecks(fixtures: Fixtures, report: CheckReport): [string, () => Promise<void>][] {
  return [
    ['losses', () => checkLosses(fixtures, report)],
    ['selection', () => checkSelection(fixtures, report)],
  ];
}
