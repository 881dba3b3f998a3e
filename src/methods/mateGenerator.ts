/**
 * MATE-KD's generator: a masked language model that proposes words for masked positions. GPT-2 has none beside it,
 * so it is a truncated copy of the teacher, pseudo-uniform, whose attention looks both ways and whose masked
 * positions have one learned embedding. Its output layer is tied to its own token embedding.
 * Masked rows are a fixed number of a batch's N, so that every step has the same shapes.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor2D } from '@tensorflow/tfjs-core';
import { chosenRows, describeRows, putRows, takeRows, type ChosenRows } from '../engine/ops/chosenRows';
import { embedding, type TokenTensors } from '../engine/ops/embedding';
import type { Logits } from '../engine/ops/tokenLoss';
import { createParameter, type Parameter } from '../engine/parameter';
import { copyParameter } from '../engine/upload';
import { RecipeError } from '../errors';
import type { GPT2Config } from '../model/config';
import { forward } from '../model/gpt2';
import { sourceNames } from '../model/params';
import { selectLayers } from '../model/selection';
import type { ExtraContext, LossInputs } from './method';

/** The learned embedding [1, C] of a masked position. */
const MASK = 'mask';

/** The teacher's sizes with `layers` blocks and, of a classifier, without the head. */
function generatorConfig({ classifier: _, ...config }: GPT2Config, layers: number): GPT2Config {
  return { ...config, nLayer: layers };
}

/** The generator's weights under the model's own names. Throws RecipeError when the teacher has too few layers. */
export function createGenerator(
  { teacher, random }: ExtraContext,
  layers: number,
): Record<string, Parameter> {
  const { config, params } = teacher!;
  if (layers > config.nLayer) {
    throw new RecipeError(
      `MATE-KD cannot make a generator of ${layers} layers of a teacher that has ${config.nLayer}`,
      `Set generatorLayers to at most ${config.nLayer}.`,
    );
  }
  const kept = selectLayers('pseudo-uniform', config.nLayer, layers).layers;
  const generator: Record<string, Parameter> = {};
  for (const [name, source] of sourceNames(generatorConfig(config, layers), kept)) {
    generator[name] = copyParameter(name, params[source]!);
  }
  const values = Float32Array.from({ length: config.nEmbd }, () => 0.02 * random.normal());
  // Used through a plain tfjs op.
  generator[MASK] = createParameter(MASK, [1, config.nEmbd], values, true, true);
  return generator;
}

/** Draws which of a batch's positions are masked: a share of all, at least one. */
export function drawMask(
  { tokens: { batch, length }, drawn }: Pick<LossInputs, 'tokens' | 'drawn'>,
  share: number,
): ChosenRows {
  const total = batch * length;
  const count = Math.max(1, Math.round(share * total));
  const described = drawn([count + total], 'int32', (random) =>
    describeRows(random.permutation(total).subarray(0, count), total),
  );
  return chosenRows(described, count, total);
}

/** What the generator says of the masked positions, [M, V]; `teacher` has its sizes. */
export function proposals(
  generator: Readonly<Record<string, Parameter>>,
  teacher: GPT2Config,
  layers: number,
  tokens: TokenTensors,
  masked: ChosenRows,
): Logits {
  const wte = generator['wte.weight']!;
  const mask = generator[MASK]!.value as unknown as Tensor2D;
  const blanks = tf.add<Tensor2D>(tf.zeros([masked.rows.size, mask.shape[1]]), mask);
  const inputEmbeddings = putRows(embedding(tokens, wte, null), blanks, masked);
  const config = generatorConfig(teacher, layers);
  const { hidden } = forward(generator, config, tokens, { inputEmbeddings, causal: false });
  return { kind: 'vocabulary', hidden: takeRows(hidden, masked), embedding: wte };
}
