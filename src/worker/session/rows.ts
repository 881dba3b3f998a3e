/** The labelled rows that recipes name, as a model's tokenizer sees them. */
import {
  encodeExamples,
  readExamples,
  spreadExamples,
  splitExamples,
  type EncodedExamples,
  type Examples,
} from '../../data/examples';
import { readTable, type Table } from '../../data/tables';
import { taskOf, type LabelledTask, type TaskChoice } from '../../data/tasks';
import type { TextFile } from '../../data/textFiles';
import type { Tokenizer } from '../../data/tokenizer';
import { RecipeError } from '../../errors';
import { partOf, type Source, type TaskData } from '../../recipe/data';
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
  encode(data: TaskData, tokenizer: Tokenizer, maxRows: number, task: Task): Promise<EncodedTask>;
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
  async function bundledFile(task: LabelledTask, split: Split): Promise<TextFile> {
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
    return {
      name: path,
      size: source.size,
      arrayBuffer: async () => (await source.read(0, source.size)).slice().buffer,
    };
  }

  async function tableOf(source: string, task: LabelledTask, split: Split): Promise<Table> {
    if (source === DEMO) return readTable(await bundledFile(task, split));
    if (source.startsWith(FILE) && platform.openText) {
      return readTable(await platform.openText(source.slice(FILE.length)));
    }
    throw new RecipeError(`the rows ${JSON.stringify(source)} are not loaded`, 'Loaded: demo.');
  }

  async function examplesOf(
    source: string,
    labelled: LabelledTask,
    split: Split,
    task: Task,
  ): Promise<Examples> {
    const examples = readExamples(await tableOf(source, labelled, split), labelled);
    task.check();
    for (const message of examples.warnings) task.send({ type: 'warning', message });
    return examples;
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
    async encode(data, tokenizer, maxRows, task) {
      const labelled = taskOf(data);
      const { maxLength } = data;
      const read = (source: Source, split: Split) => examplesOf(partOf(source).source, labelled, split, task);
      const encode = (examples: Examples, { fraction }: { fraction: number }) =>
        shareOf(encoded(examples, tokenizer, maxLength, task), fraction);
      const [trainPart, validationPart] = [partOf(data.train), partOf(data.validation)];
      const oneFile = trainPart.source === validationPart.source && trainPart.source !== DEMO;
      const { train, validation } = oneFile
        ? splitExamples(await read(data.train, 'train'))
        : { train: await read(data.train, 'train'), validation: await read(data.validation, 'validation') };
      const { validationMismatched: second } = data;
      return {
        task: labelled,
        train: encode(train, trainPart),
        validation: spreadExamples(encode(validation, validationPart), maxRows),
        ...(second && {
          mismatched: spreadExamples(encode(await read(second, 'validation'), partOf(second)), maxRows),
        }),
      };
    },
    async encodeOne(choice, source, tokenizer, maxLength, task) {
      const labelled = taskOf(choice);
      const examples = await examplesOf(source, labelled, 'validation', task);
      const rows = encoded(examples, tokenizer, maxLength, task);
      return { task: labelled, rows, leftOut: examples.leftOut };
    },
  };
}
