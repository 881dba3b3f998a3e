/**
 * What stands behind the rows of the paper's tables: which model was cut how, what it learned from and for how long.
 * Recipes, and the comparison with a user's own runs, are made from this list. Where the paper is silent the field is
 * absent.
 */
import type { TaskId } from '../recipe/data';
import type { Strategy } from '../recipe/recipe';
import { PAPER_TABLES, type PaperRow } from './tables';

export type Family = 'distilgpt2' | 'gpt2' | 'gpt2-medium' | 'gpt2-large' | 'gpt2-xl';

/** GPT-2's published sizes and where they are on the Hub. */
export const FAMILIES: Readonly<
  Record<Family, { repo: string; label: string; layers: number; width: number }>
> = {
  distilgpt2: { repo: 'distilbert/distilgpt2', label: 'DistilGPT2', layers: 6, width: 768 },
  gpt2: { repo: 'openai-community/gpt2', label: 'GPT2', layers: 12, width: 768 },
  'gpt2-medium': { repo: 'openai-community/gpt2-medium', label: 'GPT2-medium', layers: 24, width: 1024 },
  'gpt2-large': { repo: 'openai-community/gpt2-large', label: 'GPT2-large', layers: 36, width: 1280 },
  'gpt2-xl': { repo: 'openai-community/gpt2-xl', label: 'GPT2-xl', layers: 48, width: 1600 },
};

/** A browser pre-trains on a hundredth of what the paper did: 10 % of OpenWebText, 0.9 billion tokens, took it 32 hours of GPU time. */
export const REDUCED = 0.01;

export interface PreTraining {
  /** Of OpenWebText. */
  fraction: number;
  epochs?: number;
  cleaned: boolean;
}

/** A row of a table. */
export interface Place {
  table: number;
  /** As `PaperRow.model`. */
  row: string;
}

export interface Work {
  id: string;
  title: string;
  places: readonly Place[];
  /** What the student is made of; with `layers` null the whole model is trained. */
  teacher: Family;
  layers: readonly number[] | null;
  /** The rule that gives `layers`; absent for a set drawn at random. */
  strategy?: Strategy;
  preTraining?: PreTraining;
  method: string;
  /** `wikitext-103`, or a task. */
  learns: 'wikitext-103' | TaskId;
  /** Of fine-tuning. */
  epochs?: number;
  /** `8 GPUs for 38 h`. */
  computing?: string;
}

const rowsOf = (table: number): readonly PaperRow[] =>
  PAPER_TABLES.find(({ number }) => number === table)!.rows;
const cell = (row: PaperRow, id: string): number => Number(row.cells[id]);

/** The set of the paper's students on GLUE and SuperGLUE, and of the row without a suffix in tables 3 to 5. */
export const PSEUDO = [0, 2, 4, 7, 9, 11] as const;
const UNIFORM = [0, 2, 4, 6, 8, 10] as const;

const SUFFIXES: Readonly<Record<string, Strategy | undefined>> = {
  pseudo: 'pseudo-uniform',
  uniform: 'uniform',
  'uniform-2': 'uniform-2',
  '6bh': 'bottom-half',
  '6th': 'top-half',
};

const slug = (text: string) =>
  text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '');

export const GLUE_TASKS = ['cola', 'rte', 'mrpc', 'sst2', 'mnli', 'qnli', 'qqp'] as const;
export const SUPERGLUE_TASKS = ['boolq', 'copa', 'cb', 'rte', 'wic', 'wsc'] as const;

/** Tasks as the paper writes them. */
export const TASK_LABELS: Readonly<Record<string, string>> = {
  ...{ cola: 'CoLA', rte: 'RTE', mrpc: 'MRPC', sst2: 'SST-2', mnli: 'MNLI', qnli: 'QNLI', qqp: 'QQP' },
  ...{ boolq: 'BoolQ', copa: 'COPA', cb: 'CB', wic: 'WiC', wsc: 'WSC' },
};

/** Rows of tables 1 and 2, by method. */
const GLUE_ROWS: readonly { table: number; row: string; method: string; whole?: Family }[] = [
  { table: 1, row: 'DistilGPT2', method: 'fine-tune', whole: 'distilgpt2' },
  { table: 1, row: 'LS', method: 'label-smoothing', whole: 'distilgpt2' },
  { table: 1, row: 'TF-reg', method: 'tf-reg', whole: 'distilgpt2' },
  { table: 1, row: 'Self-KD', method: 'self-kd', whole: 'distilgpt2' },
  { table: 1, row: 'GPT-2', method: 'fine-tune', whole: 'gpt2' },
  { table: 2, row: 'VanillaKD', method: 'vanilla-kd' },
  { table: 2, row: 'RailKD', method: 'rail-kd' },
  { table: 2, row: 'AnnealingKD', method: 'annealing-kd' },
  { table: 2, row: 'MateKD', method: 'mate-kd' },
];

function glueWorks(): Work[] {
  return GLUE_ROWS.flatMap(({ table, row, method, whole }) =>
    GLUE_TASKS.map((task) => ({
      id: `table-${table}-${slug(row)}-${task}`,
      title: `Table ${table}, ${row}, on ${TASK_LABELS[task]}`,
      places: [{ table, row }],
      teacher: whole ?? ('gpt2' as const),
      ...(whole ? { layers: null } : { layers: PSEUDO, strategy: 'pseudo-uniform' as const }),
      method,
      learns: `glue/${task}` as TaskId,
    })),
  );
}

const DISTIL: Pick<Work, 'teacher' | 'layers' | 'method'> = {
  teacher: 'distilgpt2',
  layers: null,
  method: 'fine-tune',
};

/** DistilGPT2 as it is published, fine-tuned: one work in four tables. */
const distilOnText: Work = {
  id: 'tables-3-4-row-0',
  title: 'Tables 3 and 4, row 0: DistilGPT2',
  places: [3, 4, 5, 7].map((table) => ({ table, row: 'DistilGPT2' })),
  ...DISTIL,
  learns: 'wikitext-103',
  epochs: 6,
  computing: '4 GPUs for 2 h, after pre-training on 8 GPUs for 768 h',
};

const TABLE_3_TEACHERS: Readonly<Record<string, Family>> = {
  GPT2: 'gpt2',
  'GPT2-xl': 'gpt2-xl',
  'GPT2-large': 'gpt2-large',
};

function preTrainedWorks(): Work[] {
  const [three, four] = [rowsOf(3), rowsOf(4)];
  return three.slice(1).map((row, i) => {
    const tuned = four[i + 1]!;
    const index = cell(row, 'index');
    const teacher = TABLE_3_TEACHERS[String(row.cells['teacher'])]!;
    const uniform = row.cells['strategy'] === 'Uni';
    const layers = uniform ? UNIFORM : printedLayers(`${FAMILIES[teacher].label}-pseudo`);
    const hours = (of: PaperRow) => `${cell(of, 'gpus')} GPUs for ${cell(of, 'hours')} h`;
    return {
      id: `tables-3-4-row-${index}`,
      title: `Tables 3 and 4, row ${index}: ${row.model}`,
      places: [
        { table: 3, row: row.model },
        { table: 4, row: tuned.model },
      ],
      teacher,
      layers,
      strategy: uniform ? ('uniform' as const) : ('pseudo-uniform' as const),
      preTraining: { fraction: cell(row, 'fraction') / 100, epochs: cell(row, 'epochs'), cleaned: false },
      method: 'fine-tune',
      learns: 'wikitext-103' as const,
      epochs: cell(tuned, 'epochs'),
      computing: `${hours(row)}, then ${hours(tuned)}`,
    };
  });
}

function printedLayers(model: string): readonly number[] {
  return rowsOf(7).find((row) => row.model === model)!.cells['teacherLayers'] as readonly number[];
}

function cleaningWorks(): Work[] {
  const rows = [
    { row: 'DistilGPT2', id: 'distilgpt2', part: DISTIL },
    ...[true, false].map((cleaned) => ({
      row: `GPT2-Pseudo, ${cleaned ? 'cleaned' : 'regular'}`,
      id: cleaned ? 'cleaned' : 'regular',
      part: {
        teacher: 'gpt2' as const,
        layers: PSEUDO,
        strategy: 'pseudo-uniform' as const,
        method: 'fine-tune',
        preTraining: { fraction: 1, cleaned },
      },
    })),
  ];
  return rows.flatMap(({ row, id, part }) => {
    const hours = cell(
      rowsOf(5).find(({ model }) => model === row)!,
      'hours',
    );
    const common = { places: [{ table: 5, row }], ...part, computing: `pre-trained for ${hours} h` };
    const tasks = SUPERGLUE_TASKS.map((task) => ({
      id: `table-5-${id}-${task}`,
      title: `Table 5, ${row}, on ${TASK_LABELS[task]}`,
      ...common,
      learns: `superglue/${task}` as TaskId,
    }));
    if (id === 'distilgpt2') return tasks;
    const onText = { id: `table-5-${id}-wikitext-103`, title: `Table 5, ${row}, on WikiText-103` };
    return [{ ...onText, ...common, learns: 'wikitext-103' as const }, ...tasks];
  });
}

function truncatedWorks(): Work[] {
  return rowsOf(7)
    .slice(1)
    .map((row) => {
      const [, size, suffix] = /^GPT2(?:-(xl|large|medium))?-(.+)$/.exec(row.model)!;
      return {
        id: `table-7-${slug(row.model)}`,
        title: `Table 7, ${row.model}`,
        places: [{ table: 7, row: row.model }],
        teacher: (size ? `gpt2-${size}` : 'gpt2') as Family,
        layers: row.cells['teacherLayers'] as readonly number[],
        strategy: SUFFIXES[suffix!],
        method: 'fine-tune',
        learns: 'wikitext-103' as const,
        epochs: cell(row, 'epochs'),
      };
    });
}

/** In the order of the tables. Table 6 names rules and has no figures. */
export const WORKS: readonly Work[] = [
  ...glueWorks(),
  distilOnText,
  ...preTrainedWorks(),
  ...cleaningWorks(),
  ...truncatedWorks(),
];
