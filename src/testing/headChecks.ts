/** What every device must give for the classifier head: the same checks run on the reference path and on WebGPU. */
import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import type { Batch } from '../data/batches';
import { readTensor } from '../engine/device';
import { denseLogits } from '../engine/ops/tokenLoss';
import { clearGradients, createParameter, valueAndGradients } from '../engine/parameter';
import { fineTune } from '../methods/fineTune';
import type { LossInputs } from '../methods/method';
import type { Model } from '../model/gpt2';
import { SCORE } from '../model/heads';
import { disposeParams } from '../model/params';
import { classification } from '../train/classification';
import { expectClose } from './expectClose';
import { fixtureJson, fixtureTensors } from './fixtures';
import { tinyModel, tinyStudent, TINY_TEACHER } from './tinyGpt2';

// fixtures/README.md, column "suggested".
const LOGITS = 1e-5;
const LOSS = 2e-6;
const GRADIENTS = 2e-5;

interface Expected {
  logits: number[][];
  loss: number;
  predictions: number[];
}

const fixture = fixtureJson<{
  pad_token_id: number;
  input_ids: number[][];
  lengths: number[];
  labels: number[];
  teacher: Expected;
  student: Expected;
}>('classification');

/** The rows of the fixture, padded to `length`. */
function batchOf(length: number): Batch {
  const rows = fixture.input_ids.map((ids, i) =>
    Array.from({ length }, (_, t) => (t < fixture.lengths[i]! ? ids[t]! : fixture.pad_token_id)),
  );
  return {
    ids: Int32Array.from(rows.flat()),
    labels: Int32Array.from(fixture.labels),
    batch: rows.length,
    length,
  };
}

function classifier(role: 'teacher' | 'student'): Model {
  const { config, params } =
    role === 'student' ? tinyStudent() : tinyModel([...Array(TINY_TEACHER.nLayer).keys()]);
  const { shape, values } = fixtureTensors('classification')['score.weight']!;
  return {
    config: { ...config, classifier: { labels: ['a', 'b', 'c'], padTokenId: fixture.pad_token_id } },
    params: { ...params, [SCORE]: createParameter(SCORE, shape, values, true) },
  };
}

/** Loss and gradients by name, and the logits [B · K]. */
async function evaluate(model: Model, batch: Batch) {
  const all = Object.values(model.params);
  const [loss, logits] = tf.tidy(() => {
    const { tokens, labels } = classification.inputs(() => batch, batch, model.config);
    const targets = { labels, scale: 1 / batch.batch };
    const total = valueAndGradients(() => {
      const student = classification.run(model, tokens);
      return fineTune.parts[0]!.loss({ student, targets } as unknown as LossInputs, {}).total;
    }, all);
    return [total, denseLogits(classification.run(model, tokens).logits)];
  });
  const gradients: Record<string, Float32Array> = {};
  for (const { name, gradient } of all) if (gradient) gradients[name] = await readTensor(gradient);
  clearGradients(all);
  const read = { loss: await readTensor(loss), logits: await readTensor(logits), gradients };
  tf.dispose([loss, logits]);
  return read;
}

export function checkHead(): void {
  test.each(['teacher', 'student'] as const)(
    'the %s as a classifier is that of the fixtures',
    async (role) => {
      const model = classifier(role);
      const { loss, logits, gradients } = await evaluate(model, batchOf(fixture.input_ids[0]!.length));
      const expected = fixture[role];
      expectClose(logits, expected.logits.flat(), LOGITS, 'logits');
      expectClose(loss, [expected.loss], LOSS, 'loss');
      const reference = Object.entries(fixtureTensors('classification')).filter(([name]) =>
        name.startsWith(`${role}/grad/`),
      );
      expect(reference.length).toBeGreaterThan(0);
      for (const [name, { values }] of reference) {
        const parameter = name.replace(`${role}/grad/`, '').replace(/^transformer\./, '');
        expectClose(gradients[parameter]!, values, GRADIENTS, parameter);
      }
      disposeParams(model.params);
    },
  );

  test('padding of any length changes neither the logits nor a gradient', async () => {
    const model = classifier('student');
    const shortest = await evaluate(model, batchOf(20));
    for (const length of [21, 40]) {
      const padded = await evaluate(model, batchOf(length));
      expectClose(padded.logits, shortest.logits, LOGITS, `logits at ${length}`);
      for (const [name, values] of Object.entries(shortest.gradients)) {
        // Exactly 0 in exact arithmetic, see fixtures/README.md.
        if (name.endsWith('c_attn.bias')) continue;
        expectClose(padded.gradients[name]!, values, GRADIENTS, `${name} at ${length}`);
      }
    }
    disposeParams(model.params);
  });
}
