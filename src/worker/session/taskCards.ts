/** What the page shows of a task before a run, told by the code that reads its rows for training. */
import {
  columnUses,
  describePart,
  inputLengths,
  labelNames,
  lengthBins,
  seenRows,
  type TaskCard,
} from '../../data/taskCard';
import type { Examples } from '../../data/examples';
import { shownRow } from '../../data/firstRows';
import { bucketOf } from '../../data/rowBatches';
import { taskContents, type TaskContents } from '../../data/taskContents';
import { NAMED_TASKS } from '../../data/tasks';
import type { Tokenizer } from '../../data/tokenizer';
import type { TaskData } from '../../recipe/data';
import type { TaskInfo } from '../protocol';
import { isBundled, type RowRegistry } from './rows';
import type { Task } from './task';

const PREVIEW_ROWS = 8;
/** Two tasks, each with train, validation and a second validation set. */
const KEPT_LENGTHS = 6;

/** The tasks that recipes can name. */
export const taskInfos = (): TaskInfo[] =>
  NAMED_TASKS.map(({ id, columns, labelColumn, classes, metrics }) => ({
    id,
    columns: [...columns],
    labelColumn,
    classes: [...classes],
    metrics: [...metrics],
    bundled: isBundled(id),
  }));

/** Lets other commands, a cancellation among them, have their turn. */
const breathe = () => new Promise<void>((resolve) => void setTimeout(resolve, 0));

/** Keeps a value as the last one, and of all the last few. */
function keep<T>(values: Map<string, T>, key: string, value: T): T {
  values.delete(key);
  values.set(key, value);
  for (const old of [...values.keys()].slice(0, -KEPT_LENGTHS)) values.delete(old);
  return value;
}

export function taskCards(rows: RowRegistry) {
  /** Tokenising is what takes long, and another cut needs none of it. */
  const known = new Map<string, Int32Array>();
  const contents = new Map<string, TaskContents>();

  async function lengthsOf(key: string, examples: Examples, tokenizer: Tokenizer, task: Task) {
    const total = examples.examples.length * (examples.examples[0]?.choices.length ?? 1);
    const lengths =
      known.get(key) ??
      (await inputLengths(examples, tokenizer, async (done) => {
        await breathe();
        task.check();
        task.progress(`tokenising ${examples.name}`, done, total, 'rows');
      }));
    return keep(known, key, lengths);
  }

  function contentsOf(key: string, train: Examples, validation: Examples): TaskContents {
    return keep(contents, key, contents.get(key) ?? taskContents(train.examples, validation.examples));
  }

  return {
    /** Rows of another content have come under this name. */
    forget: (ref: string) => {
      for (const each of [known, contents])
        for (const key of each.keys()) if (key.includes(JSON.stringify(ref))) each.delete(key);
    },
    async describe(data: TaskData, seed: number, tokenizer: Tokenizer, task: Task): Promise<TaskCard> {
      const { labelled, train, validation, mismatched, split, firstRows } = await rows.read(data, seed, task);
      const { maxLength, ...rest } = data;
      const key = (part: string) => JSON.stringify([part, rest, seed, tokenizer.fingerprint]);
      const lengths = await lengthsOf(key('train'), train.examples, tokenizer, task);
      const part = async (name: string, { examples }: { examples: Examples }) =>
        describePart(examples, labelled, await lengthsOf(key(name), examples, tokenizer, task), maxLength);
      const preview = seenRows(train.examples.examples, labelled, tokenizer, maxLength, PREVIEW_ROWS);
      return {
        task: labelled.id,
        labels: labelNames(labelled),
        classes: [...labelled.classes],
        metrics: [...labelled.metrics],
        columns: columnUses(firstRows[0]!, labelled),
        firstRows: firstRows.map(shownRow),
        contents: contentsOf(key('contents'), train.examples, validation.examples),
        maxLength,
        train: await part('train', train),
        validation: await part('validation', validation),
        ...(mismatched && { validationMismatched: await part('mismatched', mismatched) }),
        split,
        lengths: lengthBins(lengths),
        preview,
        padTo: bucketOf(Math.max(...preview.map(({ kept }) => kept)), maxLength),
      };
    },
  };
}
