/** What there is to know about a task's rows before anything is trained: how many, how long, and how the model sees them. */
import { cutRow, type Example, type Examples } from './examples';
import type { ShownRow } from './firstRows';
import type { TaskContents } from './taskContents';
import type { Fields, LabelledTask } from './tasks';
import type { Tokenizer } from './tokens';

/** A task that recipes can name, as the page offers it. */
export interface TaskInfo {
  id: string;
  /** Columns that its files must have. */
  columns: string[];
  labelColumn: string;
  classes: string[];
  /** The first one is the task's own. */
  metrics: string[];
  /** Its rows come with Decant: `demo`. */
  bundled: boolean;
}

/** One part of the data of a task. */
export interface TaskPart {
  /** The file's, or the bundled file's. */
  name: string;
  /** Rows of the file (or of its share, where one file serves for both); left-out ones not counted. */
  rows: number;
  /** Rows of each of the task's label values. */
  perLabel: number[];
  leftOut: number;
  /** One sentence about the rows that were left out, with the line of the first; empty when none was. */
  warnings: string[];
  /** Inputs of the model: rows, or a row's choices one by one. */
  inputs: number;
  /** Inputs that are longer than `maxLength`. */
  truncated: number;
}

/** How many inputs have which length: bin i holds lengths `1 + i · width` to `(i + 1) · width`. */
export interface LengthBins {
  width: number;
  counts: number[];
  /** Tokens of the longest one. */
  longest: number;
}

/** `read`: the last token that is kept, which the classifier reads. */
export type TokenRole = 'kept' | 'separator' | 'read' | 'cut';

export interface SeenRow {
  tokens: { text: string; id: number; role: TokenRole }[];
  /** Tokens before cutting, and after it. */
  whole: number;
  kept: number;
  /** Name of the label's value. */
  label: string;
}

export interface ColumnUse {
  name: string;
  use: 'text' | 'label' | 'other' | 'unused';
}

/** Everything that the page shows of a task. */
export interface TaskCard {
  task: string;
  /** Names of the label's values, in their order; what a row is answered with. */
  labels: string[];
  /** Names of the head's classes: the labels, but for tasks that are scored choice by choice. */
  classes: string[];
  /** The first one is the task's own. */
  metrics: string[];
  columns: ColumnUse[];
  maxLength: number;
  train: TaskPart;
  validation: TaskPart;
  validationMismatched?: TaskPart;
  /** One file serves for both and a tenth of it is held out. */
  split: boolean;
  /** Of the training inputs, before cutting. */
  lengths: LengthBins;
  /** The first rows of the training file as they are there, values shortened. */
  firstRows: ShownRow[];
  contents: TaskContents;
  /** The first training inputs. */
  preview: SeenRow[];
  /** Tokens to which these are padded, as one batch. */
  padTo: number;
}

/** Bars that fit beside each other in the editor. */
const MOST_BINS = 28;

/** Bins of equal whole width from one token to the longest input. */
export function lengthBins(lengths: ArrayLike<number>): LengthBins {
  let longest = 0;
  for (let i = 0; i < lengths.length; i++) longest = Math.max(longest, lengths[i]!);
  const width = Math.max(1, Math.ceil(longest / MOST_BINS));
  const counts = new Array<number>(Math.max(1, Math.ceil(longest / width))).fill(0);
  for (let i = 0; i < lengths.length; i++) counts[Math.max(0, Math.ceil(lengths[i]! / width) - 1)]!++;
  return { width, counts, longest };
}

/** What a label's value is called: its last spelling, or the class that it is given where it has only one. */
export const labelNames = ({ values, classes }: LabelledTask): string[] =>
  values.map((spellings, k) => (spellings.length > 1 ? spellings.at(-1)! : classes[k]!));

/** Tokens of every input before cutting. Tokenising takes long, so `pause` is called every some inputs. */
export async function inputLengths(
  { examples }: Pick<Examples, 'examples'>,
  tokenizer: Pick<Tokenizer, 'encode'>,
  pause: (done: number) => Promise<void>,
): Promise<Int32Array> {
  const inputs = examples.flatMap(({ choices }) => choices);
  const lengths = new Int32Array(inputs.length);
  for (const [i, { segments }] of inputs.entries()) {
    if (i % 1000 === 0) await pause(i);
    lengths[i] = cutRow(segments, tokenizer, Infinity).whole;
  }
  return lengths;
}

export function describePart(
  { name, examples, leftOut, warnings }: Examples,
  task: LabelledTask,
  lengths: Int32Array,
  maxLength: number,
): TaskPart {
  const perLabel = task.values.map(() => 0);
  for (const { label } of examples) perLabel[label]!++;
  const truncated = lengths.reduce((count, length) => count + (length > maxLength ? 1 : 0), 0);
  return {
    name,
    rows: examples.length,
    perLabel,
    leftOut,
    warnings: [...warnings],
    inputs: lengths.length,
    truncated,
  };
}

/** One input as the model sees it, with what is cut off. */
export function seenRow(
  segments: readonly string[],
  label: string,
  tokenizer: Pick<Tokenizer, 'encode' | 'tokenText'>,
  maxLength: number,
): SeenRow {
  const { parts, kept, separator, whole } = cutRow(segments, tokenizer, maxLength);
  const token = (id: number, role: TokenRole) => ({ text: tokenizer.tokenText(id), id, role });
  const tokens = parts.flatMap((part, i) => [
    ...(i > 0 ? separator.map((id) => token(id, 'separator')) : []),
    ...part.map((id, at) => token(id, at < kept[i]! ? 'kept' : 'cut')),
  ]);
  const last = tokens.findLast(({ role }) => role === 'kept' || role === 'separator');
  if (last) last.role = 'read';
  return { tokens, whole, kept: Math.min(whole, maxLength), label };
}

/** The first inputs of a part. */
export function seenRows(
  examples: readonly Example[],
  task: LabelledTask,
  tokenizer: Pick<Tokenizer, 'encode' | 'tokenText'>,
  maxLength: number,
  count: number,
): SeenRow[] {
  const names = labelNames(task);
  return examples
    .slice(0, count)
    .flatMap(({ choices, label }) =>
      choices.map((choice) => {
        const name = choices.length > 1 ? task.classes[choice.label]! : names[label]!;
        return seenRow(choice.segments, name, tokenizer, maxLength);
      }),
    )
    .slice(0, count);
}

/** What each column of a file is to a task. */
export function columnUses(fields: Fields, task: LabelledTask): ColumnUse[] {
  const use = (name: string): ColumnUse['use'] => {
    if (task.columns.includes(name)) return 'text';
    if (name === task.labelColumn) return 'label';
    return task.optionalColumns?.includes(name) ? 'other' : 'unused';
  };
  return Object.keys(fields).map((name) => ({ name, use: use(name) }));
}
