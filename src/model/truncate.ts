/**
 * Truncation, on the host and byte for byte: a student is the kept blocks of its teacher, renumbered, with the
 * teacher's embeddings and last layer norm. No weight is converted, so it needs no device and loses nothing.
 * Source: "A Short Study on Compressing Decoder-Based Language Models", arXiv:2110.08460, section 2.1.
 */
import { CancelledError, SelectionError } from '../errors';
import type { Checkpoint, FloatTensor } from '../io/checkpoint';
import type { GPT2Config } from './config';
import { checkTensors, sourceNames } from './params';

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

/** Throws SelectionError unless the layers are different blocks of the teacher, at least one. */
export function checkLayers(layers: readonly number[], nLayer: number): void {
  if (layers.length === 0)
    throw new SelectionError('no layer is kept', "Keep at least one of the teacher's layers.");
  for (const layer of layers)
    if (!Number.isInteger(layer) || layer < 0 || layer >= nLayer)
      throw new SelectionError(
        `layer ${layer} does not exist: the teacher has layers 0 to ${nLayer - 1}`,
        'Choose layers of the teacher.',
      );
  const twice = layers.find((layer, i) => layers.indexOf(layer) !== i);
  if (twice !== undefined)
    throw new SelectionError(`layer ${twice} is kept twice`, 'Name each kept layer once.');
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
