/** Hidden states, logits, losses, gradients and perplexity of the tiny GPT-2. Tolerances: fixtures/README.md. */
import * as tf from '@tensorflow/tfjs-core';
import { readTensor } from '../../engine/device';
import { uploadTokens } from '../../engine/ops/embedding';
import { crossEntropy } from '../../engine/ops/rowTerms';
import { denseLogits, negativeLogLikelihood, tokenLoss } from '../../engine/ops/tokenLoss';
import { clearGradients, valueAndGradients } from '../../engine/parameter';
import { perplexity } from '../../eval/perplexity';
import { forward, type Model } from '../../model/gpt2';
import { disposeParams } from '../../model/params';
import type { Fixtures } from './fixtures';
import type { CheckReport } from './report';

const HIDDEN = 5e-6;
const LOGITS = 5e-6;
const PER_TOKEN = 2e-6;
const MEAN_LOSS = 2e-6;
const GRADIENTS = 2e-5;
const PERPLEXITY = 2e-6;

type Role = 'teacher' | 'student';

interface ForwardFixture {
  input_ids: number[][];
  student_layers: number[];
  teacher: { mean_cross_entropy: number; per_token_loss: number[][] };
  student: { mean_cross_entropy: number; per_token_loss: number[][] };
}

interface Inputs {
  ids: Int32Array;
  /** -100 at the last position of a row, which predicts nothing. */
  labels: Int32Array;
  batch: number;
  length: number;
}

function inputsOf({ input_ids }: ForwardFixture): Inputs {
  return {
    ids: Int32Array.from(input_ids.flat()),
    labels: Int32Array.from(input_ids.flatMap((row) => [...row.slice(1), -100])),
    batch: input_ids.length,
    length: input_ids[0]!.length,
  };
}

async function outputs({ params, config }: Model, { ids, labels, batch, length }: Inputs) {
  const tensors = tf.tidy(() => {
    const tokens = uploadTokens(ids, batch, length, config.vocabSize);
    const { hidden, hiddenStates, logits } = forward(params, config, tokens, { hiddenStates: true });
    const losses = negativeLogLikelihood(logits, tf.tensor1d(labels, 'int32'));
    return [denseLogits(logits), hidden, losses, ...hiddenStates!];
  });
  const [logits, hidden, losses, ...states] = await Promise.all(tensors.map(readTensor));
  tf.dispose(tensors);
  return { logits: logits!, hidden: hidden!, losses: losses!, states };
}

async function checkForward(fixtures: Fixtures, report: CheckReport, role: Role): Promise<void> {
  const fixture = await fixtures.json<ForwardFixture>('forward');
  const expected = await fixtures.tensors('forward');
  const inputs = inputsOf(fixture);
  const model = await fixtures.model('gpt2-tiny', role === 'student' ? fixture.student_layers : undefined);
  const { logits, hidden, losses, states } = await outputs(model, inputs);
  states.forEach((state, i) => {
    const name = i === 0 ? `${role}.embed` : `${role}.block.${i - 1}`;
    report.close(`forward ${name}`, state, expected(name).values, HIDDEN);
  });
  report.close(`forward ${role}.ln_f`, hidden, expected(`${role}.ln_f`).values, HIDDEN);
  report.close(`forward ${role}.logits`, logits, expected(`${role}.logits`).values, LOGITS);
  const scored = losses.filter((_, i) => inputs.labels[i] !== -100);
  report.close(`forward ${role} loss of each token`, scored, fixture[role].per_token_loss.flat(), PER_TOKEN);
  disposeParams(model.params);
}

async function checkGradients(fixtures: Fixtures, report: CheckReport, role: Role): Promise<void> {
  const fixture = await fixtures.json<ForwardFixture>('forward');
  const expected = await fixtures.tensors('gradients');
  const { ids, labels, batch, length } = inputsOf(fixture);
  const model = await fixtures.model('gpt2-tiny', role === 'student' ? fixture.student_layers : undefined);
  const { params, config } = model;
  const all = Object.values(params);
  const loss = tf.tidy(() => {
    const tokens = uploadTokens(ids, batch, length, config.vocabSize);
    const targets = { labels: tf.tensor1d(labels, 'int32'), scale: 1 / (batch * (length - 1)) };
    return valueAndGradients(
      () =>
        tokenLoss(forward(params, config, tokens).logits, targets, { hard: crossEntropy({ weight: 1 }) })
          .total,
      all,
    );
  });
  report.close(
    `mean loss of the ${role}`,
    await readTensor(loss),
    [fixture[role].mean_cross_entropy],
    MEAN_LOSS,
  );
  for (const { name, gradient } of all) {
    const reference = expected(`${role}/transformer.${name}`).values;
    report.close(
      `gradient ${role}/${name}`,
      gradient ? await readTensor(gradient) : [],
      reference,
      GRADIENTS,
    );
  }
  clearGradients(all);
  loss.dispose();
  disposeParams(params);
}

/** The teacher's weights in F16 and BF16: the logits of the last position of each row. */
async function checkHalfPrecision(
  fixtures: Fixtures,
  report: CheckReport,
  dtype: 'f16' | 'bf16',
): Promise<void> {
  const inputs = inputsOf(await fixtures.json<ForwardFixture>('forward'));
  const expected = await fixtures.tensors('forward');
  const model = await fixtures.model(`gpt2-tiny-${dtype}`);
  const { logits } = await outputs(model, inputs);
  const V = model.config.vocabSize;
  const last = Array.from({ length: inputs.batch }, (_, row) => {
    const end = (row + 1) * inputs.length * V;
    return [...logits.subarray(end - V, end)];
  }).flat();
  report.close(`forward teacher in ${dtype}`, last, expected(`teacher_${dtype}.last_logits`).values, LOGITS);
  disposeParams(model.params);
}

interface MeasuredFixture {
  window: number;
  stride: number;
  scored_tokens: number;
  perplexity: number;
}

async function checkPerplexity(fixtures: Fixtures, report: CheckReport, role: Role): Promise<void> {
  const { student_layers } = await fixtures.json<ForwardFixture>('forward');
  const fixture = await fixtures.json<{ tokens: number[] } & Record<Role, Record<string, MeasuredFixture>>>(
    'perplexity',
  );
  const model = await fixtures.model('gpt2-tiny', role === 'student' ? student_layers : undefined, false);
  for (const [kind, expected] of Object.entries(fixture[role])) {
    const { window, stride } = expected;
    const name = `perplexity ${role} ${kind}`;
    const measured = await perplexity(model.params, model.config, fixture.tokens, { window, stride });
    report.exact(`${name}, scored tokens`, measured.tokens === expected.scored_tokens);
    report.close(name, [measured.perplexity], [expected.perplexity], PERPLEXITY);
  }
  disposeParams(model.params);
}

/** Every check of the model by name. */
export function modelChecks(fixtures: Fixtures, report: CheckReport): [string, () => Promise<void>][] {
  const roles = ['teacher', 'student'] as const;
  return [
    ...roles.map((role): [string, () => Promise<void>] => [
      `forward ${role}`,
      () => checkForward(fixtures, report, role),
    ]),
    ['forward f16', () => checkHalfPrecision(fixtures, report, 'f16')],
    ['forward bf16', () => checkHalfPrecision(fixtures, report, 'bf16')],
    ...roles.map((role): [string, () => Promise<void>] => [
      `gradients ${role}`,
      () => checkGradients(fixtures, report, role),
    ]),
    ...roles.map((role): [string, () => Promise<void>] => [
      `perplexity ${role}`,
      () => checkPerplexity(fixtures, report, role),
    ]),
  ];
}
