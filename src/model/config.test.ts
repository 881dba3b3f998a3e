import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CheckpointError } from '../errors';
import { flopsPerToken, parameterCount, parseConfig, toHuggingFaceConfig, type GPT2Config } from './config';

const GPT2: GPT2Config = {
  nLayer: 12,
  nHead: 12,
  nEmbd: 768,
  nPositions: 1024,
  vocabSize: 50257,
  nInner: 3072,
  activation: 'gelu_new',
  layerNormEpsilon: 1e-5,
};

describe('reading config.json', () => {
  test('what is missing has the defaults of transformers', () => {
    expect(parseConfig({ model_type: 'gpt2' })).toEqual(GPT2);
    expect(parseConfig({ architectures: ['GPT2LMHeadModel'] })).toEqual(GPT2);
  });

  test('any geometry', () => {
    const config = parseConfig({
      model_type: 'gpt2',
      n_layer: 3,
      n_head: 5,
      n_embd: 35,
      n_positions: 77,
      vocab_size: 301,
      n_inner: 41,
      activation_function: 'gelu',
      layer_norm_epsilon: 1e-6,
    });
    expect(config).toEqual({
      nLayer: 3,
      nHead: 5,
      nEmbd: 35,
      nPositions: 77,
      vocabSize: 301,
      nInner: 41,
      activation: 'gelu',
      layerNormEpsilon: 1e-6,
    });
  });

  test('n_ctx stands in for n_positions, null for a missing value, the tanh spellings for gelu_new', () => {
    expect(parseConfig({ model_type: 'gpt2', n_ctx: 64 }).nPositions).toBe(64);
    expect(parseConfig({ model_type: 'gpt2', n_ctx: 64, n_positions: 32 }).nPositions).toBe(32);
    expect(parseConfig({ model_type: 'gpt2', n_embd: 24, n_inner: null }).nInner).toBe(96);
    expect(parseConfig({ model_type: 'gpt2', activation_function: 'gelu_pytorch_tanh' }).activation).toBe(
      'gelu_new',
    );
  });

  test('options without effect on the result are let through', () => {
    expect(
      parseConfig({ model_type: 'gpt2', reorder_and_upcast_attn: true, resid_pdrop: 0.1, use_cache: false }),
    ).toEqual(GPT2);
  });
});

describe('refusals name the value', () => {
  for (const [fields, message] of [
    [
      { model_type: 'llama', architectures: ['LlamaForCausalLM'] },
      'config.json describes a model of type "llama" ("LlamaForCausalLM"), not gpt2',
    ],
    [{ model_type: 'gpt_neo' }, 'config.json describes a model of type "gpt_neo", not gpt2'],
    [{ architectures: ['BertModel'] }, 'config.json names the architecture "BertModel", not GPT2LMHeadModel'],
    [
      { model_type: 'gpt2', architectures: ['GPT2ForTokenClassification'] },
      'config.json names the architecture "GPT2ForTokenClassification"',
    ],
    [{}, 'config.json names neither a model type nor GPT-2 sizes'],
    [
      { n_embd: 100, n_head: 12 },
      'config.json gives n_embd 100 and n_head 12; the heads must divide the width evenly',
    ],
    [
      { model_type: 'gpt2', n_layer: 0 },
      'config.json gives n_layer as 0; it must be a whole number from 1 to 4096',
    ],
    [{ model_type: 'gpt2', vocab_size: '50257' }, 'config.json gives vocab_size as "50257"'],
    [
      { model_type: 'gpt2', n_positions: 1e9 },
      'config.json gives n_positions as 1000000000; it must be a whole number from 1 to 1048576',
    ],
    [
      { model_type: 'gpt2', activation_function: 'relu' },
      'config.json gives activation_function as "relu"; gelu_new and gelu are implemented',
    ],
    [
      { model_type: 'gpt2', activation_function: 'toString' },
      'config.json gives activation_function as "toString"',
    ],
    [{ model_type: 'gpt2', layer_norm_epsilon: 0 }, 'config.json gives layer_norm_epsilon as 0'],
    [
      { model_type: 'gpt2', scale_attn_by_inverse_layer_idx: true },
      'config.json sets scale_attn_by_inverse_layer_idx to true: attention scores divided by the layer number is not implemented',
    ],
    [{ model_type: 'gpt2', scale_attn_weights: false }, 'config.json sets scale_attn_weights to false'],
    [{ model_type: 'gpt2', add_cross_attention: true }, 'config.json sets add_cross_attention to true'],
    [{ model_type: 'gpt2', tie_word_embeddings: false }, 'config.json sets tie_word_embeddings to false'],
    [[], 'config.json is not a JSON object'],
    [null, 'config.json is not a JSON object'],
  ] as [unknown, string][])
    test(message, () => {
      expect(() => parseConfig(fields)).toThrow(CheckpointError);
      expect(() => parseConfig(fields)).toThrow(message);
    });

  test('any JSON at all is read or refused with a sentence', () => {
    const fields = fc.constantFrom(
      'n_layer',
      'n_head',
      'n_embd',
      'n_positions',
      'n_ctx',
      'vocab_size',
      'n_inner',
      'activation_function',
      'layer_norm_epsilon',
      'model_type',
      'architectures',
      'scale_attn_weights',
    );
    const anything = fc.oneof(fc.jsonValue(), fc.constantFrom(1, 2, 12, 0, -1, 1e308, 'gpt2', 'gelu'));
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), fc.dictionary(fields, anything)), (json) => {
        try {
          const config = parseConfig(json);
          expect(Number.isSafeInteger(parameterCount(config))).toBe(true);
          expect(config.nEmbd % config.nHead).toBe(0);
        } catch (error) {
          if (!(error instanceof CheckpointError)) throw error;
          expect(error.message.length).toBeLessThan(300);
          expect(error.hint).toBeTruthy();
        }
      }),
      { numRuns: 2000, seed: 7 },
    );
  });
});

describe('writing config.json', () => {
  test('is the inverse of reading it, and keeps what it does not use', () => {
    const original = { model_type: 'gpt2', n_layer: 12, eos_token_id: 50256, resid_pdrop: 0.1, n_ctx: 1024 };
    const student = { ...GPT2, nLayer: 6, nInner: 100 };
    const written = toHuggingFaceConfig(student, original);
    expect(written).toMatchObject({ n_layer: 6, n_inner: 100, eos_token_id: 50256, resid_pdrop: 0.1 });
    expect(parseConfig(JSON.parse(JSON.stringify(written)))).toEqual(student);
    expect(toHuggingFaceConfig(GPT2)['n_inner']).toBeNull();
  });
});

describe('sizes', () => {
  const sized = (nLayer: number, nEmbd: number, nHead: number): GPT2Config => ({
    ...GPT2,
    nLayer,
    nEmbd,
    nHead,
    nInner: 4 * nEmbd,
  });

  test('parameters of the published models', () => {
    // As counted by transformers' num_parameters(): gpt2, -medium, -large, -xl, distilgpt2.
    expect(parameterCount(GPT2)).toBe(124_439_808);
    expect(parameterCount(sized(24, 1024, 16))).toBe(354_823_168);
    expect(parameterCount(sized(36, 1280, 20))).toBe(774_030_080);
    expect(parameterCount(sized(48, 1600, 25))).toBe(1_557_611_200);
    expect(parameterCount(sized(6, 768, 12))).toBe(81_912_576);
  });

  test('FLOPs per token: GPT-2 247 M, six layers 162 M; GPT-2 XL 3,110 M, six layers 529 M', () => {
    const millions = (config: GPT2Config) => Math.round(flopsPerToken(config) / 1e6);
    expect(millions(GPT2)).toBe(247);
    expect(millions(sized(6, 768, 12))).toBe(162);
    expect(millions(sized(48, 1600, 25))).toBe(3110);
    expect(millions(sized(6, 1600, 25))).toBe(529);
  });
});
