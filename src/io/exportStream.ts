/**
 * An export whose weights are read while it is written: a student of gigabytes is never held beside its file. What
 * the files hold is what `exportCheckpoint` says.
 */
import type { ExportDtype, ExportedFile } from './export';
import { configFile, fileNameOf, refuseLost, STORED } from './export';
import { countNonFinite, decodeFloats, encodeFloats, type FloatDtype } from './floats';
import { layOut } from './safetensors';
import { letGo } from './source';

/** Some weights, as they were stored or as trained, in float32. */
export type StreamedPiece = { dtype: FloatDtype; bytes: Uint8Array<ArrayBuffer> } | { values: Float32Array };

export interface StreamedTensor {
  shape: readonly number[];
  /** All of its weights in order; each piece is used before the next one is asked for. */
  pieces(): AsyncIterable<StreamedPiece>;
}

export interface StreamedExport {
  /** config.json as transformers reads it; `torch_dtype` is set here. */
  config: Record<string, unknown>;
  /** By canonical name, in the order in which they are to be written. */
  tensors: ReadonlyMap<string, StreamedTensor>;
  dtype: ExportDtype;
}

export interface StreamedFile {
  name: string;
  /** Bytes in all. */
  size: number;
  /** The file from its start; a chunk may change once the next one is asked for. Can be read once. */
  chunks: AsyncIterable<Uint8Array<ArrayBuffer>>;
}

export interface StreamedFiles {
  config: ExportedFile;
  weights: StreamedFile;
}

/** The piece in the dtype of the file, and how many of its values that dtype cannot hold. */
function convert(piece: StreamedPiece, dtype: FloatDtype): { bytes: Uint8Array<ArrayBuffer>; lost: number } {
  if (!('values' in piece) && piece.dtype === dtype) return { bytes: piece.bytes, lost: 0 };
  const values = 'values' in piece ? piece.values : decodeFloats(piece.dtype, piece.bytes);
  const own = new Uint8Array(values.buffer as ArrayBuffer, values.byteOffset, values.byteLength);
  if (dtype === 'F32') return { bytes: own, lost: 0 };
  const bytes = encodeFloats(dtype, values);
  return { bytes, lost: countNonFinite(dtype, bytes) - countNonFinite('F32', own) };
}

/** The files of a student, but for the tokenizer's; reading the weights throws CheckpointError when one does not fit the dtype. */
export function streamCheckpoint({ config, tensors, dtype: asked }: StreamedExport): StreamedFiles {
  const { dtype } = STORED[asked];
  const specs = new Map([...tensors].map(([name, { shape }]) => [fileNameOf(name), { dtype, shape }]));
  const { head, size } = layOut(specs, { format: 'pt' });
  async function* chunks() {
    yield head;
    for (const [name, tensor] of tensors) {
      let beyond = 0;
      for await (const piece of tensor.pieces()) {
        const { bytes, lost } = convert(piece, dtype);
        beyond += lost;
        yield bytes;
        letGo(bytes);
      }
      refuseLost(name, beyond, dtype);
    }
  }
  return {
    config: configFile(config, asked),
    weights: { name: 'model.safetensors', size, chunks: chunks() },
  };
}

/** A streamed file in memory, where it is needed as a whole. */
export async function collect({ name, size, chunks }: StreamedFile): Promise<ExportedFile> {
  const bytes = new Uint8Array(size);
  let position = 0;
  for await (const chunk of chunks) {
    bytes.set(chunk, position);
    position += chunk.length;
  }
  return { name, bytes };
}
