/**
 * GPT-2 as a function over named tensors:
 *   x = wte[ids] + wpe[0..T)
 *   for every block:  x = x + proj(attention(ln_1(x)));  x = x + mlp(ln_2(x))
 *   logits = ln_f(x) wteᵀ
 * Source: "Language Models are Unsupervised Multitask Learners", section 2.3; Hugging Face's names and layout.
 * Teacher and student are the same function with other weights. Activations are [N, C] with N = B T rows.
 */
import type { Tensor2D } from '@tensorflow/tfjs-core';
import { attention } from '../engine/ops/causalAttention';
import { dropout, type Dropout } from '../engine/ops/dropout';
import type { TokenTensors } from '../engine/ops/embedding';
import { addPositions, embedding } from '../engine/ops/embedding';
import { layerNorm } from '../engine/ops/layerNorm';
import { linear } from '../engine/ops/linear';
import type { Logits } from '../engine/ops/tokenLoss';
import type { Parameter } from '../engine/parameter';
import { recompute } from '../engine/recompute';
import { ShapeError } from '../errors';
import type { GPT2Config } from './config';
import type { GPT2Params } from './params';

/** A model: sizes and weights. */
export interface Model {
  readonly config: GPT2Config;
  readonly params: GPT2Params;
}

export interface ForwardOptions {
  /** Also return the embedding output and the output of every block. */
  hiddenStates?: boolean;
  /**
   * [N, C] to take the place of the token embeddings; positions are added all the same. `tieToTape` them where
   * they are constant and the model is trained.
   */
  inputEmbeddings?: Tensor2D;
  /** Default true. Otherwise every token sees all of its sequence, padding too, as in a masked language model. */
  causal?: boolean;
  /**
   * Drops after the embedding, of the attention probabilities, and before both residual sums, as GPT-2 was
   * trained (`embd_pdrop`, `attn_pdrop`, `resid_pdrop`, one rate for all). `stream` is the first of 3 L + 1.
   */
  dropout?: Dropout;
  /** Keep only the input of every block, and run blocks again in the backward pass. */
  recompute?: boolean;
}

export interface ModelOutput {
  /** [N, C], after the last layer norm. */
  readonly hidden: Tensor2D;
  /** Logits over the vocabulary as a handle; all of them at once are never built. */
  readonly logits: Logits;
  /** L + 1 tensors [N, C]: the embedding output, then every block's output (before the last layer norm). */
  readonly hiddenStates?: readonly Tensor2D[];
}

/** x W + b, of which `drop` drops some, + residual. [N, in] -> [N, C] */
function project(
  x: Tensor2D,
  weight: Parameter,
  bias: Parameter,
  residual: Tensor2D,
  drop: Dropout | undefined,
): Tensor2D {
  return drop ? dropout(linear(x, weight, bias), drop, residual) : linear(x, weight, bias, { residual });
}

/** One transformer block, pre-norm. x [N, C] -> [N, C] */
function block(
  x: Tensor2D,
  layer: number,
  params: GPT2Params,
  config: GPT2Config,
  tokens: TokenTensors,
  causal: boolean,
  drop: Dropout | undefined,
): Tensor2D {
  const { nHead, layerNormEpsilon: epsilon, activation } = config;
  const { batch, length } = tokens;
  const p = (name: string) => params[`h.${layer}.${name}`]!;
  const at = (place: 1 | 2 | 3) => drop && { ...drop, stream: drop.stream + 3 * layer + place };

  const a = layerNorm(x, p('ln_1.weight'), p('ln_1.bias'), epsilon); //                             [N, C]
  const qkv = linear(a, p('attn.c_attn.weight'), p('attn.c_attn.bias')); //                         [N, 3C]
  const heads = attention(qkv, { batch, length, heads: nHead, causal, dropout: at(1) }); //         [N, C]
  x = project(heads, p('attn.c_proj.weight'), p('attn.c_proj.bias'), x, at(2)); //                  [N, C]

  const m = layerNorm(x, p('ln_2.weight'), p('ln_2.bias'), epsilon); //                             [N, C]
  const inner = linear(m, p('mlp.c_fc.weight'), p('mlp.c_fc.bias'), { activation }); //             [N, nInner]
  return project(inner, p('mlp.c_proj.weight'), p('mlp.c_proj.bias'), x, at(3)); //                 [N, C]
}

/** The parameters of one block. */
const paramsOfBlock = (params: GPT2Params, layer: number): Parameter[] =>
  Object.entries(params).flatMap(([name, parameter]) => (name.startsWith(`h.${layer}.`) ? [parameter] : []));

/**
 * Runs the model on a batch. Differentiable where its parameters are trainable; everything returned belongs to
 * the tape or the tidy around it. Throws ShapeError when the context is longer than nPositions.
 */
export function forward(
  params: GPT2Params,
  config: GPT2Config,
  tokens: TokenTensors,
  options: ForwardOptions = {},
): ModelOutput {
  if (tokens.length > config.nPositions) {
    throw new ShapeError(
      `a window of ${tokens.length} tokens does not fit the model's ${config.nPositions} positions`,
      'Choose a context length of at most n_positions.',
    );
  }
  const wte: Parameter = params['wte.weight']!;
  const wpe: Parameter = params['wpe.weight']!;

  const { inputEmbeddings, causal = true } = options;
  // Without a rate the very same kernels run as without the option.
  const drop = options.dropout && options.dropout.rate > 0 ? options.dropout : undefined;
  let x = inputEmbeddings ? addPositions(inputEmbeddings, wpe, tokens) : embedding(tokens, wte, wpe); // [N, C]
  if (drop) x = dropout(x, drop);
  const hiddenStates = [x];
  for (let layer = 0; layer < config.nLayer; layer++) {
    const run = (input: Tensor2D) => block(input, layer, params, config, tokens, causal, drop);
    x = options.recompute ? recompute(run, x, paramsOfBlock(params, layer)) : run(x);
    hiddenStates.push(x);
  }
  const hidden = layerNorm(x, params['ln_f.weight']!, params['ln_f.bias']!, config.layerNormEpsilon);
  return {
    hidden,
    logits: { kind: 'vocabulary', hidden, embedding: wte },
    ...(options.hiddenStates ? { hiddenStates } : {}),
  };
}
