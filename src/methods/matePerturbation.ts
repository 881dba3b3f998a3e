/** What MATE-KD's generator makes of a text: for the models, and for a reader. */
import * as tf from '@tensorflow/tfjs-core';
import { putRows, type ChosenRows } from '../engine/ops/chosenRows';
import { embedding, type TokenTensors } from '../engine/ops/embedding';
import { gumbelNoise, type NoiseSource } from '../engine/ops/noise';
import { klDivergence } from '../engine/ops/rowTerms';
import { softEmbedding, type SoftEmbeddingOptions } from '../engine/ops/softEmbedding';
import { denseLogits, tokenLoss, type Logits } from '../engine/ops/tokenLoss';
import type { ModelOutput } from '../model/gpt2';
import { frozenView } from '../model/params';
import { drawMask, proposals } from './mateGenerator';
import type { ChangedWords, LossInputs, RunnableModel } from './method';

export interface MateSettings {
  maskShare: number;
  temperature: number;
  sample: string;
  generatorSteps: number;
  studentSteps: number;
  generatorRate: number;
  generatorClip: number;
  generatorLayers: number;
  warmupSteps: number;
}

/** `tokens` with drawn words where they are masked, in the model's own embeddings. -> [N, C] */
export function perturbedInput(
  { params }: Pick<RunnableModel, 'params'>,
  tokens: TokenTensors,
  masked: ChosenRows,
  logits: Logits,
  options: SoftEmbeddingOptions,
): tf.Tensor2D {
  const wte = params['wte.weight']!;
  return putRows(embedding(tokens, wte, null), softEmbedding(logits, wte, options), masked);
}

export interface Outputs {
  teacher: ModelOutput;
  student: ModelOutput;
}

interface Perturbed extends Outputs {
  masked: ChosenRows;
  /** Of the masked positions, [M, V], and what was added to them. */
  logits: Logits;
  noise: NoiseSource;
}

/** Teacher and student on x'. `constant`: the generator gets no gradient. */
export function runPerturbed(
  { models, tokens, targets, drawn, extra }: LossInputs<'models'>,
  { maskShare, temperature, sample, generatorLayers }: MateSettings,
  constant: boolean,
): Perturbed {
  const masked = drawMask({ tokens, drawn }, maskShare);
  const seed = drawn([1], 'int32', (random) => Int32Array.of(random.next()));
  const noise: NoiseSource = { seed, stream: 0 };
  const generator = constant ? frozenView(extra) : extra;
  const logits = proposals(generator, models.teacher.config, generatorLayers, tokens, masked);
  const straightThrough = sample === 'straight-through';
  const run = (model: RunnableModel) => {
    const options = { temperature, noise, straightThrough, constant, chunkBytes: targets.chunkBytes };
    return model.run(tokens, { inputEmbeddings: perturbedInput(model, tokens, masked, logits, options) });
  };
  return { teacher: run(models.teacher), student: run(models.student), masked, logits, noise };
}

/** The words that Gumbel-softmax draws: of a mix the likeliest ones. For a few rows; [M, V] is held. -> [M] int32 */
export function drawnWords(logits: Logits, noise: NoiseSource): tf.Tensor1D {
  const z = denseLogits(logits);
  return tf.argMax<tf.Tensor1D>(tf.add(z, gumbelNoise<tf.Rank.R2>(z.shape, noise)), 1);
}

/** One row of text as the generator would rewrite it now, and how far apart the models are on both versions. */
export function mateChange(inputs: LossInputs<'models'>, settings: MateSettings): ChangedWords {
  const { models, tokens, targets } = inputs;
  const { masked, logits, noise, ...perturbed } = runPerturbed(inputs, settings, true);
  const divergence = ({ teacher, student }: Outputs) =>
    tokenLoss(student.logits, targets, {
      soft: klDivergence({ teacher: teacher.logits, temperature: 1, weight: 1 }),
    }).total;
  const clean = { teacher: models.teacher.run(tokens), student: models.student.run(tokens) };
  return {
    places: masked.rows,
    words: drawnWords(logits, noise),
    divergence: tf.stack([divergence(clean), divergence(perturbed)]) as tf.Tensor1D,
  };
}
