/** The labelled rows that recipes name, as a model's tokenizer sees them. */
import {
  encodeExamples,
  readExamples,
  spreadExamples,
  splitExamples,
  type EncodedExamples,
  type Examples,
} from '../../data/examples';
import { describeColumns, type RowsCard } from '../../data/columns';
import { readTable, type Table, type Wanted } from '../../data/tables';
import { taskOf, type Fields, type LabelledTask, type TaskChoice } from '../../data/tasks';
import { kindOf, type DataFile } from '../../data/dataFile';
import type { Tokenizer } from '../../data/tokenizer';
import { RecipeError } from '../../errors';
import { blobSource } from '../../io/source';
import { partOf, type SourcePart, type TaskData } from '../../recipe/data';
import type { Recipe } from '../../recipe/recipe';
import type { Platform } from '../platform';
import type { EncodedTask } from './assignment';
import type { Sources } from './sources';
import type { Task } from './task';

const DEMO = 'demo';
/** Files that were dropped or chosen on the page. */
const ROWS = 'rows:';
/** Train, validation, MNLI's second one, and the file of the task before. */
const KEPT_TABLES = 4;
const FIRST_ROWS = 5;

/** What `demo` means for a task of the bundle. */
const BUNDLED: Readonly<Record<string, string>> = {
  'wordnet/category': 'category',
  'wordnet/same-sense': 'same-sense',
};

export const isBundled = (task: string): boolean => Object.hasOwn(BUNDLED, task);

type Split = 'train' | 'validation';

/** Rows of one part, and the share of the file's that was read. */
interface ReadPart {
  examples: Examples;
  share: number;
}

/** A recipe's rows before they are encoded; of a file with parts that can be left unread, what was asked for. */
export interface TaskSets {
  labelled: LabelledTask;
  train: ReadPart;
  validation: ReadPart;
  mismatched?: ReadPart;
  /** One file serves for both. */
  split: boolean;
  /** The first rows of the training file, as they are there. */
  firstRows: readonly Fields[];
}

export interface RowRegistry {
  /** Files that recipes name `rows:` and this name from now on; those of the same name before are forgotten. */
  add(name: string, files: readonly File[], task: Task): Promise<RowsCard>;
  /** A recipe's rows as they are in the files. */
  read(data: TaskData, seed: number, task: Task): Promise<TaskSets>;
  /** A recipe's data, encoded; says what was left out and what was truncated. */
  encode(
    data: TaskData,
    recipe: Pick<Recipe, 'seed' | 'evaluation'>,
    tokenizer: Tokenizer,
    task: Task,
  ): Promise<EncodedTask>;
  /** One file of a task, to measure a model on. */
  encodeOne(
    choice: TaskChoice,
    source: string,
    tokenizer: Tokenizer,
    maxLength: number,
    task: Task,
  ): Promise<{ task: LabelledTask; rows: EncodedExamples; leftOut: number }>;
}

export function rowRegistry(platform: Platform, sources: Sources): RowRegistry {
  const added = new Map<string, readonly DataFile[]>();
  const tables = new Map<string, Table>();

  /** A dropped file is read when it comes, looked at while it is mapped, and learnt from: the last few stay in memory. */
  async function addedTable(ref: string, files: readonly DataFile[]): Promise<Table> {
    const table = tables.get(ref) ?? (await readTable(ref.slice(ROWS.length), files));
    tables.delete(ref);
    tables.set(ref, table);
    for (const old of [...tables.keys()].slice(0, -KEPT_TABLES)) tables.delete(old);
    return table;
  }

  async function bundledFile(task: LabelledTask, split: Split): Promise<DataFile> {
    const name = BUNDLED[task.id];
    if (name === undefined) {
      throw new RecipeError(
        `the demo has no rows of ${task.id}`,
        `Name files: "train": "file:PATH". Bundled are ${Object.keys(BUNDLED).join(' and ')}.`,
      );
    }
    const path = `tasks/${name}.${split}.jsonl`;
    const source = await (await platform.demoTexts()).open(path);
    if (!source) throw new RecipeError(`the demo lacks ${path}`, 'Fetch the project again.');
    return { name: path, size: source.size, read: (start, end) => source.read(start, end) };
  }

  async function tableOf(
    source: string,
    labelled: LabelledTask,
    split: Split,
    wanted: Wanted,
    task: Task,
  ): Promise<Table> {
    if (source === DEMO) {
      const file = await bundledFile(labelled, split);
      return readTable(file.name, [file], wanted);
    }
    const found = await sources.open(source, task, wanted);
    for (const message of found?.warnings ?? []) task.send({ type: 'warning', message });
    if (found) return readTable(found.name, found.files, wanted);
    const files = added.get(source);
    if (files) return addedTable(source, files);
    const loaded = [DEMO, ...added.keys()].join(', ');
    throw new RecipeError(`the rows ${JSON.stringify(source)} are not loaded`, `Loaded: ${loaded}.`);
  }

  async function tableFor(
    source: string,
    labelled: LabelledTask,
    split: Split,
    part: Pick<Wanted, 'fraction' | 'seed'>,
    task: Task,
  ): Promise<Table> {
    const { columns, labelColumn, optionalColumns } = labelled;
    const wanted = { ...part, columns: [...columns, labelColumn], optionalColumns };
    const table = await tableOf(source, labelled, split, wanted, task);
    task.check();
    return table;
  }

  const warn = ({ warnings }: Examples, task: Task) => {
    for (const message of warnings) task.send({ type: 'warning', message });
  };

  const read: RowRegistry['read'] = async (data, seed, task) => {
    const labelled = taskOf(data);
    const [train, validation] = [partOf(data.train), partOf(data.validation)];
    const split = train.source === validation.source && train.source !== DEMO;
    const partFor = async (
      { source, fraction }: SourcePart,
      part: Split,
    ): Promise<ReadPart & Pick<TaskSets, 'firstRows'>> => {
      const table = await tableFor(source, labelled, part, { fraction, seed }, task);
      const firstRows = table.rows.slice(0, FIRST_ROWS).map(({ fields }) => fields);
      return { examples: readExamples(table, labelled), share: table.share, firstRows };
    };
    // One file for both is read once, as far as the greater part needs, and split.
    const greater = { source: train.source, fraction: Math.max(train.fraction, validation.fraction) };
    const { firstRows, ...first } = await partFor(split ? greater : train, 'train');
    const { validationMismatched: second } = data;
    const common = {
      ...{ labelled, split, firstRows },
      ...(second && { mismatched: await partFor(partOf(second), 'validation') }),
    };
    if (!split) return { ...common, train: first, validation: await partFor(validation, 'validation') };
    const halves = splitExamples(first.examples);
    return {
      ...common,
      train: { ...first, examples: halves.train },
      validation: { ...first, examples: halves.validation },
    };
  };

  function encoded(examples: Examples, tokenizer: Tokenizer, maxLength: number, task: Task): EncodedExamples {
    const set = encodeExamples(examples, tokenizer, maxLength);
    task.check();
    if (set.truncated > 0) {
      const [truncated, all] = [set.truncated, set.rows.length].map((count) => count.toLocaleString('en'));
      const message = `${set.name}: ${truncated} of ${all} inputs are longer than ${maxLength} tokens and truncated.`;
      task.send({ type: 'warning', message });
    }
    return set;
  }

  const shareOf = (set: EncodedExamples, share: number) =>
    spreadExamples(set, share >= 1 ? 0 : Math.max(1, Math.round(share * set.labels.length)));

  return {
    read,
    async add(name, files, task) {
      const ref = `${ROWS}${name}`;
      const readable = files.filter((file) => kindOf(file.name) !== undefined);
      const taken = readable.length > 0 ? readable : files;
      const sources = taken.map((file) => blobSource(file.webkitRelativePath || file.name, file));
      tables.delete(ref);
      const table = await readTable(name, sources);
      task.check();
      added.set(ref, sources);
      tables.set(ref, table);
      return { ref, name, rows: table.rows.length, columns: describeColumns(table) };
    },
    async encode(data, { seed, evaluation: { maxRows } }, tokenizer, task) {
      const { labelled, split, train, validation, mismatched } = await read(data, seed, task);
      for (const part of [train, ...(split ? [] : [validation]), ...(mismatched ? [mismatched] : [])])
        warn(part.examples, task);
      const encode = ({ examples, share }: ReadPart, { fraction }: SourcePart) =>
        shareOf(encoded(examples, tokenizer, data.maxLength, task), fraction / share);
      return {
        task: labelled,
        train: encode(train, partOf(data.train)),
        validation: spreadExamples(encode(validation, partOf(data.validation)), maxRows),
        ...(mismatched &&
          data.validationMismatched && {
            mismatched: spreadExamples(encode(mismatched, partOf(data.validationMismatched)), maxRows),
          }),
      };
    },
    async encodeOne(choice, source, tokenizer, maxLength, task) {
      const labelled = taskOf(choice);
      const examples = readExamples(await tableFor(source, labelled, 'validation', {}, task), labelled);
      warn(examples, task);
      const rows = encoded(examples, tokenizer, maxLength, task);
      return { task: labelled, rows, leftOut: examples.leftOut };
    },
  };
}
