/** What a run learns from: text for a language model, or a task with labelled rows for a classifier. */
import { z } from 'zod';
import { cleaningSchema } from './cleaning';

export const TASK_IDS = [
  'glue/cola',
  'glue/rte',
  'glue/mrpc',
  'glue/sst2',
  'glue/mnli',
  'glue/qnli',
  'glue/qqp',
  'superglue/boolq',
  'superglue/copa',
  'superglue/cb',
  'superglue/rte',
  'superglue/wic',
  'superglue/wsc',
  'wordnet/category',
  'wordnet/same-sense',
  'custom',
] as const;
export type TaskId = (typeof TASK_IDS)[number];

const sourceSchema = z.union([
  z.string().min(1),
  z.strictObject({ source: z.string().min(1), fraction: z.number().gt(0).max(1).default(1) }),
]);

const textSourceSchema = z.union([
  z.string().min(1),
  z.strictObject({
    source: z.string().min(1),
    fraction: z.number().gt(0).max(1).default(1),
    /** Of files with columns, the one with the text; `text` when missing. */
    column: z.string().min(1).optional(),
    /**
     * Of rows that are lines or paragraphs of one text: what stands between them, as in Python's `join.join(rows)`.
     * Missing: every row is a document. Plain texts know their documents themselves.
     */
    join: z.string().max(64).optional(),
  }),
]);

const textSchema = z.strictObject({
  kind: z.literal('lm').default('lm'),
  /** `demo`, or `file:PATH`: txt, md, jsonl, csv, tsv (each also as .gz), parquet, or a folder of them. */
  train: textSourceSchema.default('demo'),
  validation: textSourceSchema.default('demo'),
  contextLength: z.number().int().min(2).default(128),
  /** Cleans what is learned from; absent: the text stays as it is. A validation text of its own is never cleaned. */
  cleaning: cleaningSchema.optional(),
});

const name = z.string().min(1);

const taskSchema = z
  .strictObject({
    kind: z.literal('task'),
    task: z.enum(TASK_IDS),
    /** `demo` for the tasks of WordNet, or `file:PATH`: jsonl, tsv, csv (each also as .gz), parquet, or a folder of them. */
    train: sourceSchema.default('demo'),
    validation: sourceSchema.default('demo'),
    /** MNLI's second validation set, of other genres. */
    validationMismatched: sourceSchema.optional(),
    /** Longest input in tokens, padding left out; longer ones are truncated. */
    maxLength: z.number().int().min(2).default(128),
    /** Of a `custom` task: which columns hold the text (in the order in which they are joined) and the label. */
    columns: z.strictObject({ text: z.array(name).min(1).max(8), label: name }).optional(),
    /** Of a `custom` task: the values of the label column, in the order of the classes, with names where they say too little. */
    labels: z
      .array(z.union([name, z.strictObject({ value: name, name })]))
      .min(2)
      .optional(),
  })
  .refine(({ task, columns, labels }) => task !== 'custom' || (columns && labels), {
    message: 'a custom task needs columns and labels',
  })
  .refine(({ task, columns, labels }) => task === 'custom' || (columns ?? labels) === undefined, {
    message: 'only a custom task takes columns and labels',
  })
  .refine(({ task, validationMismatched }) => validationMismatched === undefined || task === 'glue/mnli', {
    message: 'only glue/mnli has validationMismatched',
  });

export const dataSchema = z.discriminatedUnion('kind', [textSchema, taskSchema]);

export type RecipeData = z.output<typeof dataSchema>;
export type TextData = RecipeData & { kind: 'lm' };
export type TaskData = RecipeData & { kind: 'task' };
export type Source = TextData['train'];

export interface SourcePart {
  source: string;
  fraction: number;
  /** Of text alone. */
  column?: string | undefined;
  /** Of text alone: what stands between rows of one text. Undefined: rows are documents. */
  join?: string | undefined;
}

/** Most tokens in a row of a batch: the window of a language model, the longest input of a task. */
export const rowLength = (data: RecipeData): number =>
  data.kind === 'lm' ? data.contextLength : data.maxLength;

/** The same data in rows of another length. */
export const withRowLength = (data: RecipeData, length: number): RecipeData =>
  data.kind === 'lm' ? { ...data, contextLength: length } : { ...data, maxLength: length };

/** Whether two parts are the same text, whatever share of it each takes; then some is held out of it. */
export const sameText = (a: SourcePart, b: SourcePart): boolean =>
  a.source === b.source && a.column === b.column && a.join === b.join;

/** Where a part of the data comes from, and how much of it is taken. */
export const partOf = (source: Source): SourcePart =>
  typeof source === 'string' ? { source, fraction: 1 } : source;
