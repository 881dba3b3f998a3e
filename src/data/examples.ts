/**
 * A table as examples of a task, and examples as token ids. Rows that cannot be used (an unknown label, an empty
 * segment) are left out and counted with the line of the first; a column that is missing or no text is an error.
 */
import { DataError } from '../errors';
import { hashOf } from './heldOut';
import { placeOf, type Table, type TableRow } from './tables';
import type { Choice, LabelledTask } from './tasks';
import type { Tokenizer } from './tokens';

/** Stands between the segments of an input: a line feed. docs/classification.md says why not end of text. */
export const SEPARATOR = '\n';

export interface Example {
  /** One, or one for each value of the label. */
  readonly choices: readonly Choice[];
  /** Which of the task's values the row has. */
  readonly label: number;
}

export interface Examples {
  readonly name: string;
  readonly examples: readonly Example[];
  /** Rows that were left out; `reasons` has one sentence for each kind. */
  readonly leftOut: number;
  readonly warnings: readonly string[];
}

/** One input of the model. */
export interface EncodedRow {
  readonly ids: Int32Array;
  readonly label: number;
}

/** What a classifier learns from, or is measured on. */
export interface EncodedExamples {
  readonly name: string;
  /** Inputs; those of one example stand side by side. */
  readonly rows: readonly EncodedRow[];
  /** Of every example, which of the task's values it has. */
  readonly labels: readonly number[];
  /** Inputs per example. */
  readonly choices: number;
  /** Inputs that were longer than allowed. */
  readonly truncated: number;
}

const shown = (value: unknown): string => {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > 40 ? `${text.slice(0, 37)}...` : text;
};

function checkColumns(name: string, row: TableRow, task: LabelledTask): void {
  const { fields } = row;
  // Of several files the row's own says more than their folder.
  const where = row.file === undefined ? `${name}, ${placeOf(row)}` : placeOf(row);
  for (const column of [...task.columns, task.labelColumn]) {
    if (Object.hasOwn(fields, column)) continue;
    const found = Object.keys(fields).map(shown).join(', ') || 'none';
    throw new DataError(
      `${where} has no column ${shown(column)}, which ${task.id} needs; its columns: ${found}`,
      'Choose the task that belongs to this file, or map its columns in a custom task.',
    );
  }
  for (const column of task.columns) {
    const value = fields[column];
    if (typeof value === 'string' || typeof value === 'number' || value === null) continue;
    throw new DataError(`${where} has ${shown(value)} in the column ${shown(column)}, expected text`);
  }
}

/** The class that a label column means, by number or by name; -1 when it is none. */
function labelOf(task: LabelledTask, value: unknown): number {
  if (!['string', 'number', 'boolean'].includes(typeof value)) return -1;
  const text = String(value).trim().toLowerCase();
  return task.values.findIndex((spellings) => spellings.some((known) => known.toLowerCase() === text));
}

/** Rows of one kind that were left out: how many, and where the first is. */
class LeftOut {
  count = 0;
  #first = '';

  add(first: string): void {
    if (this.count++ === 0) this.#first = first;
  }

  sentence(what: string): string[] {
    if (this.count === 0) return [];
    const rows = `${this.count.toLocaleString('en')} row${this.count === 1 ? '' : 's'}`;
    return [`${rows} ${what}, the first at ${this.#first}`];
  }
}

/** Reads a table as a task. Throws DataError for wrong columns, and when no row is left. */
export function readExamples({ name, rows }: Pick<Table, 'name' | 'rows'>, task: LabelledTask): Examples {
  const examples: Example[] = [];
  const unknown = new LeftOut();
  const empty = new LeftOut();
  for (const row of rows) {
    checkColumns(name, row, task);
    const value = row.fields[task.labelColumn];
    const label = labelOf(task, value);
    // `checkColumns` has let texts, numbers and null through.
    const blank = task.columns.find((column) => `${(row.fields[column] ?? '') as string}`.trim() === '');
    if (label < 0) unknown.add(`${placeOf(row)} with ${shown(value)}`);
    else if (blank !== undefined) empty.add(`${placeOf(row)}, column ${shown(blank)}`);
    else examples.push({ choices: task.choices(row.fields, label), label });
  }
  const reasons = [
    ...unknown.sentence(`with a label that ${task.id} does not have`),
    ...empty.sentence('with an empty column'),
  ];
  const leftOut = unknown.count + empty.count;
  const reason = reasons.join('; ');
  if (examples.length === 0) {
    throw new DataError(
      `no row of ${name} can be used for ${task.id}: ${reason}`,
      `Its labels are ${task.values.map((spellings) => spellings.join(' or ')).join(', ')}.`,
    );
  }
  const warnings =
    leftOut === 0
      ? []
      : [`${name}: ${leftOut} of ${rows.length.toLocaleString('en')} rows are left out (${reason}).`];
  return { name, examples, leftOut, warnings };
}

/** Segments as tokens, and how much of each the model gets to see. */
export interface CutRow {
  readonly parts: readonly (readonly number[])[];
  /** Tokens that are kept of each part, from its start. */
  readonly kept: readonly number[];
  /** Stands between the parts. */
  readonly separator: readonly number[];
  /** Tokens before anything was cut, separators counted. */
  readonly whole: number;
}

/**
 * Cuts a row that is too long: it loses tokens from the end of whichever segment is longest, one at a time (transformers'
 * `longest_first`), so that every segment keeps a part.
 */
export function cutRow(
  segments: readonly string[],
  tokenizer: Pick<Tokenizer, 'encode'>,
  maxLength: number,
): CutRow {
  const separator = tokenizer.encode(SEPARATOR);
  const parts = segments.map((segment) => tokenizer.encode(segment));
  const between = separator.length * (parts.length - 1);
  const room = maxLength - between;
  if (room < parts.length) {
    throw new DataError(
      `inputs of ${maxLength} tokens have no room for ${parts.length} segments`,
      'Raise data.maxLength.',
    );
  }
  const kept = parts.map((part) => part.length);
  const all = kept.reduce((a, b) => a + b, 0);
  for (let excess = all - room; excess > 0; excess--) {
    const longest = kept.indexOf(Math.max(...kept));
    kept[longest]!--;
  }
  return { parts, kept, separator, whole: all + between };
}

/** Segments as one row of ids, joined by SEPARATOR and cut to what the model reads. */
export function encodeRow(
  segments: readonly string[],
  tokenizer: Pick<Tokenizer, 'encode'>,
  maxLength: number,
): { ids: Int32Array; truncated: boolean } {
  const { parts, kept, separator, whole } = cutRow(segments, tokenizer, maxLength);
  const ids = parts.flatMap((part, i) => [...(i > 0 ? separator : []), ...part.slice(0, kept[i])]);
  return { ids: Int32Array.from(ids), truncated: whole > maxLength };
}

/** Encodes examples for a model that reads at most `maxLength` tokens. */
export function encodeExamples(
  { name, examples }: Pick<Examples, 'name' | 'examples'>,
  tokenizer: Pick<Tokenizer, 'encode'>,
  maxLength: number,
): EncodedExamples {
  let truncated = 0;
  const rows = examples.flatMap(({ choices }) =>
    choices.map(({ segments, label }) => {
      const row = encodeRow(segments, tokenizer, maxLength);
      if (row.truncated) truncated++;
      return { ids: row.ids, label };
    }),
  );
  const labels = examples.map(({ label }) => label);
  return { name, rows, labels, choices: examples[0]?.choices.length ?? 1, truncated };
}

/** About `share` of the examples, spread evenly over all; at least one, and the same ones every time. */
export function spreadExamples(set: EncodedExamples, count: number): EncodedExamples {
  const { labels, choices } = set;
  if (count <= 0 || count >= labels.length) return set;
  const taken = Array.from({ length: count }, (_, i) => Math.floor((i * labels.length) / count));
  return {
    ...set,
    labels: taken.map((i) => labels[i]!),
    rows: taken.flatMap((i) => set.rows.slice(i * choices, (i + 1) * choices)),
  };
}

/** Share of the examples that is held out where one file serves for both. */
const HELD_OUT = 0.1;

/**
 * Splits examples into training and validation, a tenth held out in the order of a hash of their text: the same way every time,
 * and equal texts on one side. Throws DataError when there are too few for both.
 */
export function splitExamples(set: Examples): { train: Examples; validation: Examples } {
  const texts = set.examples.map(({ choices }) => JSON.stringify(choices.map(({ segments }) => segments)));
  const hashes = texts.map(hashOf);
  const order = texts.map((_, i) => i).sort((a, b) => hashes[a]! - hashes[b]! || a - b);
  const heldOut = new Set<number>();
  let last = -1;
  for (const i of order) {
    if (heldOut.size >= HELD_OUT * texts.length && texts[i] !== texts[last]) break;
    heldOut.add(i);
    last = i;
  }
  if (heldOut.size === texts.length) {
    throw new DataError(
      `${set.name} has ${texts.length} rows, too few different ones to learn from and to hold some out`,
      'Bring more rows, or a second file for validation.',
    );
  }
  const side = (held: boolean) => ({
    ...set,
    examples: set.examples.filter((_, i) => heldOut.has(i) === held),
  });
  return { train: side(false), validation: side(true) };
}
