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
}

const ARCHITECTURES = ['GPT2LMHeadModel', 'GPT2Model', 'GPT2DoubleHeadsModel'];
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
  return {
    nLayer: count(fields, 'n_layer', 12, 1 << 12),
    nHead,
    nEmbd,
    nPositions: count(fields, positions, 1024, 1 << 20),
    vocabSize: count(fields, 'vocab_size', 50257, 1 << 24),
    nInner: count(fields, 'n_inner', 4 * nEmbd, 1 << 20),
    activation: ACTIVATIONS[name]!,
    layerNormEpsilon: epsilon,
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
    architectures: ['GPT2LMHeadModel'],
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

/** Number of weights; the output layer is the embedding and counts once. */
export function parameterCount(config: GPT2Config): number {
  const { nLayer, nEmbd: C, nPositions, vocabSize } = config;
  return (vocabSize + nPositions) * C + nLayer * blockParameters(config) + 2 * C;
}

/**
 * Floating-point operations of one forward pass per token: 2 per weight of a matrix product, the output layer
 * included, 2 (L (4 C^2 + 2 C nInner) + V C). Attention scores depend on the length, and layer norms and biases are
 * below one per cent: both are left out, as in "Scaling Laws for Neural Language Models", arXiv:2001.08361,
 * section 2.1. GPT-2: 247 M, six of its layers: 162 M.
 */
export function flopsPerToken(config: GPT2Config): number {
  const { nLayer, nEmbd: C, nInner, vocabSize } = config;
  return 2 * (nLayer * (4 * C * C + 2 * C * nInner) + vocabSize * C);
}
