/** A GPT-2 small enough to be broken in thousands of ways: one block, width 4, 8 positions, 16 tokens; 2 KB. */
import { encodeFloats, type FloatDtype } from '../io/floats';
import { writeSafetensors, type RawTensor } from '../io/safetensors';

export const TINY_CONFIG = {
  model_type: 'gpt2',
  n_layer: 1,
  n_head: 2,
  n_embd: 4,
  n_positions: 8,
  vocab_size: 16,
  n_inner: 8,
};

const SHAPES: Record<string, number[]> = {
  'wte.weight': [16, 4],
  'wpe.weight': [8, 4],
  'h.0.ln_1.weight': [4],
  'h.0.ln_1.bias': [4],
  'h.0.attn.c_attn.weight': [4, 12],
  'h.0.attn.c_attn.bias': [12],
  'h.0.attn.c_proj.weight': [4, 4],
  'h.0.attn.c_proj.bias': [4],
  'h.0.ln_2.weight': [4],
  'h.0.ln_2.bias': [4],
  'h.0.mlp.c_fc.weight': [4, 8],
  'h.0.mlp.c_fc.bias': [8],
  'h.0.mlp.c_proj.weight': [8, 4],
  'h.0.mlp.c_proj.bias': [4],
  'ln_f.weight': [4],
  'ln_f.bias': [4],
};

const count = (shape: readonly number[]) => shape.reduce((n, d) => n * d, 1);

/** The tensors, each value different, with `prefix` before every name. */
export function tinyTensors(dtype: FloatDtype = 'F32', prefix = ''): Map<string, RawTensor> {
  const tensors = new Map<string, RawTensor>();
  let value = 1;
  for (const [name, shape] of Object.entries(SHAPES)) {
    const values = Float32Array.from({ length: count(shape) }, () => value++ / 64);
    tensors.set(prefix + name, { dtype, shape, bytes: encodeFloats(dtype, values) });
  }
  return tensors;
}

/** The two files of the checkpoint; both can be replaced, and further files given. */
export function tinyFiles(
  tensors: ReadonlyMap<string, RawTensor> = tinyTensors(),
  config: unknown = TINY_CONFIG,
): Map<string, Uint8Array<ArrayBuffer>> {
  return new Map([
    ['config.json', new TextEncoder().encode(JSON.stringify(config))],
    ['model.safetensors', writeSafetensors(tensors)],
  ]);
}
