/** What tasks are called on the page. Pure. */
import type { TaskId } from '../../recipe/data';

export type TaskGroup = 'glue' | 'superglue' | 'wordnet' | 'custom';

export const GROUPS: readonly { value: TaskGroup; label: string }[] = [
  { value: 'glue', label: 'GLUE' },
  { value: 'superglue', label: 'SuperGLUE' },
  { value: 'wordnet', label: 'WordNet' },
  { value: 'custom', label: 'Own file' },
];

const NAMES: Readonly<Record<TaskId, [name: string, what: string]>> = {
  'glue/cola': ['CoLA', 'acceptability'],
  'glue/rte': ['RTE', 'entailment'],
  'glue/mrpc': ['MRPC', 'paraphrase'],
  'glue/sst2': ['SST-2', 'sentiment'],
  'glue/mnli': ['MNLI', 'entailment'],
  'glue/qnli': ['QNLI', 'question and answer'],
  'glue/qqp': ['QQP', 'same question'],
  'superglue/boolq': ['BoolQ', 'yes or no'],
  'superglue/copa': ['COPA', 'cause and effect'],
  'superglue/cb': ['CB', 'commitment'],
  'superglue/rte': ['RTE', 'entailment'],
  'superglue/wic': ['WiC', 'word in context'],
  'superglue/wsc': ['WSC', 'what a pronoun means'],
  'wordnet/category': ['Category', 'what a definition defines'],
  'wordnet/same-sense': ['Same sense', 'two halves of one definition'],
  custom: ['Own file', 'labelled rows'],
};

/** A task that Decant knows by name. */
export type NamedTaskId = Exclude<TaskId, 'custom'>;

export const groupOf = (task: string): TaskGroup => (task.split('/')[0] ?? 'custom') as TaskGroup;

/** `SST-2, sentiment` */
export const taskLabel = (task: string): string =>
  Object.hasOwn(NAMES, task) ? NAMES[task as TaskId].join(', ') : task;

/** `SST-2` */
export const shortLabel = (task: string): string =>
  Object.hasOwn(NAMES, task) ? NAMES[task as TaskId][0] : task;

/** `GLUE SST-2, sentiment` */
export function wholeLabel(task: string): string {
  const group = GROUPS.find(({ value }) => value === groupOf(task));
  return task === 'custom' ? taskLabel(task) : `${group?.label ?? ''} ${taskLabel(task)}`.trim();
}
