/**
 * Truncation, on the host and byte for byte: a student is the kept blocks of its teacher, renumbered, with the
 * teacher's embeddings and last layer norm. No weight is converted, so it needs no device and loses nothing.
 * Source: "A Short Study on Compressing Decoder-Based Language Models", arXiv:2110.08460, section 2.1.
 */
import { CancelledError } from '../errors';
import type { Checkpoint, FloatTensor } from '../io/checkpoint';
import type { GPT2Config } from './config';
import { checkTensors, sourceNames } from './params';
import { checkLayers } from './selection';

export interface TruncatedModel {
  config: GPT2Config;
  /** The student's tensors by canonical name, as stored in the teacher. */
  tensors: Map<string, FloatTensor>;
}

export interface TruncateOptions {
  /** Told the stored bytes read so far and in all. */
  onProgress?: (doneBytes: number, totalBytes: number) => void;
  signal?: AbortSignal;
}

/**
 * Reads the student's tensors, and no other bytes of the weights. `layers` are the kept blocks in order.
 * Throws SelectionError for impossible layers, CheckpointError as `checkTensors` does, CancelledError on the signal.
 */
export async function truncateCheckpoint(
  checkpoint: Checkpoint,
  config: GPT2Config,
  layers: readonly number[],
  options: TruncateOptions = {},
): Promise<TruncatedModel> {
  checkLayers(layers, config.nLayer);
  checkTensors(checkpoint.tensors, config);
  const sources = sourceNames(config, layers);
  let total = 0;
  for (const source of sources.values()) total += checkpoint.tensors.get(source)!.bytes;
  const tensors = new Map<string, FloatTensor>();
  let done = 0;
  for (const [name, source] of sources) {
    if (options.signal?.aborted) throw new CancelledError('truncation was cancelled');
    const tensor = await checkpoint.readRaw(source);
    tensors.set(name, tensor);
    done += tensor.bytes.byteLength;
    options.onProgress?.(done, total);
  }
  return { config: { ...config, nLayer: layers.length }, tensors };
}
