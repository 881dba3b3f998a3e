/** What becomes of a model on the device: files to take home, and text that it continues. */
import { readTensor } from '../../engine/device';
import { exportCheckpoint, type ExportedFile, type ExportTensor } from '../../io/export';
import { toHuggingFaceConfig } from '../../model/config';
import { generate } from '../../model/generate';
import type { Answers, CommandBody } from '../protocol';
import { allLayers, refuseClassifier, type KnownModel } from './models';
import type { Task } from './task';
import { requireTokenizer } from './vocabulary';

/** A model in the Hugging Face layout. Its weights are read back from the device. */
export async function exportModel(
  model: KnownModel,
  dtype: 'f32' | 'f16' | 'bf16',
  task: Task,
): Promise<ExportedFile[]> {
  const { params, config } = await model.view(allLayers(model.config), task);
  const tensors = new Map<string, ExportTensor>();
  const all = Object.entries(params);
  for (const [name, { shape, value }] of all) {
    task.check();
    tensors.set(name, { shape, values: await readTensor(value) });
    task.progress('reading weights back', tensors.size, all.length, 'rows');
  }
  return exportCheckpoint({
    config: toHuggingFaceConfig(config, model.huggingFaceConfig),
    tensors,
    dtype,
    tokenizerFiles: model.vocabulary.files,
  });
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
