/** `eval --task`: a classifier on a file of labelled rows. */
import { isAbsolute, resolve } from 'node:path';
import { RecipeError } from '../errors';
import { TASK_IDS, type TaskData } from '../recipe/data';
import { isHubSource } from '../recipe/hubSource';
import type { Arguments, OptionSpecs } from './args';
import type { Context } from './command';
import { resolveModel } from './model';
import { progressNotes } from './progressNotes';
import { openSession } from './session';
import { metricsText } from './training';

export const TASK_OPTIONS: OptionSpecs = {
  task: { value: 'NAME', help: 'glue/cola, superglue/rte, ..., custom: measure a classifier on --rows' },
  rows: {
    value: 'FILE',
    help: '.jsonl, .csv, .tsv or .parquet with the columns of the task, hf:owner/name/config:split, or demo',
  },
  'max-length': { value: 'N', help: "tokens of an input (default: the model's positions)" },
  columns: { value: 'LIST', help: 'of a custom task: the columns with text' },
  label: { value: 'NAME', help: 'of a custom task: the column with the label' },
  labels: { value: 'LIST', help: 'of a custom task: its labels, in the order of the classes' },
};

type Choice = Pick<TaskData, 'task' | 'columns' | 'labels'>;

function taskChoice(args: Arguments): Choice {
  const name = args.text('task')!;
  const task = TASK_IDS.find((id) => id === name);
  if (!task)
    throw new RecipeError(`there is no task ${JSON.stringify(name)}`, `Tasks: ${TASK_IDS.join(', ')}.`);
  if (task !== 'custom') return { task };
  const list = (option: string) => args.required(option, args.text(option)).split(',');
  const label = args.required('label', args.text('label'));
  return { task, columns: { text: list('columns'), label }, labels: list('labels') };
}

export async function evaluateRows({ args, out }: Context): Promise<number> {
  const task = taskChoice(args);
  const file = args.required('rows', args.text('rows'));
  const named = file === 'demo' || isHubSource(file);
  const rows = named ? file : `file:${isAbsolute(file) ? file : resolve(file)}`;
  const maxLength = args.number('max-length', { min: 2, integer: true });
  const model = resolveModel(args.positionals[0]!);
  const { client, device } = await openSession(args, out);
  const onEvent = progressNotes(out);
  const { ref } = await client.request({ type: 'loadModel', model }, { onEvent });
  const report = await client.request(
    { type: 'evaluateTask', model: ref, task, rows, maxLength },
    { onEvent },
  );
  out.result({ ...report, device: device.description }, [
    `${metricsText(report)} on ${report.rows} rows (the most frequent label: ${report.majority.toFixed(3)})`,
  ]);
  return 0;
}
