/** The labelled rows that recipes name, as a model's tokenizer sees them. */
import {
  encodeExamples,
  readExamples,
  spreadExamples,
  splitExamples,
  type EncodedExamples,
  type Examples,
} from '../../data/examples';
import { readTable, type Table, type Wanted } from '../../data/tables';
import { taskOf, type LabelledTask, type TaskChoice } from '../../data/tasks';
import type { DataFile } from '../../data/dataFile';
import type { Tokenizer } from '../../data/tokenizer';
import { RecipeError } from '../../errors';
import { partOf, type SourcePart, type TaskData } from '../../recipe/data';
import type { Recipe } from '../../recipe/recipe';
import type { Platform } from '../platform';
import type { EncodedTask } from './assignment';
import type { Task } from './task';

const DEMO = 'demo';
const FILE = 'file:';

/** What `demo` means for a task of the bundle. */
const BUNDLED: Readonly<Record<string, string>> = {
  'wordnet/category': 'category',
  'wordnet/same-sense': 'same-sense',
};

type Split = 'train' | 'validation';

export interface RowRegistry {
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

export function rowRegistry(platform: Platform): RowRegistry {
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

  async function tableOf(source: string, task: LabelledTask, split: Split, wanted: Wanted): Promise<Table> {
    if (source === DEMO) {
      const file = await bundledFile(task, split);
      return readTable(file.name, [file], wanted);
    }
    if (source.startsWith(FILE) && platform.openData) {
      const { name, files } = await platform.openData(source.slice(FILE.length));
      return readTable(name, files, wanted);
    }
    throw new RecipeError(`the rows ${JSON.stringify(source)} are not loaded`, 'Loaded: demo.');
  }

  async function examplesOf(
    source: string,
    labelled: LabelledTask,
    split: Split,
    part: Pick<Wanted, 'fraction' | 'seed'>,
    task: Task,
  ): Promise<{ examples: Examples; share: number }> {
    const { columns, labelColumn, optionalColumns } = labelled;
    const wanted = { ...part, columns: [...columns, labelColumn], optionalColumns };
    const table = await tableOf(source, labelled, split, wanted);
    const examples = readExamples(table, labelled);
    task.check();
    for (const message of examples.warnings) task.send({ type: 'warning', message });
    return { examples, share: table.share };
  }

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
    async encode(data, { seed, evaluation: { maxRows } }, tokenizer, task) {
      const labelled = taskOf(data);
      const { maxLength } = data;
      const encode = (examples: Examples, fraction: number) =>
        shareOf(encoded(examples, tokenizer, maxLength, task), fraction);
      const read = async (part: SourcePart, split: Split) => {
        const { source, fraction } = part;
        const { examples, share } = await examplesOf(source, labelled, split, { fraction, seed }, task);
        return encode(examples, fraction / share);
      };
      const [train, validation] = [partOf(data.train), partOf(data.validation)];
      /** One file for both is read once, as far as the greater part needs, and split. */
      const readBoth = async () => {
        const fraction = Math.max(train.fraction, validation.fraction);
        const wanted = { fraction, seed };
        const { examples, share } = await examplesOf(train.source, labelled, 'train', wanted, task);
        const split = splitExamples(examples);
        return {
          train: encode(split.train, train.fraction / share),
          validation: encode(split.validation, validation.fraction / share),
        };
      };
      const sets =
        train.source === validation.source && train.source !== DEMO
          ? await readBoth()
          : { train: await read(train, 'train'), validation: await read(validation, 'validation') };
      const { validationMismatched: second } = data;
      return {
        task: labelled,
        train: sets.train,
        validation: spreadExamples(sets.validation, maxRows),
        ...(second && {
          mismatched: spreadExamples(await read(partOf(second), 'validation'), maxRows),
        }),
      };
    },
    async encodeOne(choice, source, tokenizer, maxLength, task) {
      const labelled = taskOf(choice);
      const { examples } = await examplesOf(source, labelled, 'validation', {}, task);
      const rows = encoded(examples, tokenizer, maxLength, task);
      return { task: labelled, rows, leftOut: examples.leftOut };
    },
  };
}
