/** What every device must give for the tiny GPT-2: the same checks run on the reference path and on WebGPU. */
import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { readTensor } from '../engine/device';
import { uploadTokens } from '../engine/ops/embedding';
import { denseLogits } from '../engine/ops/tokenLoss';
import { clearGradients, valueAndGradients } from '../engine/parameter';
import { fineTune } from '../methods/fineTune';
import type { LossInputs } from '../methods/method';
import { forward, type Model } from '../model/gpt2';
import { disposeParams } from '../model/params';
import { expectClose } from './expectClose';
import { fixtureJson, fixtureTensors } from './fixtures';
import { tinyModel, tinyStudent, tinyTeacher, TINY_TEACHER } from './tinyGpt2';

// fixtures/README.md, column "suggested".
const HIDDEN = 5e-6;
const LOGITS = 5e-6;
const MEAN_LOSS = 2e-6;
const GRADIENTS = 2e-5;

interface ForwardFixture {
  input_ids: number[][];
  teacher: { mean_cross_entropy: number };
  student: { mean_cross_entropy: number };
}

const { input_ids, ...expectedLosses } = fixtureJson<ForwardFixture>('forward');
const B = input_ids.length;
const T = input_ids[0]!.length;
const ids = Int32Array.from(input_ids.flat());
// Position t predicts token t + 1; the last one of a row predicts nothing.
const labels = Int32Array.from(input_ids.flatMap((row) => [...row.slice(1), -100]));

/** Logits of all rows [N, V], and every hidden state, read back. */
async function run({ params, config }: Model) {
  const output = tf.tidy(() => {
    const tokens = uploadTokens(ids, B, T, config.vocabSize);
    const { hidden, hiddenStates, logits } = forward(params, config, tokens, { hiddenStates: true });
    return [denseLogits(logits), hidden, ...hiddenStates!];
  });
  const [logits, hidden, ...states] = await Promise.all(output.map(readTensor));
  tf.dispose(output);
  return { logits: logits!, hidden: hidden!, states };
}

/** The last row of every sequence of [B, T, V]. */
const lastRows = (values: Float32Array, V: number) =>
  Array.from({ length: B }, (_, b) => [...values.subarray(((b + 1) * T - 1) * V, (b + 1) * T * V)]).flat();

/** Hidden states, logits, losses and all gradients of the fixtures. */
export function checkForwardAndGradients(): void {
  for (const role of ['teacher', 'student'] as const) {
    test(`the ${role}'s hidden states and logits are those of the fixtures`, async () => {
      const expected = fixtureTensors('forward');
      const model = role === 'teacher' ? tinyTeacher() : tinyStudent();
      const { logits, hidden, states } = await run(model);
      expect(states.length).toBe(model.config.nLayer + 1);
      states.forEach((state, i) => {
        const name = i === 0 ? `${role}.embed` : `${role}.block.${i - 1}`;
        expectClose(state, expected[name]!.values, HIDDEN, name);
      });
      expectClose(hidden, expected[`${role}.ln_f`]!.values, HIDDEN, `${role}.ln_f`);
      expectClose(logits, expected[`${role}.logits`]!.values, LOGITS, `${role}.logits`);
      disposeParams(model.params);
    });

    test(`the ${role}'s loss and the gradient of every parameter are those of the fixtures`, async () => {
      const expected = fixtureTensors('gradients');
      const layers = role === 'teacher' ? [...Array(TINY_TEACHER.nLayer).keys()] : undefined;
      const { params, config } = layers ? tinyModel(layers) : tinyStudent();
      const all = Object.values(params);
      const loss = tf.tidy(() => {
        const tokens = uploadTokens(ids, B, T, config.vocabSize);
        const targets = { labels: tf.tensor1d(labels, 'int32'), scale: 1 / (B * (T - 1)) };
        return valueAndGradients(() => {
          const student = forward(params, config, tokens);
          return fineTune.parts[0]!.loss({ student, targets } as unknown as LossInputs, {}).total;
        }, all);
      });
      expectClose(await readTensor(loss), [expectedLosses[role].mean_cross_entropy], MEAN_LOSS, 'loss');
      for (const parameter of all) {
        const reference = expected[`${role}/transformer.${parameter.name}`]!.values;
        expectClose(await readTensor(parameter.gradient!), reference, GRADIENTS, parameter.name);
      }
      clearGradients(all);
      loss.dispose();
      disposeParams(params);
    });
  }

  test.each(['f16', 'bf16'])('a checkpoint in %s gives the last logits of the fixtures', async (dtype) => {
    const model = tinyTeacher(`gpt2-tiny-${dtype}`);
    const { logits } = await run(model);
    const expected = fixtureTensors('forward')[`teacher_${dtype}.last_logits`]!.values;
    expectClose(lastRows(logits, model.config.vocabSize), expected, LOGITS, 'last logits');
    disposeParams(model.params);
  });
}
