/** What becomes of a model on the device: files to take home, and text that it continues. */
import type { Tensor } from '@tensorflow/tfjs-core';
import { readPieces } from '../../engine/readback';
import type { ExportedFile } from '../../io/export';
import { collect, streamCheckpoint, type StreamedPiece } from '../../io/exportStream';
import { toHuggingFaceConfig } from '../../model/config';
import { generate } from '../../model/generate';
import type { Answers, CommandBody } from '../protocol';
import { allLayers, refuseClassifier, type KnownModel } from './models';
import type { Task } from './task';
import { requireTokenizer } from './vocabulary';

/** A model in the Hugging Face layout. Its weights are read back from the device, piece by piece into the file. */
export async function exportModel(
  model: KnownModel,
  dtype: 'f32' | 'f16' | 'bf16',
  task: Task,
): Promise<ExportedFile[]> {
  const { params, config } = await model.view(allLayers(model.config), task);
  const total = Object.values(params).reduce((sum, { size }) => sum + 4 * size, 0);
  let done = 0;
  const pieces = async function* (value: Tensor): AsyncGenerator<StreamedPiece> {
    for await (const { values } of readPieces(value)) {
      task.check();
      done += values.byteLength;
      yield { values };
      task.progress('reading weights back', done, total, 'bytes');
    }
  };
  const tensors = Object.entries(params).map(
    ([name, { shape, value }]) => [name, { shape, pieces: () => pieces(value) }] as const,
  );
  const { config: configFile, weights } = streamCheckpoint({
    config: toHuggingFaceConfig(config, model.huggingFaceConfig),
    tensors: new Map(tensors),
    dtype,
  });
  return [configFile, await collect(weights), ...model.vocabulary.files];
}

/** Continues a prompt; every token is an event as soon as it is there. */
export async function continuePrompt(
  model: KnownModel,
  { prompt, maxNewTokens, temperature, topK, seed }: CommandBody & { type: 'generate' },
  task: Task,
): Promise<Answers['generate']> {
  const tokenizer = requireTokenizer(model.card.name, model.vocabulary);
  refuseClassifier(model, 'continues no text');
  const view = await model.view(allLayers(model.config), task);
  const start = prompt === '' ? [tokenizer.endOfText] : tokenizer.encode(prompt);
  const stream = tokenizer.streamDecoder();
  const ids: number[] = [];
  let text = '';
  const say = (piece: string) => {
    text += piece;
    if (piece !== '') task.send({ type: 'token', id: task.id, text: piece });
  };
  const options = { maxNewTokens, temperature, topK, seed, stopAt: tokenizer.endOfText };
  for await (const id of generate(view, start, options)) {
    task.check();
    ids.push(id);
    say(stream.push(id));
  }
  say(stream.end());
  return { text, ids };
}
