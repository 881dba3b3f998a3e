/**
 * A GPT-2 checkpoint in the Hugging Face layout: config.json and model.safetensors, or shards with their index.
 * Opening reads the config and the headers; tensors are read when asked for, by their byte ranges.
 *
 * Names are canonical: `h.0.attn.c_attn.weight`, without `transformer.`. Skipped are the causal masks that old
 * versions of transformers stored (`h.0.attn.bias`, `h.0.attn.masked_bias`); an `lm_head.weight` must equal `wte.weight`.
 */
import { CheckpointError } from '../errors';
import { countNonFinite, decodeFloats, type FloatDtype } from './floats';
import { canonicalise, locate, readJson, type LocatedTensor } from './layout';
import { readTensor } from './safetensors';
import type { FileSet } from './source';
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

const MAX_CONFIG_BYTES = 10_000_000;

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
      // The bytes are ours alone: F32 needs no second copy of what may be 150 MB.
      if (dtype === 'F32' && bytes.byteOffset % 4 === 0)
        return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
      return decodeFloats(dtype, bytes);
    },
    warnings,
    files,
  };
}
