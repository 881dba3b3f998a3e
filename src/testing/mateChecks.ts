/**
 * MATE-KD's two objectives on every device, against fixtures/losses; the generator's gradient against finite
 * differences.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor1D, Tensor2D } from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { readTensor } from '../engine/device';
import { hostTensor } from '../engine/host';
import { chosenRows, describeRows, type ChosenRows } from '../engine/ops/chosenRows';
import { disposeTokens, uploadTokens, type TokenTensors } from '../engine/ops/embedding';
import { crossEntropy } from '../engine/ops/rowTerms';
import { denseLogits, tokenLoss } from '../engine/ops/tokenLoss';
import {
  clearGradients,
  createParameter,
  disposeParameter,
  valueAndGradients,
  writeParameter,
  type Parameter,
} from '../engine/parameter';
import { createGenerator, drawMask, proposals } from '../methods/mateGenerator';
import { disagreement, mateKd, studentObjective } from '../methods/mateKd';
import { mateChange, perturbedInput, type MateSettings } from '../methods/matePerturbation';
import type { LossInputs, Method, Part } from '../methods/method';
import { forward, type ForwardOptions, type Model } from '../model/gpt2';
import { disposeParams, frozenView } from '../model/params';
import { randomStream } from '../random';
import type { SettingValues } from '../recipe/settings';
import { expectClose } from './expectClose';
import { fixtureJson, fixtureTensors } from './fixtures';
import { tinyModel, tinyStudent, tinyTeacher } from './tinyGpt2';
import { cycle, randomBatches, runTraining, trainingRecipe } from './training';

// fixtures/README.md, column "suggested".
const INPUTS = 1e-5;
const VALUES = 5e-6;
const GRADIENTS = 1e-5;

interface Variant {
  tensor_prefix: string;
  gumbel_temperature: number;
  straight_through: boolean;
  kl_perturbed: number;
  student_objective: number;
}

interface Fixture {
  input_ids: number[][];
  masked: number[][];
  student_wte_scale: number;
  variants: Variant[];
}

const fixture = fixtureJson<{ mate_kd: Fixture }>('losses').mate_kd;
const ids = Int32Array.from(fixture.input_ids[0]!);
const T = ids.length;
const rows = [...fixture.masked[0]!.keys()].filter((t) => fixture.masked[0]![t] === 1);

const runnable = (model: Model) => ({
  ...model,
  run: (tokens: TokenTensors, options?: ForwardOptions) =>
    forward(model.params, model.config, tokens, options),
});

/** The student of the fixtures: its embedding is another one than the teacher's. */
async function scaledStudent(): Promise<Model> {
  const student = tinyStudent();
  const wte = student.params['wte.weight']!;
  const values = await readTensor(wte.value);
  writeParameter(
    wte,
    values.map((x) => x * fixture.student_wte_scale),
  );
  return student;
}

/** Rows of a stored [1, T, V] that are masked. */
function maskedRows(values: ArrayLike<number>): Float32Array {
  const V = values.length / T;
  return Float32Array.from({ length: rows.length * V }, (_, i) => {
    return values[rows[Math.floor(i / V)]! * V + (i % V)]!;
  });
}

async function checkVariant(variant: Variant): Promise<void> {
  const stored = fixtureTensors('losses');
  const of = (name: string) => stored[variant.tensor_prefix + name];
  const [teacher, student] = [tinyTeacher(), await scaledStudent()];
  const size: [number, number] = [rows.length, teacher.config.vocabSize];
  const z = createParameter('z', size, maskedRows(stored['mate.generator_logits']!.values), true, true);
  const logits = { kind: 'dense', tensor: z.value as unknown as Tensor2D } as const;
  const noise = tf.tensor2d(
    maskedRows(stored['mate.uniform']!.values).map((u) => -Math.log(-Math.log(u))),
    size,
  );
  const tokens = uploadTokens(ids, 1, T, teacher.config.vocabSize);
  const described = tf.tensor1d(describeRows(rows, T), 'int32');
  const masked = chosenRows(described, rows.length, T);
  const everyRow = { labels: tokens.ids, scale: 1 / T };
  const next = tf.tensor1d([...ids.subarray(1), -100], 'int32');
  const seen: Record<string, Tensor2D> = {};
  const run = (model: Model, name: string, constant: boolean) => {
    const inputEmbeddings = perturbedInput(model, tokens, masked, logits, {
      temperature: variant.gumbel_temperature,
      noise,
      straightThrough: variant.straight_through,
      constant,
    });
    const output = runnable(model).run(tokens, { inputEmbeddings });
    if (!constant) {
      seen[`${name}_input`] = tf.keep(inputEmbeddings.clone());
      seen[`${name}_logits`] = tf.keep(denseLogits(output.logits));
    }
    return output;
  };

  const frozen = { ...student, params: frozenView(student.params) };
  const maximised = valueAndGradients(
    () =>
      disagreement(run(teacher, 'teacher', false).logits, run(frozen, 'student', false).logits, everyRow)
        .total,
    [z],
  );
  expectClose(await readTensor(maximised), [-variant.kl_perturbed], VALUES, 'divergence');
  for (const [name, tensor] of Object.entries(seen)) {
    const expected = of(name);
    if (expected) expectClose(await readTensor(tensor), expected.values, INPUTS, name);
  }
  const byLogits = (await readTensor(z.gradient!)).map((g) => -g);
  const expected = of('grad.generator_logits.kl')!.values;
  expectClose(byLogits, maskedRows(expected), GRADIENTS, 'gradient of the generator’s logits');
  clearGradients([z]);

  // The fixture scores the divergences at all positions, its cross-entropy at all but the last.
  const minimised = tf.tidy(() =>
    valueAndGradients(() => {
      const clean = { teacher: runnable(teacher).run(tokens), student: runnable(student).run(tokens) };
      const perturbed = { teacher: run(teacher, '', true), student: run(student, '', true) };
      const hard = (labels: Tensor1D, scale: number, weight: number) =>
        tokenLoss(clean.student.logits, { labels, scale }, { hard: crossEntropy({ weight }) }).total;
      return tf.addN<Scalar>([
        studentObjective(clean, perturbed, everyRow).total,
        hard(tokens.ids, 1 / T, -1 / 3),
        hard(next, 1 / (T - 1), 1 / 3),
      ]);
    }, [...Object.values(student.params), z]),
  );
  expectClose(await readTensor(minimised), [variant.student_objective], VALUES, 'student’s objective');
  const byWords = of('grad.student_wte.student_objective');
  const wte = student.params['wte.weight']!;
  if (byWords) expectClose(await readTensor(wte.gradient!), byWords.values, GRADIENTS, 'gradient of wte');
  const toGenerator = z.gradient ? await readTensor(z.gradient) : Float32Array.of(0);
  expect(toGenerator.every((g) => g === 0)).toBe(true);

  tf.dispose([maximised, minimised, noise, described, { ...masked }, next, seen]);
  disposeTokens(tokens);
  disposeParameter(z);
  [teacher, student].forEach(({ params }) => disposeParams(params));
}

const SETTINGS: SettingValues = {
  ...Object.fromEntries(Object.entries(mateKd.settings).map(([name, spec]) => [name, spec.default])),
  temperature: 0.7,
};

/** A batch for a part of the method as the trainer gives it; every call draws the same. */
function inputsOf(teacher: Model, student: Model, extra: Record<string, Parameter>) {
  const [batch, length] = [2, 8];
  const values = Int32Array.from({ length: batch * length }, (_, i) => (i * 37 + 11) % 512);
  const tokens = uploadTokens(values, batch, length, 512);
  const random = randomStream(3, 'mate');
  const labels = Int32Array.from(values, (_, i) => ((i + 1) % length === 0 ? -100 : values[i + 1]!));
  const inputs = {
    models: {
      teacher: runnable(teacher),
      student: runnable({ ...student, params: frozenView(student.params) }),
    },
    tokens,
    targets: { labels: tf.tensor1d(labels, 'int32'), scale: 1 / (batch * (length - 1)) },
    share: 1,
    extra,
    drawn: (shape, dtype, draw) => hostTensor(shape, dtype, () => draw(random)),
  } as Partial<LossInputs> as LossInputs;
  const again = () => {
    random.counter = 0;
    return inputs;
  };
  return { again, dispose: () => tf.dispose([{ ...tokens }, inputs.targets.labels] as tf.TensorContainer) };
}

async function checkFiniteDifference(part: Part, name: string): Promise<void> {
  const [teacher, student] = [tinyModel([0, 4, 7, 11], { trainable: false }), tinyModel([0, 11])];
  const extra = createGenerator({ teacher, student, random: randomStream(1, 'generator') }, 2);
  const { again, dispose } = inputsOf(teacher, student, extra);
  const loss = () => part.loss(again(), SETTINGS).total;
  tf.tidy(() => valueAndGradients(loss, Object.values(extra))).dispose();
  for (const { gradient } of Object.values(student.params)) expect(gradient).toBeNull();
  const weight = extra[name]!;
  const start = Float32Array.from(await readTensor(weight.value));
  const gradient = await readTensor(weight.gradient!);
  // Along the gradient, where the slope is largest beside the rounding of the loss.
  const norm = Math.hypot(...gradient);
  const at = async (step: number) => {
    writeParameter(
      weight,
      start.map((w, i) => w + (step * gradient[i]!) / norm),
    );
    const value = tf.tidy(loss);
    const number = (await readTensor(value))[0]!;
    value.dispose();
    return number;
  };
  const step = 2e-2;
  expectClose([((await at(step)) - (await at(-step))) / (2 * step)], [norm], 2e-2, name);
  dispose();
  Object.values(extra).forEach(disposeParameter);
  [teacher, student].forEach(({ params }) => disposeParams(params));
}

export function checkMate(): void {
  test.each(fixture.variants.map((variant) => [variant.tensor_prefix, variant] as const))(
    '%s both objectives and their gradients',
    (_, variant) => checkVariant(variant),
  );

  const [warmUp, maximise] = mateKd.parts as [Part, Part, Part];
  test.each(['mask', 'wte.weight', 'h.0.mlp.c_fc.weight', 'h.1.attn.c_attn.weight'])(
    'the generator’s gradient by %s is its finite difference',
    async (name) => {
      await checkFiniteDifference(warmUp, name);
      await checkFiniteDifference(maximise, name);
    },
  );

  test('the words shown are those whose vectors the models get, and the rest of the text stays', async () => {
    const [teacher, student] = [tinyModel([0, 4, 7, 11], { trainable: false }), tinyModel([0, 11])];
    const extra = createGenerator({ teacher, student, random: randomStream(1, 'generator') }, 2);
    const { again, dispose } = inputsOf(teacher, student, extra);
    const inputs = again();
    const settings = { ...SETTINGS, sample: 'straight-through' } as unknown as MateSettings;
    const { places, words, divergence } = tf.tidy(() => ({ ...mateChange(inputs, settings) }));
    // The same draws by hand: the rows of the embedding that stand in the input are the words' own.
    again();
    const drawnVectors = tf.tidy(() => {
      const masked = drawMask(inputs, settings.maskShare);
      const seed = inputs.drawn([1], 'int32', (random) => Int32Array.of(random.next()));
      const logits = proposals(extra, teacher.config, 2, inputs.tokens, masked);
      const options = { temperature: 0.7, noise: { seed, stream: 0 }, straightThrough: true };
      return perturbedInput(inputs.models.teacher, inputs.tokens, masked, logits, options);
    });
    const width = teacher.config.nEmbd;
    const table = await readTensor(teacher.params['wte.weight']!.value);
    const vectors = await readTensor(drawnVectors);
    const [at, drawn] = [await readTensor(places), await readTensor(words)];
    expect(at).toHaveLength(Math.round(settings.maskShare * inputs.tokens.ids.size));
    at.forEach((place, i) => {
      const word = drawn[i]!;
      expectClose(
        vectors.subarray(place * width, (place + 1) * width),
        table.subarray(word * width, (word + 1) * width),
        1e-6,
        `place ${place}`,
      );
    });
    const [before, after] = await readTensor(divergence);
    const maximised = (mateKd.parts as Part[])[1]!;
    const total = tf.tidy(() => maximised.loss(again(), settings as unknown as SettingValues).total);
    expectClose([after!], [-(await readTensor(total))[0]!], VALUES, 'divergence on x′');
    expect(before).toBeGreaterThan(0);
    for (const { gradient } of Object.values(student.params)) expect(gradient).toBeNull();
    tf.dispose([places, words, divergence, drawnVectors, total]);
    dispose();
    Object.values(extra).forEach(disposeParameter);
    [teacher, student].forEach(({ params }) => disposeParams(params));
  });

  test('a run that shows its rewritten text trains as one that does not, bit for bit', async () => {
    const settings = { warmupSteps: 1, generatorSteps: 1, studentSteps: 2, generatorRate: 1e-3 };
    const stage = { method: 'mate-kd', steps: 7, batchSize: 2, settings };
    const train = async (methods: readonly Method[]) => {
      const student = tinyModel([0, 11]);
      const teacher = tinyModel([0, 4, 7, 11], { trainable: false });
      const { steps, events } = await runTraining({
        recipe: trainingRecipe([stage], { every: 3 }),
        methods,
        batches: () => cycle(randomBatches(7, 2, 8, 512)),
        student,
        teacher,
        evaluate: () => Promise.resolve(),
      });
      [teacher, student].forEach(({ params }) => disposeParams(params));
      return { steps: steps.map(({ loss, gradNorm }) => [loss, gradNorm]), events };
    };
    const shown = await train([mateKd]);
    const texts = shown.events.filter((event) => event.type === 'changedText');
    expect(texts.map(({ step }) => step)).toEqual([1, 3, 6, 7]);
    for (const { before, after } of texts) {
      expect([before.length, after.length]).toEqual([8, 8]);
      const changed = before.filter((id, i) => id !== after[i]).length;
      expect(changed).toBeLessThanOrEqual(Math.round(0.3 * 8));
    }
    expect(texts.some(({ before, after }) => before.join() !== after.join())).toBe(true);
    const silent = await train([{ ...mateKd, changedWords: undefined }]);
    expect(silent.events.some((event) => event.type === 'changedText')).toBe(false);
    expect(silent.steps).toEqual(shown.steps);
  });

  test('the generator reads the words on both sides of a masked one, and not the masked one', async () => {
    const teacher = tinyModel([0, 4, 7, 11], { trainable: false });
    const extra = createGenerator({ teacher, student: teacher, random: randomStream(1, 'generator') }, 2);
    const says = async (words: number[]) => {
      const tokens = uploadTokens(Int32Array.from(words), 1, 4, 512);
      const result = tf.tidy(() => {
        const masked: ChosenRows = chosenRows(tf.tensor1d(describeRows([1], 4), 'int32'), 1, 4);
        return denseLogits(proposals(extra, teacher.config, 2, tokens, masked));
      });
      const values = await readTensor(result);
      result.dispose();
      disposeTokens(tokens);
      return values;
    };
    const plain = await says([1, 2, 3, 4]);
    expect(await says([1, 300, 3, 4])).toEqual(plain);
    expect(await says([1, 2, 3, 300])).not.toEqual(plain);
    expect(await says([300, 2, 3, 4])).not.toEqual(plain);
    Object.values(extra).forEach(disposeParameter);
    disposeParams(teacher.params);
  });
}
