/**
 * Makes a checkpoint of a published GPT-2's size with random weights, for tests and benches at real sizes: config.json,
 * GPT-2's tokenizer, and model.safetensors as the Hub has it, with its names and order and with the causal masks that
 * the published files hold (548 MB for `small`). Written piece by piece, so that it needs little memory.
 *
 *   node scripts/run.mjs scripts/make-checkpoint.ts OUT [--size small|medium|large|xl] [--seed 1] [--header-only]
 *        [--layers N] [--heads N] [--width N] [--positions N] [--vocab N]
 *
 * With --header-only the weights are a hole in the file: all zeros, and no room taken on the disk.
 */
import { existsSync } from 'node:fs';
import { mkdir, open, rename, writeFile, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { GPT2_VOCAB_SIZE, gpt2VocabularyFiles } from '../src/data/gpt2Vocabulary';
import { layOut, type TensorSpec } from '../src/io/safetensors';
import { parseConfig, toHuggingFaceConfig, type GPT2Config } from '../src/model/config';
import { expectedTensors, initialPieces } from '../src/model/params';

/** The four published sizes: layers, heads, width. */
export const SIZES = {
  small: { n_layer: 12, n_head: 12, n_embd: 768 },
  medium: { n_layer: 24, n_head: 16, n_embd: 1024 },
  large: { n_layer: 36, n_head: 20, n_embd: 1280 },
  xl: { n_layer: 48, n_head: 25, n_embd: 1600 },
};

export type SizeName = keyof typeof SIZES;

export const sizeConfig = (size: SizeName): GPT2Config => parseConfig({ model_type: 'gpt2', ...SIZES[size] });

const PIECE_VALUES = 1 << 20;
const mask = /\.attn\.bias$/;

/** Every tensor of the published file, in its order: by name, masks included. */
export function publishedTensors(config: GPT2Config): Map<string, TensorSpec> {
  const shapes = new Map<string, readonly number[]>(expectedTensors(config));
  const { nPositions } = config;
  for (let layer = 0; layer < config.nLayer; layer++)
    shapes.set(`h.${layer}.attn.bias`, [1, 1, nPositions, nPositions]);
  return new Map([...shapes].sort().map(([name, shape]) => [name, { dtype: 'F32' as const, shape }]));
}

/** The causal mask, row by row: 1 up to the diagonal. */
function* maskPieces(nPositions: number): Generator<{ first: number; values: Float32Array<ArrayBuffer> }> {
  for (let row = 0; row < nPositions; row++)
    yield { first: row * nPositions, values: new Float32Array(nPositions).fill(1, 0, row + 1) };
}

async function writeWeights(file: FileHandle, config: GPT2Config, seed: number): Promise<void> {
  const tensors = publishedTensors(config);
  const { starts } = layOut(tensors);
  for (const [name, { shape }] of tensors) {
    const pieces = mask.test(name)
      ? maskPieces(config.nPositions)
      : initialPieces(name, shape, config.nLayer, seed, PIECE_VALUES);
    for (const { first, values } of pieces)
      await file.write(new Uint8Array(values.buffer), 0, values.byteLength, starts.get(name)! + 4 * first);
  }
}

export interface CheckpointOptions {
  seed?: number;
  /** Leave the weights out: zeros that take no room. */
  headerOnly?: boolean;
}

/** Writes the checkpoint into a folder, model.safetensors last and under its name only when it is whole. */
export async function makeCheckpoint(
  folder: string,
  config: GPT2Config,
  { seed = 1, headerOnly = false }: CheckpointOptions = {},
): Promise<{ bytes: number }> {
  await mkdir(folder, { recursive: true });
  const { head, size } = layOut(publishedTensors(config));
  const json = toHuggingFaceConfig(config, {
    vocab_size: config.vocabSize,
    bos_token_id: 50256,
    eos_token_id: 50256,
  });
  await writeFile(join(folder, 'config.json'), `${JSON.stringify(json, null, 2)}\n`);
  if (config.vocabSize === GPT2_VOCAB_SIZE) {
    const { vocabJson, mergesTxt } = await gpt2VocabularyFiles();
    await writeFile(join(folder, 'vocab.json'), vocabJson);
    await writeFile(join(folder, 'merges.txt'), mergesTxt);
  }
  const path = join(folder, 'model.safetensors');
  const file = await open(`${path}.part`, 'w');
  try {
    await file.write(head);
    await file.truncate(size);
    if (!headerOnly) await writeWeights(file, config, seed);
  } finally {
    await file.close();
  }
  await rename(`${path}.part`, path);
  return { bytes: size };
}

const COUNTS = {
  layers: 'n_layer',
  heads: 'n_head',
  width: 'n_embd',
  positions: 'n_positions',
  vocab: 'vocab_size',
};

export async function main(_root: string, args: string[]): Promise<void> {
  const text = { type: 'string' } as const;
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      size: { ...text, default: 'small' },
      seed: { ...text, default: '1' },
      'header-only': { type: 'boolean', default: false },
      ...Object.fromEntries(Object.keys(COUNTS).map((name) => [name, text])),
    },
  });
  const { size } = values;
  const [folder] = positionals;
  if (folder === undefined || typeof size !== 'string' || !Object.hasOwn(SIZES, size)) {
    console.error(
      `usage: make-checkpoint.ts OUT [--size ${Object.keys(SIZES).join('|')}] [--seed N] [--header-only]`,
    );
    process.exit(2);
  }
  if (existsSync(join(folder, 'model.safetensors'))) {
    console.error(`${folder} holds a checkpoint already; remove it or choose another folder.`);
    process.exit(2);
  }
  const given = Object.entries(values as Record<string, string | boolean | undefined>)
    .filter(([name]) => Object.hasOwn(COUNTS, name))
    .map(([name, value]) => [COUNTS[name as keyof typeof COUNTS], Number(value)] as const);
  const sizes = { model_type: 'gpt2', ...SIZES[size as SizeName], ...Object.fromEntries(given) };
  const options = { seed: Number(values.seed), headerOnly: values['header-only'] === true };
  const { bytes } = await makeCheckpoint(folder, parseConfig(sizes), options);
  console.log(
    `${folder}: ${bytes.toLocaleString('en')} bytes${options.headerOnly ? ', the weights a hole' : ''}`,
  );
}
