/** The classifier head of the tiny GPT-2, and the metrics. Tolerances: fixtures/README.md. */
import * as tf from '@tensorflow/tfjs-core';
import { readTensor } from '../../engine/device';
import { crossEntropy } from '../../engine/ops/rowTerms';
import { denseLogits, tokenLoss } from '../../engine/ops/tokenLoss';
import { clearGradients, createParameter, valueAndGradients } from '../../engine/parameter';
import { score } from '../../eval/metrics';
import { SCORE } from '../../model/heads';
import { disposeParams, type GPT2Params } from '../../model/params';
import { classification } from '../../train/classification';
import type { Fixtures } from './fixtures';
import type { CheckReport } from './report';

const LOGITS = 1e-5;
const LOSS = 2e-6;
const GRADIENTS = 2e-5;
const METRICS = 1e-12;

type Role = 'teacher' | 'student';

interface MetricCase {
  name: string;
  labels: number[];
  predictions: number[];
  accuracy: number;
  mcc: number;
  macro_f1: number;
  f1?: number;
}

interface HeadFixture {
  pad_token_id: number;
  input_ids: number[][];
  labels: number[];
  teacher: { logits: number[][]; loss: number };
  student: { logits: number[][]; loss: number };
  metrics: { cases: MetricCase[] };
}

async function checkHead(fixtures: Fixtures, report: CheckReport, role: Role): Promise<void> {
  const fixture = await fixtures.json<HeadFixture>('classification');
  const { student_layers } = await fixtures.json<{ student_layers: number[] }>('forward');
  const expected = await fixtures.tensors('classification');
  const { config, params } = await fixtures.model(
    'gpt2-tiny',
    role === 'student' ? student_layers : undefined,
  );
  const { shape, values } = expected(SCORE);
  const model = {
    config: {
      ...config,
      classifier: {
        labels: Array.from({ length: shape[0]! }, (_, k) => `${k}`),
        padTokenId: fixture.pad_token_id,
      },
    },
    params: { ...params, [SCORE]: createParameter(SCORE, shape, values, true) } as GPT2Params,
  };
  const all = Object.values(model.params);
  const batch = { batch: fixture.input_ids.length, length: fixture.input_ids[0]!.length };
  const read = {
    ...batch,
    ids: Int32Array.from(fixture.input_ids.flat()),
    labels: Int32Array.from(fixture.labels),
  };
  const [loss, logits] = tf.tidy(() => {
    const { tokens, labels } = classification.inputs(() => read, batch, model.config);
    const targets = { labels, scale: 1 / batch.batch };
    const total = valueAndGradients(
      () =>
        tokenLoss(classification.run(model, tokens).logits, targets, { hard: crossEntropy({ weight: 1 }) })
          .total,
      all,
    );
    return [total, denseLogits(classification.run(model, tokens).logits)];
  });
  report.close(`classifier ${role} logits`, await readTensor(logits), fixture[role].logits.flat(), LOGITS);
  report.close(`classifier ${role} loss`, await readTensor(loss), [fixture[role].loss], LOSS);
  const names = (await fixtures.names('classification')).filter((name) => name.startsWith(`${role}/grad/`));
  for (const name of names) {
    const parameter = name.replace(`${role}/grad/`, '').replace(/^transformer\./, '');
    const { gradient } = model.params[parameter]!;
    const found = gradient ? await readTensor(gradient) : [];
    report.close(`classifier gradient ${role}/${parameter}`, found, expected(name).values, GRADIENTS);
  }
  clearGradients(all);
  tf.dispose([loss, logits]);
  disposeParams(model.params);
}

async function checkMetrics(fixtures: Fixtures, report: CheckReport): Promise<void> {
  const { metrics } = await fixtures.json<HeadFixture>('classification');
  for (const { name, labels, predictions, accuracy, mcc, macro_f1, f1 } of metrics.cases) {
    const found = score(labels, predictions, ['accuracy', 'matthews', 'macroF1', 'f1']);
    const expected: [string, number | undefined][] = [
      ['accuracy', accuracy],
      ['matthews', mcc],
      ['macroF1', macro_f1],
      ['f1', f1],
    ];
    for (const [metric, value] of expected) {
      if (value !== undefined) report.close(`metric ${metric} ${name}`, [found[metric]!], [value], METRICS);
    }
  }
}

/** Every check of classification by name. */
export function classificationChecks(
  fixtures: Fixtures,
  report: CheckReport,
): [string, () => Promise<void>][] {
  return [
    ['classifier teacher', () => checkHead(fixtures, report, 'teacher')],
    ['classifier student', () => checkHead(fixtures, report, 'student')],
    ['metrics', () => checkMetrics(fixtures, report)],
  ];
}
