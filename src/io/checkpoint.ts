/**
 * A GPT-2 checkpoint in the Hugging Face layout: config.json and model.safetensors, or shards with their index.
 * Opening reads the config and the headers; tensors are read when asked for, by their byte ranges.
 *
 * Names are canonical: `h.0.attn.c_attn.weight`, without `transformer.`. Skipped are the causal masks that old
 * versions of transformers stored (`h.0.attn.bias`, `h.0.attn.masked_bias`); an `lm_head.weight` must equal `wte.weight`.
 */
import { CheckpointError } from '../errors';
import { countNonFinite, decodeFloats, float32ToF16, type FloatDtype } from './floats';
import { canonicalise, locate, readJson, type LocatedTensor } from './layout';
import { letGo, PIECE_BYTES, type FileSet } from './source';
import { checkTiedEnds, checkTiedPiece } from './tied';

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

/** A part of a tensor: the weights from element `first` on. */
export interface RawPiece {
  first: number;
  bytes: Uint8Array<ArrayBuffer>;
}

/** The same as float32; `stored` is its size in the file, bytes. */
export interface FloatPiece {
  first: number;
  values: Float32Array<ArrayBuffer>;
  stored: number;
}

/** The same as float16 bit patterns, rounded to the nearest value. */
export interface HalfPiece {
  first: number;
  halves: Uint16Array<ArrayBuffer>;
  /** How many values were finite and are beyond the largest float16 number, 65504. */
  beyond: number;
  /** Bytes as stored. */
  stored: number;
}

export interface Checkpoint {
  /** The folder's or the repository's name. */
  readonly name: string;
  /** config.json, parsed; `parseConfig` makes sense of it. */
  readonly config: unknown;
  /** By canonical name, in the order of the file. */
  readonly tensors: ReadonlyMap<string, TensorEntry>;
  /**
   * One tensor piece by piece, in the order of the file. A piece of at most 8 MiB is read when it is asked for, and
   * its memory is given back when the next one is: use it at once. Throws CheckpointError when there is no such
   * tensor or, for wte, the head is not tied.
   */
  rawPieces(name: string): AsyncGenerator<RawPiece, void, undefined>;
  /** One tensor piece by piece as float32, exact. */
  floatPieces(name: string): AsyncGenerator<FloatPiece, void, undefined>;
  /** One tensor piece by piece as float16; of one that is stored so, its very bits. */
  halfPieces(name: string): AsyncGenerator<HalfPiece, void, undefined>;
  /** One whole tensor's bytes; throws as `rawPieces` does. */
  readRaw(name: string): Promise<FloatTensor>;
  /** One whole tensor as float32, exact. */
  readFloat32(name: string): Promise<Float32Array<ArrayBuffer>>;
  /** One sentence each; NaN found while reading is added. */
  readonly warnings: string[];
  readonly files: FileSet;
}

const MAX_CONFIG_BYTES = 10_000_000;
const ELEMENT_BYTES: Record<FloatDtype, number> = { F32: 4, F16: 2, BF16: 2 };

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

/** Takes the bytes over: F32 needs no second copy. */
function floatsOf(dtype: FloatDtype, bytes: Uint8Array<ArrayBuffer>): Float32Array<ArrayBuffer> {
  if (dtype === 'F32' && bytes.byteOffset % 4 === 0)
    return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
  return decodeFloats(dtype, bytes);
}

/** Takes the bytes over. */
function halvesOf(dtype: FloatDtype, bytes: Uint8Array<ArrayBuffer>): Omit<HalfPiece, 'first' | 'stored'> {
  // Aligned for whoever reads them two at a time.
  const own = bytes.byteOffset % 4 === 0 ? bytes : new Uint8Array(bytes);
  if (dtype === 'F16') {
    return { halves: new Uint16Array(own.buffer, own.byteOffset, own.byteLength / 2), beyond: 0 };
  }
  const halves = float32ToF16(floatsOf(dtype, own));
  const infinite = countNonFinite('F16', new Uint8Array(halves.buffer));
  return { halves, beyond: infinite - countNonFinite(dtype, own) };
}

const nonFiniteWarning = (name: string, count: number) =>
  `${name} holds ${count} value${count === 1 ? '' : 's'} that ${count === 1 ? 'is' : 'are'} NaN or infinite.`;

function checkpointOf(
  files: FileSet,
  config: unknown,
  weights: Map<string, LocatedTensor>,
  head: LocatedTensor | null,
): Checkpoint {
  const warnings: string[] = [];
  const scanned = new Set<string>();
  let untested = head;

  function find(name: string): LocatedTensor {
    const tensor = weights.get(name);
    if (tensor) return tensor;
    throw new CheckpointError(
      `the checkpoint ${files.name} has no tensor ${name}`,
      'config.json and the weights come from different models; load both from one repository.',
    );
  }

  /** Checks every piece as it comes; the pieces are the caller's. */
  async function* readPieces(name: string): AsyncGenerator<RawPiece, void, undefined> {
    const { source, range } = find(name);
    const { dtype, start, end } = range;
    const width = ELEMENT_BYTES[dtype];
    const twin = name === 'wte.weight' ? untested : null;
    const scans = !scanned.has(name);
    let broken = 0;
    for (let at = start; at < end; at += PIECE_BYTES) {
      const first = (at - start) / width;
      const bytes = await source.read(at, Math.min(at + PIECE_BYTES, end));
      if (scans) broken += countNonFinite(dtype, bytes);
      if (twin) await checkTiedPiece(twin, dtype, first, bytes);
      yield { first, bytes };
    }
    if (twin) untested = null;
    if (scanned.has(name)) return;
    scanned.add(name);
    if (broken > 0) warnings.push(nonFiniteWarning(name, broken));
  }

  async function* rawPieces(name: string): AsyncGenerator<RawPiece, void, undefined> {
    for await (const piece of readPieces(name)) {
      yield piece;
      letGo(piece.bytes);
    }
  }

  async function* floatPieces(name: string): AsyncGenerator<FloatPiece, void, undefined> {
    const { dtype } = find(name).range;
    for await (const { first, bytes } of readPieces(name)) {
      const values = floatsOf(dtype, bytes);
      yield { first, values, stored: bytes.length };
      letGo(bytes);
      letGo(values);
    }
  }

  async function readRaw(name: string): Promise<FloatTensor> {
    const { dtype, shape, start, end } = find(name).range;
    let whole: Uint8Array<ArrayBuffer> | undefined;
    for await (const { first, bytes } of readPieces(name)) {
      // A tensor of one piece is that piece: the bytes are ours alone.
      if (bytes.length === end - start) whole = bytes;
      else (whole ??= new Uint8Array(end - start)).set(bytes, first * ELEMENT_BYTES[dtype]);
    }
    return { dtype, shape, bytes: whole ?? new Uint8Array(0) };
  }

  const tensors = new Map<string, TensorEntry>();
  for (const [name, { range }] of weights)
    tensors.set(name, { dtype: range.dtype, shape: range.shape, bytes: range.end - range.start });
  return {
    name: files.name,
    config,
    tensors,
    rawPieces,
    floatPieces,
    async *halfPieces(name) {
      const { dtype } = find(name).range;
      for await (const { first, bytes } of rawPieces(name)) {
        const { halves, beyond } = halvesOf(dtype, bytes);
        yield { first, halves, beyond, stored: bytes.length };
        letGo(halves);
      }
    },
    readRaw,
    async readFloat32(name) {
      const { dtype, bytes } = await readRaw(name);
      return floatsOf(dtype, bytes);
    },
    warnings,
    files,
  };
}
