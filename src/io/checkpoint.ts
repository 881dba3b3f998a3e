/**
 * A GPT-2 checkpoint in the Hugging Face layout: config.json and model.safetensors, or shards with their index.
 * Opening reads the config and the headers; tensors are read when asked for, by their byte ranges.
 *
 * Names are canonical: `h.0.attn.c_attn.weight`, without `transformer.`. Skipped are the causal masks that old
 * versions of transformers stored (`h.0.attn.bias`, `h.0.attn.masked_bias`); an `lm_head.weight` must equal `wte.weight`.
 */
import { CheckpointError } from '../errors';
import { countNonFinite, decodeFloats, type FloatDtype } from './floats';
import { foreignName, refuseForeignFile } from './foreign';
import { decodeUtf8, isObject, parseJsonObject, shorten, type Json } from './json';
import { readHeader, readTensor, type TensorRange } from './safetensors';
import type { ByteSource, FileSet } from './source';
import { checkTiedEnds, checkTiedWhole } from './tied';

export interface TensorEntry {
  dtype: FloatDtype;
  shape: readonly number[];
  /** Size as stored. */
  bytes: number;
}

/** A weight as stored. */
export interface FloatTensor {
  dtype: FloatDtype;
  shape: readonly number[];
  bytes: Uint8Array<ArrayBuffer>;
}

export interface Checkpoint {
  /** The folder's or the repository's name. */
  readonly name: string;
  /** config.json, parsed; `parseConfig` makes sense of it. */
  readonly config: unknown;
  /** By canonical name, in the order of the file. */
  readonly tensors: ReadonlyMap<string, TensorEntry>;
  /** One tensor's bytes. Throws CheckpointError when there is no such tensor or, for wte, the head is not tied. */
  readRaw(name: string): Promise<FloatTensor>;
  /** One tensor as float32, exact. */
  readFloat32(name: string): Promise<Float32Array<ArrayBuffer>>;
  /** One sentence each; NaN found while reading is added. */
  readonly warnings: string[];
  readonly files: FileSet;
}

/** A tensor and the file it is in. */
export interface LocatedTensor {
  source: ByteSource;
  range: TensorRange & { dtype: FloatDtype };
}

const WEIGHTS = 'model.safetensors';
const INDEX = 'model.safetensors.index.json';
const MAX_CONFIG_BYTES = 10_000_000;
const MAX_INDEX_BYTES = 100_000_000;

const MASK = /^h\.\d+\.attn\.(bias|masked_bias)$/;
const KNOWN =
  /^(wte\.weight|wpe\.weight|ln_f\.(weight|bias)|h\.(0|[1-9]\d*)\.(ln_1|ln_2|attn\.c_attn|attn\.c_proj|mlp\.c_fc|mlp\.c_proj)\.(weight|bias))$/;

/** A small JSON file of the set, or null when it is not there. */
async function readJson(
  files: FileSet,
  name: string,
  limit: number,
): Promise<{ [name: string]: Json } | null> {
  const source = await files.open(name);
  if (!source) return null;
  if (source.size === 0)
    throw new CheckpointError(`${name} is empty`, 'The download or copy did not finish; fetch it again.');
  await refuseForeignFile(source);
  if (source.size > limit)
    throw new CheckpointError(
      `${name} has ${source.size} bytes; at most ${limit} are allowed`,
      'This is not the file its name says.',
    );
  return parseJsonObject(decodeUtf8(await source.read(0, source.size), name), name);
}

/** Every tensor of a file set with its place, by the name in the file. */
async function locate(files: FileSet): Promise<Map<string, { source: ByteSource; range: TensorRange }>> {
  const names = await files.list();
  const located = new Map<string, { source: ByteSource; range: TensorRange }>();
  if (!names.includes(WEIGHTS) && names.includes(INDEX)) return locateShards(files, names);
  const alone = names.filter((name) => name.endsWith('.safetensors'));
  const name = names.includes(WEIGHTS) ? WEIGHTS : alone.length === 1 ? alone[0]! : null;
  const source = name === null ? null : await files.open(name);
  if (!source) return refuseMissingWeights(files.name, names, alone);
  for (const [key, range] of (await readHeader(source)).tensors) located.set(key, { source, range });
  return located;
}

function refuseMissingWeights(set: string, names: string[], alone: string[]): never {
  if (alone.length > 1)
    throw new CheckpointError(
      `${set} has ${alone.length} safetensors files but no ${INDEX} that says which tensor is where`,
      `Add ${INDEX}, or save the model as one file.`,
    );
  for (const name of names) {
    const foreign = foreignName(name);
    if (foreign) throw new CheckpointError(`${set} has only ${name}: ${foreign.reason}`, foreign.hint);
  }
  throw new CheckpointError(
    `${set} has no ${WEIGHTS}`,
    names.length === 0
      ? 'It holds no files; choose the folder with config.json and model.safetensors.'
      : `It holds ${shorten(names.slice(0, 6).join(', '))}; choose the folder with config.json and model.safetensors.`,
  );
}

async function locateShards(
  files: FileSet,
  names: string[],
): Promise<Map<string, { source: ByteSource; range: TensorRange }>> {
  const index = await readJson(files, INDEX, MAX_INDEX_BYTES);
  const map = index?.['weight_map'];
  if (!isObject(map))
    throw new CheckpointError(`${INDEX} has no weight_map`, 'The file is damaged; fetch it again.');
  const located = new Map<string, { source: ByteSource; range: TensorRange }>();
  const shards = new Set<string>();
  for (const [tensor, shard] of Object.entries(map)) {
    if (typeof shard !== 'string' || /[/\\]/.test(shard) || !shard.endsWith('.safetensors'))
      throw new CheckpointError(
        `${INDEX} puts ${shorten(tensor)} into ${shorten(JSON.stringify(shard))}, which is not a safetensors file of the same folder`,
        'The file is damaged; fetch it again.',
      );
    shards.add(shard);
  }
  for (const shard of shards) {
    const source = names.includes(shard) ? await files.open(shard) : null;
    if (!source)
      throw new CheckpointError(
        `the shard ${shorten(shard)} that ${INDEX} names is missing from ${files.name}`,
        `Choose the whole folder; the index names ${shards.size} shard${shards.size === 1 ? '' : 's'}.`,
      );
    for (const [tensor, range] of (await readHeader(source)).tensors) {
      if (!Object.hasOwn(map, tensor) || map[tensor] !== shard)
        throw new CheckpointError(
          `${shorten(shard)} holds ${shorten(tensor)}, which ${INDEX} does not put there`,
          'Index and shards come from different models; load all files from one repository.',
        );
      located.set(tensor, { source, range });
    }
  }
  for (const [tensor, shard] of Object.entries(map))
    if (!located.has(tensor))
      throw new CheckpointError(
        `${INDEX} puts ${shorten(tensor)} into ${shorten(shard as string)}, which does not hold it`,
        'Index and shards come from different models; load all files from one repository.',
      );
  return located;
}

/** Sorts names into weights, the head and what is skipped; refuses the rest by name. */
function canonicalise(located: Map<string, { source: ByteSource; range: TensorRange }>): {
  weights: Map<string, LocatedTensor>;
  head: LocatedTensor | null;
} {
  const weights = new Map<string, LocatedTensor>();
  let head: LocatedTensor | null = null;
  const strange: string[] = [];
  for (const [stored, { source, range }] of located) {
    const name = stored.startsWith('transformer.') ? stored.slice('transformer.'.length) : stored;
    if (MASK.test(name)) continue;
    if (name !== 'lm_head.weight' && !KNOWN.test(name)) {
      strange.push(stored);
      continue;
    }
    const { dtype } = range;
    if (dtype !== 'F32' && dtype !== 'F16' && dtype !== 'BF16')
      throw new CheckpointError(
        `${stored} is stored as ${dtype}; weights must be F32, F16 or BF16`,
        'Save the model as float32, float16 or bfloat16.',
      );
    const tensor = { source, range: { ...range, dtype } };
    if (name === 'lm_head.weight') head = tensor;
    else if (weights.has(name))
      throw new CheckpointError(
        `the checkpoint holds ${name} twice, with and without the prefix transformer.`,
        'Save the model anew; it is not clear which of the two counts.',
      );
    else weights.set(name, tensor);
  }
  if (strange.length > 0) refuseStrange(strange);
  return { weights, head };
}

function refuseStrange(strange: string[]): never {
  const shown = strange.slice(0, 3).map(shorten).join(', ');
  const more = strange.length > 3 ? ` and ${strange.length - 3} more` : '';
  const classifier = strange.some((name) => /^(score|classifier|multiple_choice_head)\./.test(name));
  throw new CheckpointError(
    `the checkpoint holds ${shown}${more}, which GPT-2 as a language model does not have`,
    classifier
      ? 'It was saved with a classification head; load the language model it was made from.'
      : 'Load a GPT-2 language model (model_type gpt2, GPT2LMHeadModel).',
  );
}

/** Opens a checkpoint: reads config.json and the headers, no weights. Throws CheckpointError. */
export async function openCheckpoint(files: FileSet): Promise<Checkpoint> {
  const config = await readJson(files, 'config.json', MAX_CONFIG_BYTES);
  if (!config)
    throw new CheckpointError(
      `${files.name} has no config.json`,
      'Choose the whole folder: config.json gives the sizes that the weights alone do not.',
    );
  const { weights, head } = canonicalise(await locate(files));
  const table = weights.get('wte.weight');
  if (head && table) await checkTiedEnds(head, table);
  return checkpointOf(files, config, weights, head);
}

function checkpointOf(
  files: FileSet,
  config: unknown,
  weights: Map<string, LocatedTensor>,
  head: LocatedTensor | null,
): Checkpoint {
  const warnings: string[] = [];
  const scanned = new Set<string>();
  let untested = head;

  async function readRaw(name: string): Promise<FloatTensor> {
    const tensor = weights.get(name);
    if (!tensor)
      throw new CheckpointError(
        `the checkpoint ${files.name} has no tensor ${name}`,
        'config.json and the weights come from different models; load both from one repository.',
      );
    const { bytes } = await readTensor(tensor.source, tensor.range);
    const { dtype, shape } = tensor.range;
    if (!scanned.has(name)) {
      scanned.add(name);
      const broken = countNonFinite(dtype, bytes);
      if (broken > 0)
        warnings.push(
          `${name} holds ${broken} value${broken === 1 ? '' : 's'} that ${broken === 1 ? 'is' : 'are'} NaN or infinite.`,
        );
    }
    if (name === 'wte.weight' && untested) {
      await checkTiedWhole(untested, { dtype, shape, bytes });
      untested = null;
    }
    return { dtype, shape, bytes };
  }

  const tensors = new Map<string, TensorEntry>();
  for (const [name, { range }] of weights)
    tensors.set(name, { dtype: range.dtype, shape: range.shape, bytes: range.end - range.start });
  return {
    name: files.name,
    config,
    tensors,
    readRaw,
    async readFloat32(name) {
      const { dtype, bytes } = await readRaw(name);
      return decodeFloats(dtype, bytes);
    },
    warnings,
    files,
  };
}
