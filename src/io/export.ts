/**
 * A student as files in the Hugging Face layout: config.json, model.safetensors with the names that transformers
 * writes, and the teacher's tokenizer files as they were.
 */
import { CheckpointError } from '../errors';
import { countNonFinite, decodeFloats, encodeFloats, type FloatDtype } from './floats';
import { writeSafetensors, type RawTensor } from './safetensors';
import type { FloatTensor } from './checkpoint';
import type { FileSet } from './source';

export interface ExportedFile {
  name: string;
  bytes: Uint8Array<ArrayBuffer>;
}

export type ExportDtype = 'f32' | 'f16' | 'bf16';

/** A weight to write: as it was stored, or as trained, in float32. */
export type ExportTensor = FloatTensor | { shape: readonly number[]; values: Float32Array };

export interface ExportRequest {
  /** config.json as transformers reads it; `torch_dtype` is set here. */
  config: Record<string, unknown>;
  /** By canonical name, in the order in which they are to be written. */
  tensors: ReadonlyMap<string, ExportTensor>;
  dtype: ExportDtype;
  tokenizerFiles: readonly ExportedFile[];
}

/** How a dtype is called in safetensors and in config.json. */
export const STORED: Record<ExportDtype, { dtype: FloatDtype; torch: string }> = {
  f32: { dtype: 'F32', torch: 'float32' },
  f16: { dtype: 'F16', torch: 'float16' },
  bf16: { dtype: 'BF16', torch: 'bfloat16' },
};

const TOKENIZER_FILES = [
  'tokenizer.json',
  'tokenizer_config.json',
  'vocab.json',
  'merges.txt',
  'special_tokens_map.json',
  'added_tokens.json',
];
/** Heads, which transformers keeps beside the transformer. */
const OUTSIDE = new Set(['score.weight']);
const MAX_TOKENIZER_BYTES = 50_000_000;

/** The tokenizer's files of a checkpoint, to be passed on unchanged. */
export async function readTokenizerFiles(files: FileSet): Promise<ExportedFile[]> {
  const found: ExportedFile[] = [];
  for (const name of TOKENIZER_FILES) {
    const source = await files.open(name);
    if (!source) continue;
    if (source.size > MAX_TOKENIZER_BYTES)
      throw new CheckpointError(
        `${name} has ${source.size} bytes; at most ${MAX_TOKENIZER_BYTES} are allowed`,
        'This is not the file its name says.',
      );
    found.push({ name, bytes: await source.read(0, source.size) });
  }
  return found;
}

/** One weight in another dtype, rounded to nearest even; its very bytes when the dtype stays. */
export function convertTensor(name: string, tensor: ExportTensor, dtype: FloatDtype): RawTensor {
  const { shape } = tensor;
  if (!('values' in tensor) && tensor.dtype === dtype) return { dtype, shape, bytes: tensor.bytes };
  const values = 'values' in tensor ? tensor.values : decodeFloats(tensor.dtype, tensor.bytes);
  const bytes = encodeFloats(dtype, values);
  const source = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  refuseLost(name, countNonFinite(dtype, bytes) - countNonFinite('F32', source), dtype);
  return { dtype, shape, bytes };
}

/** Throws CheckpointError when `lost` values of a weight became infinite in `dtype`. */
export function refuseLost(name: string, lost: number, dtype: FloatDtype): void {
  if (lost > 0)
    throw new CheckpointError(
      `${name} holds ${lost} value${lost === 1 ? '' : 's'} beyond the largest ${dtype} number`,
      'Export as bf16 or f32, which reach further.',
    );
}

/** The name of a weight in transformers' files. */
export const fileNameOf = (name: string): string => (OUTSIDE.has(name) ? name : `transformer.${name}`);

export function configFile(config: Record<string, unknown>, dtype: ExportDtype): ExportedFile {
  const { torch } = STORED[dtype];
  // Newer transformers write `dtype`, older ones `torch_dtype`; a stale one of either must not contradict.
  const complete: Record<string, unknown> = { ...config, torch_dtype: torch };
  if ('dtype' in complete) complete['dtype'] = torch;
  return { name: 'config.json', bytes: new TextEncoder().encode(`${JSON.stringify(complete, null, 2)}\n`) };
}

/** The files of a student. Throws CheckpointError when a weight does not fit the dtype. */
export function exportCheckpoint(request: ExportRequest): ExportedFile[] {
  const { dtype } = STORED[request.dtype];
  const tensors = new Map<string, RawTensor>();
  for (const [name, tensor] of request.tensors)
    tensors.set(fileNameOf(name), convertTensor(name, tensor, dtype));
  return [
    configFile(request.config, request.dtype),
    // transformers refuses safetensors files without this metadata.
    { name: 'model.safetensors', bytes: writeSafetensors(tensors, { format: 'pt' }) },
    ...request.tokenizerFiles,
  ];
}
