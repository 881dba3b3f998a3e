/**
 * The models that a session knows: opened checkpoints, whose weights go to the device block by block when
 * something needs them, and students of finished runs, which are there already. A selection of layers is a view
 * of the same weights: nothing is uploaded twice.
 */
import { disposeParameter } from '../../engine/parameter';
import { RecipeError } from '../../errors';
import { openCheckpoint, type Checkpoint } from '../../io/checkpoint';
import type { FileSet } from '../../io/source';
import { parameterCount, parseConfig, type GPT2Config } from '../../model/config';
import type { Model } from '../../model/gpt2';
import { checkTensors, expectedTensors, sourceNames } from '../../model/params';
import type { ModelCard } from '../protocol';
import type { Task } from './task';
import { readVocabulary, type Vocabulary } from './vocabulary';
import { uploadedWeights, type UploadedWeights } from './weights';

export interface KnownModel {
  readonly card: ModelCard;
  readonly config: GPT2Config;
  readonly vocabulary: Vocabulary;
  /** Where more of it can be read; null for a student that exists on the device only. */
  readonly checkpoint: Checkpoint | null;
  /**
   * The blocks `layers` as one frozen model; reads and uploads what is not there yet. Do not dispose it, and do not
   * use it when a view of another precision was asked for since. A student of a run is there in float32 only.
   */
  view: UploadedWeights['view'];
  /** A weight of the checkpoint that is on the device now in float32, by its name there. */
  resident: UploadedWeights['resident'];
  /** config.json as it was found, for fields that Decant does not use; {} for a model that was never a file. */
  readonly huggingFaceConfig: unknown;
  /** Reads the weights of these blocks once, so that a store can keep them and later uses need no network. */
  fetch(layers: readonly number[], task: Task): Promise<void>;
  /** Takes its weights off the device. A checkpoint's are read again when something needs them. */
  dispose(): void;
}

// A range request waits for the network most of its time. Each holds a piece of at most 8 MiB.
const PARALLEL_READS = 4;

/** Throws RecipeError for a classifier, which `cannot` be what was asked. */
export function refuseClassifier(
  { card, config }: Pick<KnownModel, 'card' | 'config'>,
  cannot: string,
): void {
  if (config.classifier)
    throw new RecipeError(`${card.name} is a classifier and ${cannot}`, 'Load a language model.');
}

/** All blocks of a model. */
export const allLayers = (config: GPT2Config): number[] => Array.from({ length: config.nLayer }, (_, i) => i);

/** Opens a checkpoint: config, headers and tokenizer are read and checked, weights are not. */
export async function openModel(ref: string, files: FileSet, note?: string): Promise<KnownModel> {
  const checkpoint = await openCheckpoint(files);
  const config = parseConfig(checkpoint.config);
  checkTensors(checkpoint.tensors, config);
  const vocabulary = await readVocabulary(files, config.vocabSize);
  const entries = [...checkpoint.tensors.values()];
  const dtypes = [...new Set(entries.map((entry) => entry.dtype))];
  const card: ModelCard = {
    ref,
    name: checkpoint.name,
    config,
    parameters: parameterCount(config),
    bytes: entries.reduce((sum, entry) => sum + entry.bytes, 0),
    dtype: dtypes.join(' + '),
    tokenizer: vocabulary.origin,
    warnings: checkpoint.warnings,
    ...(note === undefined ? {} : { note }),
  };
  const weights = uploadedWeights(checkpoint, config);
  const { view, resident, dispose } = weights;
  const fetch = async (layers: readonly number[], task: Task) => {
    const names = [...new Set(sourceNames(config, layers).values())];
    const reader = async () => {
      for (let name = names.pop(); name !== undefined; name = names.pop()) {
        for await (const _ of checkpoint.rawPieces(name)) task.check();
      }
    };
    await Promise.all(Array.from({ length: PARALLEL_READS }, reader));
  };
  const huggingFaceConfig = checkpoint.config;
  return { card, config, vocabulary, checkpoint, huggingFaceConfig, view, resident, fetch, dispose };
}

/**
 * A student that a run trains or left on the device, as a model that can be measured, exported and taught from. It is
 * whatever `holder.model` is: a stage of a task gives it a head.
 */
export function studentModel(
  ref: string,
  name: string,
  holder: { readonly model: Model },
  { vocabulary, huggingFaceConfig }: Pick<KnownModel, 'vocabulary' | 'huggingFaceConfig'>,
): KnownModel {
  const card = (): ModelCard => {
    const { config } = holder.model;
    const sizes = [...expectedTensors(config).values()].map((shape) => shape.reduce((a, b) => a * b, 1));
    return {
      ref,
      name,
      config,
      parameters: parameterCount(config),
      bytes: 4 * sizes.reduce((sum, size) => sum + size, 0),
      dtype: 'F32',
      tokenizer: vocabulary.origin,
      warnings: [],
    };
  };
  return {
    get card() {
      return card();
    },
    get config() {
      return holder.model.config;
    },
    vocabulary,
    checkpoint: null,
    huggingFaceConfig,
    view(layers) {
      const { config, params } = holder.model;
      const view = Object.fromEntries(
        [...sourceNames(config, layers)].map(([target, source]) => [target, params[source]!]),
      );
      return Promise.resolve({ config: { ...config, nLayer: layers.length }, params: view });
    },
    resident: (weight) => holder.model.params[weight],
    fetch: () => Promise.resolve(),
    dispose() {
      for (const parameter of Object.values(holder.model.params)) disposeParameter(parameter);
    },
  };
}

export interface ModelRegistry {
  /**
   * Adds a model or replaces the one of that name. With `retire` the old one keeps its weights until
   * `disposeRetired`: a run may be learning from it.
   */
  add(model: KnownModel, retire?: boolean): void;
  disposeRetired(): void;
  /** Takes the weights of all checkpoints but this one off the device; they are read again when needed. */
  releaseOthers(ref: string): void;
  /** Throws RecipeError when no model goes by that name. */
  get(ref: string): KnownModel;
  has(ref: string): boolean;
  all(): readonly KnownModel[];
  forget(ref: string): void;
  clear(): void;
}

export function modelRegistry(): ModelRegistry {
  const models = new Map<string, KnownModel>();
  let retired: KnownModel[] = [];
  const forget = (ref: string) => {
    models.get(ref)?.dispose();
    models.delete(ref);
  };
  return {
    add(model, retire = false) {
      const { ref } = model.card;
      const old = models.get(ref);
      if (old && retire) retired.push(old);
      else old?.dispose();
      models.set(ref, model);
    },
    disposeRetired() {
      retired.forEach((model) => model.dispose());
      retired = [];
    },
    releaseOthers(ref) {
      for (const model of models.values()) if (model.checkpoint && model.card.ref !== ref) model.dispose();
    },
    get(ref) {
      const model = models.get(ref);
      if (!model) {
        const known = [...models.keys()].join(', ') || 'none';
        throw new RecipeError(`the model ${JSON.stringify(ref)} is not loaded`, `Loaded: ${known}.`);
      }
      return model;
    },
    has: (ref) => models.has(ref),
    all: () => [...models.values()],
    forget,
    clear: () => [...models.keys()].forEach(forget),
  };
}
