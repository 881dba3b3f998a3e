/**
 * The classification tasks: which columns they read, what their classes are called, how a row becomes the text that
 * the model sees, and what is measured. Columns and class names are those of the Hugging Face datasets `nyu-mll/glue`
 * and `aps/super_glue`; metrics those of "A Short Study on Compressing Decoder-Based Language Models", section 3.4,
 * the benchmark's own further ones behind them.
 *
 * A row is one or more segments, which `encodeRow` joins by a line feed. COPA's rows are scored choice by choice.
 */
import { RecipeError } from '../errors';
import type { TaskData, TaskId } from '../recipe/data';

export type MetricId = 'accuracy' | 'f1' | 'macroF1' | 'matthews';

export type Fields = Readonly<Record<string, unknown>>;

/** One input of the model and its class. */
export interface Choice {
  segments: readonly string[];
  label: number;
}

export interface LabelledTask {
  readonly id: string;
  /** Columns that must hold text. */
  readonly columns: readonly string[];
  readonly labelColumn: string;
  /** Columns that `choices` reads where they are there. */
  readonly optionalColumns?: readonly string[];
  /** What the label column says, by class: any of these spellings. */
  readonly values: readonly (readonly string[])[];
  /** Names of the head's classes. */
  readonly classes: readonly string[];
  /** The first one is charted. */
  readonly metrics: readonly MetricId[];
  /** The row as the model sees it, `label` from `values`. One choice, or as many as the label has values. */
  choices(row: Fields, label: number): Choice[];
}

/** `readExamples` lets texts and numbers through. */
const text = (row: Fields, column: string): string => `${row[column] as string | number}`.trim();

/** A task whose rows are some columns joined, in this order. */
function columnsTask(
  id: string,
  columns: readonly string[],
  classes: readonly string[],
  metrics: readonly MetricId[],
): LabelledTask {
  return {
    id,
    columns,
    labelColumn: 'label',
    values: classes.map((name, k) => [String(k), name]),
    classes,
    metrics,
    choices: (row, label) => [{ segments: columns.map((column) => text(row, column)), label }],
  };
}

const PAIR = ['sentence1', 'sentence2'];
const ENTAILMENT = ['entailment', 'not_entailment'];
const FALSE_TRUE = ['False', 'True'];

/** What COPA asks, in the words of its authors' instructions. */
const COPA_QUESTIONS: Readonly<Record<string, string>> = {
  cause: 'What was the cause of this?',
  effect: 'What happened as a result?',
};

/** Both choices are inputs of their own, and the one that the model finds more plausible is its answer. */
const copa: LabelledTask = {
  id: 'superglue/copa',
  columns: ['premise', 'choice1', 'choice2', 'question'],
  labelColumn: 'label',
  values: [
    ['0', 'choice1'],
    ['1', 'choice2'],
  ],
  classes: ['not_plausible', 'plausible'],
  metrics: ['accuracy'],
  choices: (row, label) =>
    ['choice1', 'choice2'].map((column, k) => ({
      segments: [
        text(row, 'premise'),
        COPA_QUESTIONS[text(row, 'question')] ?? text(row, 'question'),
        text(row, column),
      ],
      label: k === label ? 1 : 0,
    })),
};

/**
 * Puts asterisks around the words of `span`, at word `index` or else at its occurrence nearest to it; the text as it
 * is where there is none. After T5's WSC, arXiv:1910.10683, section 2.4.
 */
export function markSpan(sentence: string, span: string, index: number): string {
  const words = sentence.split(/\s+/);
  const wanted = span.split(/\s+/);
  const plain = (word: string) => word.toLowerCase().replace(/[^\p{L}\p{N}]+$/u, '');
  const places = words
    .map((_, at) => at)
    .filter((at) => wanted.every((word, i) => plain(words[at + i] ?? '') === plain(word)));
  const [start] = places.sort((a, b) => Math.abs(a - index) - Math.abs(b - index));
  if (start === undefined) return words.join(' ');
  const end = start + wanted.length;
  const marked = `*${words.slice(start, end).join(' ')}*`;
  return [...words.slice(0, start), marked, ...words.slice(end)].join(' ');
}

/** The text with its pronoun marked, then the noun that it may stand for. */
const wsc: LabelledTask = {
  ...columnsTask('superglue/wsc', ['text', 'span1_text', 'span2_text'], FALSE_TRUE, ['accuracy', 'f1']),
  optionalColumns: ['span2_index'],
  choices: (row, label) => [
    {
      segments: [
        markSpan(text(row, 'text'), text(row, 'span2_text'), Number(row['span2_index'] ?? 0)),
        text(row, 'span1_text'),
      ],
      label,
    },
  ],
};

/** Classes of the bundled task, named after WordNet's lexicographer files; `scripts/build-demo-tasks.ts`. */
export const WORDNET_CATEGORIES = [
  'animal',
  'artifact',
  'food',
  'person',
  'place',
  'plant',
  'substance',
] as const;

const NAMED: readonly LabelledTask[] = [
  columnsTask('glue/cola', ['sentence'], ['unacceptable', 'acceptable'], ['matthews', 'accuracy']),
  columnsTask('glue/rte', PAIR, ENTAILMENT, ['accuracy']),
  columnsTask('glue/mrpc', PAIR, ['not_equivalent', 'equivalent'], ['f1', 'accuracy']),
  columnsTask('glue/sst2', ['sentence'], ['negative', 'positive'], ['accuracy']),
  columnsTask(
    'glue/mnli',
    ['premise', 'hypothesis'],
    ['entailment', 'neutral', 'contradiction'],
    ['accuracy'],
  ),
  columnsTask('glue/qnli', ['question', 'sentence'], ENTAILMENT, ['accuracy']),
  columnsTask('glue/qqp', ['question1', 'question2'], ['not_duplicate', 'duplicate'], ['accuracy', 'f1']),
  // The question last, so that truncation, which shortens the longest segment, leaves it beside the label's token.
  columnsTask('superglue/boolq', ['passage', 'question'], FALSE_TRUE, ['accuracy']),
  copa,
  columnsTask(
    'superglue/cb',
    ['premise', 'hypothesis'],
    ['entailment', 'contradiction', 'neutral'],
    ['accuracy', 'macroF1'],
  ),
  columnsTask('superglue/rte', ['premise', 'hypothesis'], ENTAILMENT, ['accuracy']),
  columnsTask('superglue/wic', [...PAIR, 'word'], FALSE_TRUE, ['accuracy']),
  wsc,
  columnsTask('wordnet/category', ['definition'], WORDNET_CATEGORIES, ['accuracy', 'macroF1']),
  columnsTask('wordnet/same-sense', PAIR, ['different', 'same'], ['accuracy', 'matthews']),
];

/** What a recipe must say about a task. */
export type TaskChoice = Pick<TaskData, 'task' | 'columns' | 'labels'>;

function customTask({ columns, labels }: TaskChoice): LabelledTask {
  if (!columns || !labels) throw new RecipeError('data: a custom task needs columns and labels');
  const named = labels.map((label) => (typeof label === 'string' ? { value: label, name: label } : label));
  const twice = named.find(({ name }, k) => named.findIndex((other) => other.name === name) !== k);
  if (twice) throw new RecipeError(`data.labels has two classes named ${JSON.stringify(twice.name)}`);
  const task = columnsTask(
    'custom',
    columns.text,
    named.map(({ name }) => name),
    named.length === 2 ? ['accuracy', 'f1', 'matthews'] : ['accuracy', 'macroF1', 'matthews'],
  );
  return { ...task, labelColumn: columns.label, values: named.map(({ value }) => [value]) };
}

/** The task that a recipe names or describes. Throws RecipeError for a description that does not hold together. */
export function taskOf(choice: TaskChoice): LabelledTask {
  if (choice.task === 'custom') return customTask(choice);
  return NAMED.find(({ id }) => id === choice.task)!;
}

/** Every task but `custom`. */
export const NAMED_TASKS: readonly (LabelledTask & { id: Exclude<TaskId, 'custom'> })[] =
  NAMED as readonly (LabelledTask & { id: Exclude<TaskId, 'custom'> })[];
