/**
 * Truncation, on the host and byte for byte: a student is the kept blocks of its teacher, renumbered, with the
 * teacher's embeddings and last layer norm. No weight is converted, so it needs no device and loses nothing.
 * Source: "A Short Study on Compressing Decoder-Based Language Models", arXiv:2110.08460, section 2.1.
 */
import type { Checkpoint } from '../io/checkpoint';
import type { StreamedTensor } from '../io/exportStream';
import type { FloatDtype } from '../io/floats';
import type { GPT2Config } from './config';
import { checkTensors, sourceNames } from './params';
import { checkLayers } from './selection';

export interface TruncatedModel {
  config: GPT2Config;
  /** The student's tensors by canonical name, as stored in the teacher; read when they are asked for. */
  tensors: Map<string, StreamedTensor & { dtype: FloatDtype }>;
}

/**
 * The student of the kept blocks `layers`, in order. Its pieces read its tensors and no other bytes of the weights.
 * Throws SelectionError for impossible layers, CheckpointError as `checkTensors` does.
 */
export function truncateCheckpoint(
  checkpoint: Checkpoint,
  config: GPT2Config,
  layers: readonly number[],
): TruncatedModel {
  checkLayers(layers, config.nLayer);
  checkTensors(checkpoint.tensors, config);
  const tensors = [...sourceNames(config, layers)].map(([name, source]) => {
    const { dtype, shape } = checkpoint.tensors.get(source)!;
    const pieces = async function* () {
      for await (const { bytes } of checkpoint.rawPieces(source)) yield { dtype, bytes };
    };
    return [name, { dtype, shape, pieces }] as const;
  });
  return { config: { ...config, nLayer: layers.length }, tensors: new Map(tensors) };
}
