/**
 * GPT-2's weights by name: which tensors a geometry has and in which shape, how they are initialised, and how
 * they come out of a checkpoint. Names are the published ones without `transformer.`; matrices are Conv1D's
 * [in, out] and are multiplied as they are.
 */
import { withKind } from '../engine/cost';
import { allocate, wrap } from '../engine/dispatch';
import { kernelsServe } from '../engine/mode';
import { emptyPackedParameter } from '../engine/packed';
import type { Parameter } from '../engine/parameter';
import { createParameter, disposeParameter, parameterOf } from '../engine/parameter';
import { copyParameter, fillParameter } from '../engine/upload';
import { CheckpointError } from '../errors';
import type { Checkpoint } from '../io/checkpoint';
import { randomStream } from '../random';
import type { GPT2Config } from './config';

/** Every tensor of a model by its canonical name. */
export type GPT2Params = Readonly<Record<string, Parameter>>;

/** The tensors of block `layer`, in the order of the forward pass. */
function blockTensors(config: GPT2Config, layer: number): [string, number[]][] {
  const { nEmbd: C, nInner } = config;
  const h = `h.${layer}`;
  return [
    [`${h}.ln_1.weight`, [C]],
    [`${h}.ln_1.bias`, [C]],
    [`${h}.attn.c_attn.weight`, [C, 3 * C]],
    [`${h}.attn.c_attn.bias`, [3 * C]],
    [`${h}.attn.c_proj.weight`, [C, C]],
    [`${h}.attn.c_proj.bias`, [C]],
    [`${h}.ln_2.weight`, [C]],
    [`${h}.ln_2.bias`, [C]],
    [`${h}.mlp.c_fc.weight`, [C, nInner]],
    [`${h}.mlp.c_fc.bias`, [nInner]],
    [`${h}.mlp.c_proj.weight`, [nInner, C]],
    [`${h}.mlp.c_proj.bias`, [C]],
  ];
}

/**
 * Name and shape of every tensor of a GPT-2 of this geometry; a language model's output layer is tied to `wte.weight`,
 * a classifier's is `score.weight`.
 */
export function expectedTensors(config: GPT2Config): Map<string, number[]> {
  const { nEmbd: C, nLayer, nPositions, vocabSize } = config;
  const tensors = new Map([
    ['wte.weight', [vocabSize, C]],
    ['wpe.weight', [nPositions, C]],
  ]);
  for (let layer = 0; layer < nLayer; layer++) {
    for (const [name, shape] of blockTensors(config, layer)) tensors.set(name, shape);
  }
  tensors.set('ln_f.weight', [C]);
  tensors.set('ln_f.bias', [C]);
  if (config.classifier) tensors.set('score.weight', [config.classifier.labels.length, C]);
  return tensors;
}

/**
 * Whether a frozen model may hold this weight in float16: the token embedding and the blocks' matrices, 99 % of GPT-2
 * small. Positions, biases and layer norms are read by kernels that know float32 only.
 */
export const packable = (name: string): boolean =>
  name === 'wte.weight' || /^h\.\d+\.(attn|mlp)\.\w+\.weight$/.test(name);

const sizeOf = (shape: readonly number[]) => shape.reduce((product, n) => product * n, 1);

/**
 * Host values of a freshly initialised tensor, in pieces of at most `limit` elements: layer norms 1 and 0, biases
 * 0, all matrices and embeddings normal with standard deviation 0.02, the two projections back into the residual
 * stream 0.02 / sqrt(2 L). Each tensor has its own random stream, so that a model's first layers do not depend on
 * how many follow.
 * Source: GPT-2's paper, section 2.3, and OpenAI's released code (`wpe` 0.02 as in nanoGPT, theirs was 0.01).
 */
export function* initialPieces(
  name: string,
  shape: readonly number[],
  nLayer: number,
  seed: number,
  limit = Infinity,
): Generator<{ first: number; values: Float32Array<ArrayBuffer> }, void, undefined> {
  const size = sizeOf(shape);
  const deviation = name.endsWith('c_proj.weight') ? 0.02 / Math.sqrt(2 * nLayer) : 0.02;
  const random = randomStream(seed, `initialise ${name}`);
  for (let first = 0; first < size; first += limit) {
    const values = new Float32Array(Math.min(limit, size - first));
    if (shape.length > 1) for (let i = 0; i < values.length; i++) values[i] = deviation * random.normal();
    else if (!name.endsWith('.bias')) values.fill(1);
    yield { first, values };
  }
}

/** The same in one piece. */
export function initialValues(
  name: string,
  shape: readonly number[],
  nLayer: number,
  seed: number,
): Float32Array<ArrayBuffer> {
  for (const { values } of initialPieces(name, shape, nLayer, seed)) return values;
  return new Float32Array(0);
}

/** A new model of this geometry with random weights; the same seed gives the same weights. */
export function initialiseParams(config: GPT2Config, seed: number, trainable = true): GPT2Params {
  const params: Record<string, Parameter> = {};
  for (const [name, shape] of expectedTensors(config)) {
    params[name] = createParameter(name, shape, initialValues(name, shape, config.nLayer, seed), trainable);
  }
  return params;
}

/**
 * A model of this geometry whose weights have no values yet: for a dry run, in which they never get any. A frozen one
 * may be packed (`packable`).
 */
export function emptyParams(config: GPT2Config, trainable = true, packed = false): GPT2Params {
  const empty = (name: string, shape: readonly number[]) =>
    packed && !trainable && kernelsServe(config) && packable(name)
      ? emptyPackedParameter(name, shape)
      : parameterOf(name, () => wrap(allocate(shape)), trainable);
  return withKind('weights', () =>
    Object.fromEntries([...expectedTensors(config)].map(([name, shape]) => [name, empty(name, shape)])),
  );
}

const sameShape = (a: readonly number[], b: readonly number[]) =>
  a.length === b.length && a.every((size, i) => size === b[i]);

/**
 * Checks a checkpoint's header against its config. Throws CheckpointError for the first tensor that is
 * missing, has another shape, or does not belong to a GPT-2 language model. Reads no weights.
 */
export function checkTensors(tensors: Checkpoint['tensors'], config: GPT2Config): void {
  const expected = expectedTensors(config);
  for (const [name, shape] of expected) {
    const found = tensors.get(name);
    if (!found) {
      throw new CheckpointError(
        `${name} is missing: the checkpoint holds ${tensors.size} tensors, a GPT-2 with n_layer ${config.nLayer} has ${expected.size}`,
        'The file is incomplete, or config.json belongs to another model; load both from one repository.',
      );
    }
    if (!sameShape(found.shape, shape)) {
      throw new CheckpointError(
        `${name} has shape [${found.shape.join(', ')}], expected [${shape.join(', ')}] for n_embd ${config.nEmbd}`,
        'Config and weights come from different models; load both from one repository.',
      );
    }
  }
  for (const name of tensors.keys()) {
    if (!expected.has(name)) {
      throw new CheckpointError(
        `${name} is not a tensor of a GPT-2 language model with n_layer ${config.nLayer}`,
        'Config and weights come from different models; load both from one repository.',
      );
    }
  }
}

/**
 * Name in a model of the blocks `layers` (renumbered from 0) -> name in the checkpoint; the embeddings and
 * the last layer norm keep theirs.
 */
export function sourceNames(config: GPT2Config, layers: readonly number[]): Map<string, string> {
  const student = { ...config, nLayer: layers.length };
  const names = new Map<string, string>();
  for (const name of expectedTensors(student).keys()) {
    names.set(
      name,
      name.replace(/^h\.(\d+)\./, (_, layer: string) => `h.${layers[Number(layer)]}.`),
    );
  }
  return names;
}

export interface LoadOptions {
  /** Default true. */
  trainable?: boolean;
  /** Told the weights read so far and in all, after every piece; what it throws ends the loading. */
  onProgress?: (done: number, total: number) => void;
  /** A weight of the checkpoint that is on the device already, to be copied there instead of read. */
  resident?: (name: string) => Parameter | undefined;
}

/**
 * Reads a model's weights onto the device, piece by piece. `layers` are the blocks to keep, in order, and become
 * h.0, h.1, …; without it all are read. Only these tensors' bytes are read. Throws CheckpointError as `checkTensors`
 * does.
 */
export async function loadParams(
  checkpoint: Checkpoint,
  config: GPT2Config,
  layers: readonly number[] = Array.from({ length: config.nLayer }, (_, i) => i),
  { trainable = true, onProgress, resident }: LoadOptions = {},
): Promise<GPT2Params> {
  checkTensors(checkpoint.tensors, config);
  const shapes = expectedTensors({ ...config, nLayer: layers.length });
  const total = [...shapes.values()].reduce((sum, shape) => sum + sizeOf(shape), 0);
  const params: Record<string, Parameter> = {};
  let done = 0;
  const read = async function* (source: string) {
    for await (const piece of checkpoint.floatPieces(source)) {
      yield piece;
      done += piece.values.length;
      onProgress?.(done, total);
    }
  };
  try {
    for (const [name, source] of sourceNames(config, layers)) {
      const shape = shapes.get(name)!;
      const there = resident?.(source);
      params[name] = there
        ? copyParameter(name, there, trainable)
        : await fillParameter(name, shape, read(source), trainable);
      if (!there) continue;
      done += sizeOf(shape);
      onProgress?.(done, total);
    }
  } catch (error) {
    disposeParams(params);
    throw error;
  }
  return params;
}

/**
 * The same weights seen as frozen: shares the values, takes no gradient. For a pass that trains something else
 * through this model. Do not dispose it.
 */
export function frozenView(params: GPT2Params): GPT2Params {
  return Object.fromEntries(
    Object.entries(params).map(([name, parameter]) => [
      name,
      { ...parameter, trainable: false, gradient: null },
    ]),
  );
}

/** Gives a model's weights and gradients back. */
export function disposeParams(params: GPT2Params): void {
  for (const parameter of Object.values(params)) disposeParameter(parameter);
}
