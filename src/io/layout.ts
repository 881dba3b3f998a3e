/**
 * Finds a checkpoint's tensors in its files: one safetensors file or shards with an index, names with or without
 * `transformer.`, and what does not belong to a GPT-2 language model refused by name.
 */
import { CheckpointError } from '../errors';
import type { FloatDtype } from './floats';
import { foreignName, refuseForeignBytes, refuseForeignFile } from './foreign';
import { decodeUtf8, isObject, parseJsonObject, shorten, type Json } from './json';
import { readHeader, type TensorRange } from './safetensors';
import type { ByteSource, FileSet } from './source';

/** A tensor and the file it is in. */
export interface LocatedTensor {
  source: ByteSource;
  range: TensorRange & { dtype: FloatDtype };
}

const WEIGHTS = 'model.safetensors';
const INDEX = 'model.safetensors.index.json';
const MAX_INDEX_BYTES = 100_000_000;

const MASK = /^h\.\d+\.attn\.(bias|masked_bias)$/;
const KNOWN =
  /^(score\.weight|wte\.weight|wpe\.weight|ln_f\.(weight|bias)|h\.(0|[1-9]\d*)\.(ln_1|ln_2|attn\.c_attn|attn\.c_proj|mlp\.c_fc|mlp\.c_proj)\.(weight|bias))$/;

/** A small JSON file of the set, or null when it is not there. */
export async function readJson(
  files: FileSet,
  name: string,
  limit: number,
): Promise<{ [name: string]: Json } | null> {
  const source = await files.open(name);
  if (!source) return null;
  if (source.size === 0)
    throw new CheckpointError(`${name} is empty`, 'The download or copy did not finish; fetch it again.');
  if (source.size > limit) {
    await refuseForeignFile(source);
    throw new CheckpointError(
      `${name} has ${source.size} bytes; at most ${limit} are allowed`,
      'This is not the file its name says.',
    );
  }
  const bytes = await source.read(0, source.size);
  refuseForeignBytes(name, bytes);
  return parseJsonObject(decodeUtf8(bytes, name), name);
}

/** Every tensor of a file set with its place, by the name in the file. */
export async function locate(
  files: FileSet,
): Promise<Map<string, { source: ByteSource; range: TensorRange }>> {
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
export function canonicalise(located: Map<string, { source: ByteSource; range: TensorRange }>): {
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
  const otherHead = strange.some((name) => /^(classifier|multiple_choice_head)\./.test(name));
  throw new CheckpointError(
    `the checkpoint holds ${shown}${more}, which GPT-2 as a language model or a classifier of sequences does not have`,
    otherHead
      ? 'It was saved with another head; load the language model it was made from.'
      : 'Load a GPT-2 language model or classifier (GPT2LMHeadModel, GPT2ForSequenceClassification).',
  );
}
