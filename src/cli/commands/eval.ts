import { readFile } from 'node:fs/promises';
import { RecipeError, SourceError } from '../../errors';
import { readTextFile } from '../../data/textFiles';
import type { Arguments } from '../args';
import type { Command } from '../command';
import { HUB_OPTION, resolveModel } from '../model';
import { openSession, progressNotes } from '../session';
import { evaluateRows, TASK_OPTIONS } from '../taskEvaluation';

type Input = { text: string } | { ids: number[] } | { documents: string[] };

async function readBytes(path: string): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return new Uint8Array(await readFile(path));
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    const reason = missing ? 'there is no such file' : (error as Error).message;
    throw new SourceError(`cannot read ${path}: ${reason}`, undefined, { cause: error });
  }
}

/** Token ids from `{"ids": [...]}`, a bare array, or `perplexity.json` of the fixtures, which says `tokens`. */
export function parseIds(path: string, json: string): number[] {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (error) {
    throw new RecipeError(`${path} is not JSON: ${(error as Error).message}`, undefined, { cause: error });
  }
  const fields = value as { ids?: unknown; tokens?: unknown } | null;
  const ids = Array.isArray(value) ? (value as unknown[]) : (fields?.ids ?? fields?.tokens);
  if (!Array.isArray(ids))
    throw new RecipeError(`${path} holds no list of ids`, 'Expected {"ids": [...]} or [...].');
  const wrong = ids.findIndex((id) => !Number.isInteger(id) || (id as number) < 0);
  if (wrong >= 0)
    throw new RecipeError(`${path}: entry ${wrong} is ${JSON.stringify(ids[wrong])}, expected a token id`);
  return ids as number[];
}

/** A plain text is scored as it stands; of rows (.jsonl) each is a document behind an end-of-text token. */
async function readInput(args: Arguments): Promise<Input> {
  const text = args.text('text');
  const ids = args.text('ids');
  if ((text === undefined) === (ids === undefined)) throw new RecipeError('give either --text or --ids');
  if (ids !== undefined) return { ids: parseIds(ids, new TextDecoder().decode(await readBytes(ids))) };
  const bytes = await readBytes(text!);
  const rows = /\.(jsonl|ndjson)$/i.test(text!);
  // A text of any other name is taken for plain text.
  const name = rows || /\.(txt|md)$/i.test(text!) ? text! : `${text!}.txt`;
  const { documents, warnings } = await readTextFile({
    name,
    size: bytes.byteLength,
    arrayBuffer: () => Promise.resolve(bytes.buffer),
  });
  warnings.forEach((warning) => process.stderr.write(`${warning}\n`));
  return documents.length === 1 && !rows ? { text: documents[0]! } : { documents: [...documents] };
}

export const evaluate: Command = {
  name: 'eval',
  usage:
    'MODEL (--text FILE | --ids FILE.json) [--window N] [--stride N]\n       MODEL --task NAME --rows FILE [--max-length N]',
  summary: 'perplexity on a text, or the metrics of a classifier on labelled rows',
  positionals: 1,
  options: {
    text: { value: 'FILE', help: '.txt, .md or .jsonl' },
    ids: { value: 'FILE.json', help: 'token ids, for checks without a tokenizer' },
    window: { value: 'N', help: "tokens in a window (default: the model's positions)" },
    stride: { value: 'N', help: 'from one window to the next (default: the window)' },
    ...TASK_OPTIONS,
    ...HUB_OPTION,
  },
  async run({ args, out }) {
    if (args.text('task') !== undefined) return evaluateRows({ args, out });
    const input = await readInput(args);
    const asked = args.number('window', { min: 2, integer: true });
    const askedStride = args.number('stride', { min: 1, integer: true });
    const model = resolveModel(args.positionals[0]!);
    const { client, device } = await openSession(args, out);
    const onEvent = progressNotes(out);
    const { ref, config } = await client.request({ type: 'loadModel', model }, { onEvent });
    const window = asked ?? config.nPositions;
    const stride = askedStride ?? window;
    const report = await client.request({ type: 'evaluate', model: ref, input, window, stride }, { onEvent });
    out.result({ ...report, device: device.description }, [
      `perplexity ${report.perplexity.toFixed(4)} (${report.loss.toFixed(6)} nats per token) on ${report.tokens} tokens`,
    ]);
    return 0;
  },
};
