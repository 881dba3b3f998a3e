/** The sizes of one GPT-2, as `config.json` gives them. Pure: the studio imports this file too. */
import { CheckpointError } from '../errors';

export interface GPT2Config {
  nLayer: number;
  nHead: number;
  nEmbd: number;
  nPositions: number;
  vocabSize: number;
  /** Width of the MLP; 4 nEmbd unless the checkpoint says otherwise. */
  nInner: number;
  activation: 'gelu_new' | 'gelu';
  layerNormEpsilon: number;
  /** Of a classifier (GPT2ForSequenceClassification); absent of a language model. */
  classifier?: ClassifierConfig;
}

export interface ClassifierConfig {
  /** Names of the classes, by class. */
  labels: readonly string[];
  /** Fills rows up on the right; the token before the first of them at the end is the one that is classified. */
  padTokenId: number;
}

export const CLASSIFIER_ARCHITECTURE = 'GPT2ForSequenceClassification';
const ARCHITECTURES = ['GPT2LMHeadModel', 'GPT2Model', 'GPT2DoubleHeadsModel', CLASSIFIER_ARCHITECTURE];
const LOAD_GPT2 = 'Load a GPT-2 checkpoint (model_type gpt2), such as openai-community/gpt2 or distilgpt2.';

// Spellings of the two activations in transformers. gelu_pytorch_tanh is the same tanh formula as gelu_new.
const ACTIVATIONS: Record<string, GPT2Config['activation']> = {
  gelu_new: 'gelu_new',
  gelu_pytorch_tanh: 'gelu_new',
  gelu_fast: 'gelu_new',
  gelu: 'gelu',
};

/** Options of transformers' GPT2Config that change the arithmetic, with the only value that is implemented. */
const FIXED: [name: string, value: boolean, meaning: string][] = [
  ['scale_attn_weights', true, 'attention without the division by the square root of the head size'],
  ['scale_attn_by_inverse_layer_idx', false, 'attention scores divided by the layer number'],
  ['add_cross_attention', false, 'cross-attention to an encoder'],
  ['tie_word_embeddings', true, 'an output layer of its own'],
];

type Fields = Record<string, unknown>;

const shown = (value: unknown): string => {
  const text = JSON.stringify(value) ?? 'undefined';
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
};

/** A whole number from 1 on; the fallback, which is GPT2Config's own default, when the field is missing. */
function count(fields: Fields, name: string, fallback: number, limit: number): number {
  const value = fields[name] ?? fallback;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 1 || value > limit)
    throw new CheckpointError(
      `config.json gives ${name} as ${shown(value)}; it must be a whole number from 1 to ${limit}`,
      'The file is damaged or belongs to another kind of model.',
    );
  return value;
}

function refuseOtherArchitectures(fields: Fields): void {
  const type = fields['model_type'];
  const architectures = fields['architectures'];
  const named = Array.isArray(architectures) ? architectures.filter((name) => typeof name === 'string') : [];
  if (type !== undefined && type !== 'gpt2')
    throw new CheckpointError(
      `config.json describes a model of type ${shown(type)}${named.length ? ` (${shown(named[0])})` : ''}, not gpt2`,
      LOAD_GPT2,
    );
  const foreign = named.find((name) => !ARCHITECTURES.includes(name));
  if (foreign !== undefined)
    throw new CheckpointError(
      `config.json names the architecture ${shown(foreign)}, not GPT2LMHeadModel`,
      LOAD_GPT2,
    );
  if (type === undefined && named.length === 0 && fields['n_embd'] === undefined)
    throw new CheckpointError('config.json names neither a model type nor GPT-2 sizes', LOAD_GPT2);
}

/**
 * Class names from `id2label`, or `LABEL_0` and so on for `num_labels`; transformers leaves both out where there
 * are two classes.
 */
function labelsOf(fields: Fields): string[] {
  const named = fields['id2label'];
  if (typeof named !== 'object' || named === null)
    return Array.from({ length: count(fields, 'num_labels', 2, 1 << 16) }, (_, id) => `LABEL_${id}`);
  const names = named as Fields;
  return Object.keys(names).map((_, id) => {
    const name = names[id];
    if (typeof name === 'string') return name;
    throw new CheckpointError(
      `config.json gives id2label as ${shown(named)}; it must name the classes 0 to ${Object.keys(names).length - 1}`,
      'The file is damaged; take the one that belongs to the weights.',
    );
  });
}

function classifierOf(fields: Fields, vocabSize: number): ClassifierConfig | undefined {
  const architectures = fields['architectures'];
  if (!Array.isArray(architectures) || !architectures.includes(CLASSIFIER_ARCHITECTURE)) return undefined;
  // GPT2Config's own default of eos_token_id; classifiers of GPT-2 are padded with it where nothing else is said.
  const pad = fields['pad_token_id'] ?? fields['eos_token_id'] ?? 50256;
  if (typeof pad !== 'number' || !Number.isInteger(pad) || pad < 0 || pad >= vocabSize)
    throw new CheckpointError(
      `config.json gives pad_token_id as ${shown(pad)}, which is no token of a vocabulary of ${vocabSize}`,
      'A classifier needs a padding token; add pad_token_id to config.json.',
    );
  return { labels: labelsOf(fields), padTokenId: pad };
}

/**
 * Reads `config.json` of a GPT-2. Missing fields get the defaults of transformers' GPT2Config.
 * Throws CheckpointError, with the name, for other architectures and for options that are not implemented.
 */
export function parseConfig(json: unknown): GPT2Config {
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    throw new CheckpointError('config.json is not a JSON object', LOAD_GPT2);
  const fields = json as Fields;
  refuseOtherArchitectures(fields);
  for (const [name, value, meaning] of FIXED)
    if ((fields[name] ?? value) !== value)
      throw new CheckpointError(
        `config.json sets ${name} to ${shown(fields[name])}: ${meaning} is not implemented`,
        `Load a GPT-2 with ${name} ${String(value)}.`,
      );
  const name = fields['activation_function'] ?? 'gelu_new';
  if (typeof name !== 'string' || !Object.hasOwn(ACTIVATIONS, name))
    throw new CheckpointError(
      `config.json gives activation_function as ${shown(name)}; gelu_new and gelu are implemented`,
      LOAD_GPT2,
    );
  const epsilon = fields['layer_norm_epsilon'] ?? 1e-5;
  if (typeof epsilon !== 'number' || !(epsilon > 0 && epsilon < 1))
    throw new CheckpointError(
      `config.json gives layer_norm_epsilon as ${shown(epsilon)}; it must be between 0 and 1`,
      'GPT-2 uses 1e-5.',
    );
  const nEmbd = count(fields, 'n_embd', 768, 1 << 16);
  const nHead = count(fields, 'n_head', 12, 1 << 12);
  if (nEmbd % nHead !== 0)
    throw new CheckpointError(
      `config.json gives n_embd ${nEmbd} and n_head ${nHead}; the heads must divide the width evenly`,
      'The file is damaged or was edited; take the one that belongs to the weights.',
    );
  // Old files give only n_ctx, which means the same.
  const positions = (fields['n_positions'] ?? null) === null ? 'n_ctx' : 'n_positions';
  const vocabSize = count(fields, 'vocab_size', 50257, 1 << 24);
  const classifier = classifierOf(fields, vocabSize);
  return {
    nLayer: count(fields, 'n_layer', 12, 1 << 12),
    nHead,
    nEmbd,
    nPositions: count(fields, positions, 1024, 1 << 20),
    vocabSize,
    nInner: count(fields, 'n_inner', 4 * nEmbd, 1 << 20),
    activation: ACTIVATIONS[name]!,
    layerNormEpsilon: epsilon,
    ...(classifier && { classifier }),
  };
}

/** The fields by which transformers knows a model's head. */
function headFields({ classifier }: GPT2Config): Record<string, unknown> {
  if (!classifier) return { architectures: ['GPT2LMHeadModel'] };
  const { labels, padTokenId } = classifier;
  return {
    architectures: [CLASSIFIER_ARCHITECTURE],
    problem_type: 'single_label_classification',
    num_labels: labels.length,
    id2label: Object.fromEntries(labels.map((name, id) => [id, name])),
    label2id: Object.fromEntries(labels.map((name, id) => [name, id])),
    pad_token_id: padTokenId,
  };
}

/**
 * A `config.json` that transformers reads. `original` is the teacher's own: what Decant does not use, such as
 * token ids and dropout, is kept from it.
 */
export function toHuggingFaceConfig(config: GPT2Config, original: unknown = {}): Record<string, unknown> {
  const kept = typeof original === 'object' && original !== null && !Array.isArray(original) ? original : {};
  return {
    ...kept,
    ...headFields(config),
    model_type: 'gpt2',
    n_layer: config.nLayer,
    n_head: config.nHead,
    n_embd: config.nEmbd,
    n_positions: config.nPositions,
    n_ctx: config.nPositions,
    vocab_size: config.vocabSize,
    n_inner: config.nInner === 4 * config.nEmbd ? null : config.nInner,
    activation_function: config.activation,
    layer_norm_epsilon: config.layerNormEpsilon,
    scale_attn_weights: true,
    tie_word_embeddings: true,
  };
}

/** Weights of one block: two layer norms, four matrices, their biases. */
function blockParameters({ nEmbd: C, nInner }: GPT2Config): number {
  return 4 * C + (3 * C * C + 3 * C) + (C * C + C) + (C * nInner + nInner) + (nInner * C + C);
}

/** Number of weights; a language model's output layer is the embedding and counts once. */
export function parameterCount(config: GPT2Config): number {
  const { nLayer, nEmbd: C, nPositions, vocabSize, classifier } = config;
  const head = (classifier?.labels.length ?? 0) * C;
  return (vocabSize + nPositions) * C + nLayer * blockParameters(config) + 2 * C + head;
}

/**
 * Floating-point operations of one forward pass per token: 2 per weight of a matrix product, a language model's output
 * layer included, 2 (L (4 C^2 + 2 C nInner) + V C); a classifier's works on one row of a sequence and is left out. Attention scores depend on the length, and layer norms and biases are
 * below one per cent: both are left out, as in "Scaling Laws for Neural Language Models", arXiv:2001.08361,
 * section 2.1. GPT-2: 247 M, six of its layers: 162 M.
 */
export function flopsPerToken(config: GPT2Config): number {
  const { nLayer, nEmbd: C, nInner, vocabSize, classifier } = config;
  return 2 * (nLayer * (4 * C * C + 2 * C * nInner) + (classifier ? 0 : vocabSize * C));
}
