/** The MATE-KD part of `fixtures/losses.json`: a drawn input, and the divergence of two models on it. */
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor2D } from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { readTensor } from '../engine/device';
import { softEmbedding } from '../engine/ops/softEmbedding';
import { denseLogits } from '../engine/ops/tokenLoss';
import { createParameter, disposeParameter, valueAndGradients, writeParameter } from '../engine/parameter';
import { forward, type Model } from '../model/gpt2';
import { disposeParams, frozenView } from '../model/params';
import { expectClose } from './expectClose';
import { fixtureJson, fixtureTensors } from './fixtures';
import { tinyStudent, tinyTeacher } from './tinyGpt2';

// fixtures/README.md, column "suggested".
const INPUTS = 1e-5;
const VALUES = 5e-6;
const GRADIENTS = 1e-5;

interface Variant {
  tensor_prefix: string;
  gumbel_temperature: number;
  straight_through: boolean;
  kl_perturbed: number;
}

interface Fixture {
  input_ids: number[][];
  masked: number[][];
  student_wte_scale: number;
  variants: Variant[];
}

const fixture = fixtureJson<{ mate_kd: Fixture }>('losses').mate_kd;
const ids = fixture.input_ids[0]!;
const T = ids.length;

/** The student of the fixtures: its embedding is another one than the teacher's. */
async function scaledStudent(): Promise<Model> {
  const student = tinyStudent();
  const wte = student.params['wte.weight']!;
  const values = await readTensor(wte.value);
  writeParameter(
    wte,
    values.map((x) => x * fixture.student_wte_scale),
  );
  return { ...student, params: frozenView(student.params) };
}

/** KL(p || q) of softmaxed rows, mean over rows; differentiable in both. */
function divergence(teacher: Tensor2D, student: Tensor2D): tf.Scalar {
  const [logP, logQ] = [tf.logSoftmax(teacher), tf.logSoftmax(student)];
  return tf.mean(tf.sum(tf.mul(tf.exp(logP), tf.sub(logP, logQ)), 1));
}

/** Inputs of both models, the divergence, and its gradient by the generator's logits. */
export function checkMateFixtures(): void {
  test.each(fixture.variants.map((variant) => [variant.tensor_prefix, variant] as const))(
    '%s',
    async (_, variant) => {
      const tensors = fixtureTensors('losses');
      const of = (name: string) => tensors[variant.tensor_prefix + name];
      const [teacher, student] = [tinyTeacher(), await scaledStudent()];
      const { values: z, shape } = tensors['mate.generator_logits']!;
      const size: [number, number] = [T, shape[2]!];
      const generator = createParameter('generator', size, Float32Array.from(z), true, true);
      const noise = tf.tensor2d(
        Float32Array.from(tensors['mate.uniform']!.values, (u) => -Math.log(-Math.log(u))),
        size,
      );
      const masked = tf.tensor2d(fixture.masked[0]!, [T, 1]);
      const rows = async (model: Model) => {
        const wte = await readTensor(model.params['wte.weight']!.value);
        const C = model.config.nEmbd;
        return tf.tensor2d(
          ids.map((id, t) =>
            [...wte.subarray(id * C, (id + 1) * C)].map((x) => (fixture.masked[0]![t] ? 0 : x)),
          ),
        );
      };
      const kept = { teacher: await rows(teacher), student: await rows(student) };
      const inputs: Record<string, Tensor2D> = {};
      const kl = valueAndGradients(() => {
        const logits = { kind: 'dense', tensor: generator.value as unknown as Tensor2D } as const;
        const run = (model: Model, name: 'teacher' | 'student') => {
          const drawn = softEmbedding(logits, model.params['wte.weight']!, {
            temperature: variant.gumbel_temperature,
            noise,
            straightThrough: variant.straight_through,
          });
          const inputEmbeddings = tf.add<Tensor2D>(tf.mul(drawn, masked), kept[name]);
          inputs[name] = tf.keep(inputEmbeddings.clone());
          const tokens = { batch: 1, length: T } as Parameters<typeof forward>[2];
          return denseLogits(forward(model.params, model.config, tokens, { inputEmbeddings }).logits);
        };
        return divergence(run(teacher, 'teacher'), run(student, 'student'));
      }, [generator]);
      expectClose(await readTensor(kl), [variant.kl_perturbed], VALUES, 'divergence');
      const gradient = await readTensor(generator.gradient!);
      expectClose(gradient, of('grad.generator_logits.kl')!.values, GRADIENTS, 'gradient');
      for (const [name, input] of Object.entries(inputs)) {
        const expected = of(`${name}_input`);
        if (expected) expectClose(await readTensor(input), expected.values, INPUTS, `${name}'s input`);
      }
      expect(Object.keys(inputs)).toEqual(['teacher', 'student']);
      tf.dispose([kl, noise, masked, kept, inputs]);
      disposeParameter(generator);
      [teacher, student].forEach(({ params }) => disposeParams(params));
    },
  );
}
