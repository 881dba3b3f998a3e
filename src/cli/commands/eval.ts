import { access, readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { RecipeError, SourceError } from '../../errors';
import { hubTextOf } from '../../data/hubDatasets';
import { PROTOCOL_IDS, protocolById, type Protocol } from '../../recipe/protocols';
import type { CommandBody } from '../../worker/protocol';
import { unescaped, type Arguments } from '../args';
import type { Command } from '../command';
import type { Output } from '../output';
import { isHubSource } from '../../recipe/hubSource';
import { HUB_OPTION } from '../hub';
import { resolveModel } from '../model';
import { progressNotes } from '../progressNotes';
import { openSession } from '../session';
import { evaluateRows, TASK_OPTIONS } from '../taskEvaluation';

type Input = (CommandBody & { type: 'evaluate' })['input'];

function refuse(path: string, error: unknown): never {
  const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
  const reason = missing ? 'there is no such file' : (error as Error).message;
  throw new SourceError(`cannot read ${path}: ${reason}`, undefined, { cause: error });
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

/** What stands between rows of one text, undefined where each is a document: what is asked, or what is known of the data set. */
function joinOption(args: Arguments, source: string, out: Output): string | undefined {
  const asked = args.text('join');
  if (asked === 'off') return undefined;
  if (asked !== undefined) return unescaped(asked);
  const known = hubTextOf(source);
  if (known?.join !== undefined)
    out.note(`the rows of ${known.label} are lines, read as one text; --join off makes each a document`);
  return known?.join;
}

/** A text by its name in recipes, or ids. */
async function readInput(args: Arguments, out: Output): Promise<Input> {
  const text = args.text('text');
  const ids = args.text('ids');
  if ((text === undefined) === (ids === undefined)) throw new RecipeError('give either --text or --ids');
  if (ids !== undefined)
    return { ids: parseIds(ids, await readFile(ids, 'utf8').catch((error: unknown) => refuse(ids, error))) };
  const path = resolve(text!);
  if (!isHubSource(text!)) await access(path).catch((error: unknown) => refuse(text!, error));
  const source = isHubSource(text!) ? text! : `file:${path}`;
  return { source, column: args.text('column'), join: joinOption(args, source, out) };
}

/** Throws RecipeError for a name that no protocol has. */
function protocolOption(name: string | undefined): Protocol | undefined {
  if (name === undefined) return undefined;
  const id = PROTOCOL_IDS.find((known) => known === name);
  if (id) return protocolById(id);
  throw new RecipeError(
    `there is no protocol ${JSON.stringify(name)}`,
    `Protocols: ${PROTOCOL_IDS.join(', ')}.`,
  );
}

export const evaluate: Command = {
  name: 'eval',
  usage:
    'MODEL (--text FILE | --ids FILE.json) [--protocol NAME] [--window N] [--stride N]\n       MODEL --task NAME --rows FILE [--max-length N]',
  summary: 'perplexity on a text, or the metrics of a classifier on labelled rows',
  positionals: 1,
  options: {
    text: {
      value: 'FILE',
      help: '.txt, .md, .jsonl, .csv, .tsv (or these as .gz) or .parquet; or hf:owner/name/config:split',
    },
    column: { value: 'NAME', help: 'of files with columns: the one with the text (default: text)' },
    join: {
      value: 'TEXT|off',
      help: "what stands between rows that are one text ('' or '\\n\\n'); off: each row is a document, the default but for WikiText",
    },
    ids: { value: 'FILE.json', help: 'token ids, for checks without a tokenizer' },
    protocol: { value: 'NAME', help: `window, stride, text and unit at once: ${PROTOCOL_IDS.join(', ')}` },
    window: { value: 'N', help: "tokens in a window (default: the model's positions)" },
    stride: { value: 'N', help: 'from one window to the next (default: the window)' },
    ...TASK_OPTIONS,
    ...HUB_OPTION,
  },
  async run({ args, out }) {
    if (args.text('task') !== undefined) return evaluateRows({ args, out });
    const input = await readInput(args, out);
    const asked = args.number('window', { min: 2, integer: true });
    const askedStride = args.number('stride', { min: 1, integer: true });
    const named = protocolOption(args.text('protocol'));
    const model = resolveModel(args.positionals[0]!);
    const { client, device } = await openSession(args, out);
    const onEvent = progressNotes(out);
    const { ref, config } = await client.request({ type: 'loadModel', model }, { onEvent });
    const window = asked ?? named?.window ?? config.nPositions;
    const stride = askedStride ?? named?.stride ?? window;
    const { text, unit } = named ?? {};
    const report = await client.request(
      { type: 'evaluate', model: ref, input, window, stride, text, unit },
      { onEvent },
    );
    out.result({ ...report, device: device.description }, [
      `perplexity ${report.perplexity.toFixed(4)} ${report.unit === 'word' ? 'per word ' : ''}(${report.loss.toFixed(6)} nats per token) on ${report.tokens} tokens`,
    ]);
    return 0;
  },
};
