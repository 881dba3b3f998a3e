/**
 * Tables 1 to 7 of "A Short Study on Compressing Decoder-Based Language Models" (Li, El Mesbahi et al., 2021), as
 * printed, to stand beside a user's own figures. Where the paper disagrees with itself, the figure is the printed
 * one and `notes` says so.
 */
export interface PaperColumn {
  id: string;
  label: string;
  /** What a figure is: it decides how it is written and which of two is better. */
  kind: 'score' | 'perplexity' | 'percent' | 'count' | 'hours' | 'layers' | 'text';
}

export interface PaperRow {
  /** As printed; rows whose cells are left blank in print carry the value of the row above. */
  model: string;
  /** By column; absent where the paper prints nothing. */
  cells: Readonly<Record<string, number | string | readonly number[]>>;
}

export interface PaperTable {
  number: number;
  title: string;
  columns: readonly PaperColumn[];
  rows: readonly PaperRow[];
  notes: readonly string[];
}

const score = (id: string, label: string): PaperColumn => ({ id, label, kind: 'score' });
const perplexity = (id: string, label: string): PaperColumn => ({ id, label, kind: 'perplexity' });
const count = (id: string, label: string): PaperColumn => ({ id, label, kind: 'count' });
const text = (id: string, label: string): PaperColumn => ({ id, label, kind: 'text' });

const GLUE: readonly PaperColumn[] = [
  score('cola', 'CoLA'),
  score('rte', 'RTE'),
  score('mrpc', 'MRPC (F1)'),
  score('sst2', 'SST-2'),
  score('mnli', 'MNLI'),
  score('qnli', 'QNLI'),
  score('qqp', 'QQP'),
  score('average', 'Average'),
];

/** A row of figures in the order of the columns; null where the paper prints nothing. */
function row(
  model: string,
  columns: readonly PaperColumn[],
  values: readonly (number | string | readonly number[] | null)[],
): PaperRow {
  const printed = columns.flatMap(({ id }, i) => {
    const value = values[i];
    return value === null || value === undefined ? [] : [[id, value] as const];
  });
  return { model, cells: Object.fromEntries(printed) };
}

const TEACHER_FREE: PaperTable = {
  number: 1,
  title: 'Teacher-free methods on GLUE, dev sets',
  columns: GLUE,
  rows: [
    row('DistilGPT2', GLUE, [39.0, 65.2, 87.9, 91.5, 86.5, 79.9, 89.7, 77.1]),
    row('LS', GLUE, [38.9, 64.8, 87.3, 91.6, 86.6, 80.1, 89.6, 77.0]),
    row('TF-reg', GLUE, [38.7, 65.1, 87.4, 91.4, 86.9, 80.2, 89.6, 77.0]),
    row('Self-KD', GLUE, [39.7, 64.7, 87.3, 90.9, 87.0, 80.5, 89.8, 77.2]),
    row('GPT-2', GLUE, [43.2, 66.8, 87.6, 92.2, 82.3, 88.6, 89.5, 78.6]),
  ],
  notes: [
    'MNLI and QNLI are swapped in print in all rows but GPT-2’s: compare table 2, in which the same student scores about 80 on MNLI and 87 on QNLI.',
    'The average of the Self-KD row is printed as 77.2; its scores give 77.1.',
  ],
};

const DISTILLATION: PaperTable = {
  number: 2,
  title: 'Distillation methods on GLUE, dev sets: student DistilGPT2, teacher GPT-2',
  columns: GLUE,
  rows: [
    row('VanillaKD', GLUE, [39.3, 65.7, 88.0, 90.7, 79.6, 86.8, 89.4, 77.1]),
    row('RailKD', GLUE, [39.4, 66.4, 88.1, 91.2, 80.6, 87.3, 89.9, 77.6]),
    row('AnnealingKD', GLUE, [41.6, 67.1, 86.8, 92.0, 80.8, 87.8, 89.4, 77.9]),
    row('MateKD', GLUE, [42.1, 67.5, 88.8, 92.0, 81.6, 87.7, 90.0, 78.5]),
  ],
  notes: [],
};

const TABLE_3_COLUMNS: readonly PaperColumn[] = [
  count('index', 'Model index'),
  text('teacher', 'Teacher'),
  text('strategy', 'Strategy'),
  perplexity('perplexity', 'PPL'),
  { id: 'fraction', label: '% of the dataset', kind: 'percent' },
  count('epochs', 'Epochs'),
  count('gpus', '# GPUs'),
  { id: 'hours', label: 'Time (h)', kind: 'hours' },
];

const PRE_TRAINED: PaperTable = {
  number: 3,
  title: 'Zero-shot perplexity on WikiText-103 after pre-training, 6 layers',
  columns: TABLE_3_COLUMNS,
  rows: [
    row('DistilGPT2', TABLE_3_COLUMNS, [0, 'DistilGPT2', 'Pre-train', 45.26, 100, 4, 8, 768]),
    row('GPT2-pseudo 10 %', TABLE_3_COLUMNS, [1, 'GPT2', 'Pseudo', 56.38, 10, 3, 4, 8]),
    row('GPT2-pseudo 50 %', TABLE_3_COLUMNS, [2, 'GPT2', 'Pseudo', 46.91, 50, 3, 8, 38]),
    row('GPT2-uniform 50 %', TABLE_3_COLUMNS, [3, 'GPT2', 'Uni', 45.19, 50, 3, 8, 35]),
    row('GPT2-xl-pseudo 10 %', TABLE_3_COLUMNS, [4, 'GPT2-xl', 'Pseudo', 54.7, 10, 3, 4, 24]),
    row('GPT2-large-pseudo 10 %', TABLE_3_COLUMNS, [5, 'GPT2-large', 'Pseudo', 59.32, 10, 3, 4, 17]),
  ],
  notes: ['Epochs are printed once, for model 1; the blank cells below are read as the same.'],
};

const TABLE_4_COLUMNS = TABLE_3_COLUMNS.filter(({ id }) => id !== 'fraction');

const FINE_TUNED: PaperTable = {
  number: 4,
  title: 'Perplexity on WikiText-103 after fine-tuning the models of table 3',
  columns: TABLE_4_COLUMNS,
  rows: [
    row('DistilGPT2', TABLE_4_COLUMNS, [0, 'DistilGPT2', 'Pre-train', 21.13, 6, 4, 2]),
    row('GPT2-pseudo 10 %', TABLE_4_COLUMNS, [1, 'GPT2', 'Pseudo', 23.44, 12, 4, 5]),
    row('GPT2-pseudo 50 %', TABLE_4_COLUMNS, [2, 'GPT2', 'Pseudo', 22.67, 6, 8, 2]),
    row('GPT2-uniform 50 %', TABLE_4_COLUMNS, [3, 'GPT2', 'Uni', 22.61, 6, 4, 5]),
    row('GPT2-xl-pseudo 10 %', TABLE_4_COLUMNS, [4, 'GPT2-xl', 'Pseudo', 21.3, 6, 4, 5]),
    row('GPT2-large-pseudo 10 %', TABLE_4_COLUMNS, [5, 'GPT2-large', 'Pseudo', 23.44, 6, 4, 5]),
  ],
  notes: ['Models 1 and 5 are printed with the same perplexity.'],
};

const TABLE_5_COLUMNS: readonly PaperColumn[] = [
  text('dataset', 'Pretrain dataset'),
  { id: 'hours', label: 'Pretrain time (h)', kind: 'hours' },
  perplexity('zeroShot', 'WikiText-103, PPL (ZS)'),
  perplexity('fineTuned', 'WikiText-103, PPL (FT)'),
  score('boolq', 'BoolQ'),
  score('copa', 'COPA'),
  score('cb', 'CB'),
  score('cbF1', 'CB (F1)'),
  score('rte', 'RTE'),
  score('wic', 'WiC'),
  score('wscF1', 'WSC (F1)'),
  score('wsc', 'WSC'),
];

const CLEANED: PaperTable = {
  number: 5,
  title: 'Pre-training on regular and on cleaned OpenWebText',
  columns: TABLE_5_COLUMNS,
  rows: [
    row('DistilGPT2', TABLE_5_COLUMNS, [
      ...['Regular', 768, 45.26, 21.13],
      ...[71.16, 56, 73.21, 61.45, 62.45, 63.6, 63.46, 77.64],
    ]),
    row('GPT2-Pseudo, cleaned', TABLE_5_COLUMNS, [
      ...['Cleaned', 42, 45.93, 22.42],
      ...[70.67, 58, 78.57, 65.15, 63.53, 60.3, 63.46, 77.64],
    ]),
    row('GPT2-Pseudo, regular', TABLE_5_COLUMNS, [
      ...['Regular', 49, 44.51, 22.29],
      ...[68.07, 56, 71.42, 49.77, 58.48, 59.24, 59.61, 73.74],
    ]),
  ],
  notes: [
    'WSC’s columns are printed as F1 first and accuracy second, with F1 below accuracy by 14; both figures of the first two rows are the same.',
  ],
};

const TABLE_6_COLUMNS: readonly PaperColumn[] = [text('suffix', 'Suffix')];

const SUFFIXES: PaperTable = {
  number: 6,
  title: 'Suffixes of the pruning strategies',
  columns: TABLE_6_COLUMNS,
  rows: [
    row('Uniform', TABLE_6_COLUMNS, ['uniform']),
    row('Uniform (variant)', TABLE_6_COLUMNS, ['uniform-2']),
    row('Pseudo-uniform', TABLE_6_COLUMNS, ['psudo']),
    row('Bottom-half', TABLE_6_COLUMNS, ['6bh']),
    row('Top-half', TABLE_6_COLUMNS, ['6th']),
    row('Random', TABLE_6_COLUMNS, ['random']),
  ],
  notes: ['Printed as “psudo” here and as “pseudo” in table 7.'],
};

const TABLE_7_COLUMNS: readonly PaperColumn[] = [
  count('layers', '# layers'),
  { id: 'teacherLayers', label: 'Teacher’s layers', kind: 'layers' },
  count('heads', '# heads'),
  count('width', 'Hidden size'),
  { id: 'parameters', label: '# parameters (millions)', kind: 'count' },
  count('epochs', 'Epochs'),
  perplexity('perplexity', 'PPL'),
];

interface Size {
  heads: number;
  width: number;
  parameters: number;
}

const truncated = (
  model: string,
  { heads, width, parameters }: Size,
  teacherLayers: readonly number[],
  ppl: number,
): PaperRow => row(model, TABLE_7_COLUMNS, [6, teacherLayers, heads, width, parameters, 6, ppl]);

const XL: Size = { heads: 25, width: 1600, parameters: 266 };
const LARGE: Size = { heads: 20, width: 1280, parameters: 183 };
const MEDIUM: Size = { heads: 16, width: 1024, parameters: 128 };
const SMALL: Size = { heads: 12, width: 768, parameters: 81 };

const TRUNCATED: PaperTable = {
  number: 7,
  title: 'Perplexity on the WikiText-103 test set after fine-tuning truncated models',
  columns: TABLE_7_COLUMNS,
  rows: [
    row('DistilGPT2', TABLE_7_COLUMNS, [6, null, 12, 768, 81, 6, 21.13]),
    truncated('GPT2-xl-pseudo', XL, [0, 8, 16, 31, 39, 47], 22.8),
    truncated('GPT2-xl-uniform', XL, [0, 9, 18, 27, 36, 45], 25.37),
    truncated('GPT2-xl-uniform-2', XL, [0, 10, 20, 30, 40, 46], 26.07),
    truncated('GPT2-xl-6bh', XL, [0, 4, 9, 13, 18, 23], 25.54),
    truncated('GPT2-xl-6th', XL, [24, 28, 33, 37, 42, 47], 47.51),
    truncated('GPT2-xl-random', XL, [2, 11, 17, 25, 34, 40], 42.48),
    truncated('GPT2-large-pseudo', LARGE, [0, 6, 12, 23, 29, 35], 23.79),
    truncated('GPT2-large-uniform', LARGE, [0, 7, 14, 21, 28, 35], 27.68),
    truncated('GPT2-large-uniform-2', LARGE, [0, 8, 16, 24, 32, 34], 27.78),
    truncated('GPT2-large-6bh', LARGE, [0, 2, 4, 7, 9, 12], 35.88),
    truncated('GPT2-large-6th', LARGE, [13, 17, 21, 26, 30, 35], 74.15),
    truncated('GPT2-large-random', LARGE, [5, 25, 26, 29, 32, 34], 79.68),
    truncated('GPT2-medium-pseudo', MEDIUM, [0, 4, 8, 15, 19, 23], 28.09),
    truncated('GPT2-medium-uniform', MEDIUM, [0, 4, 8, 12, 16, 20], 35.83),
    truncated('GPT2-medium-uniform-2', MEDIUM, [0, 5, 10, 15, 20, 23], 35.4),
    truncated('GPT2-medium-6bh', MEDIUM, [0, 2, 4, 6, 8, 10], 36.2),
    truncated('GPT2-medium-6th', MEDIUM, [12, 14, 16, 18, 20, 23], 88.71),
    truncated('GPT2-medium-random', MEDIUM, [1, 3, 7, 11, 15, 21], 75.13),
    truncated('GPT2-pseudo', SMALL, [0, 2, 4, 7, 9, 11], 26.14),
    truncated('GPT2-uniform', SMALL, [0, 2, 4, 6, 8, 10], 26.6),
    truncated('GPT2-6bh', SMALL, [0, 1, 2, 3, 4, 5], 29.86),
    truncated('GPT2-6th', SMALL, [6, 7, 8, 9, 10, 11], 49.61),
  ],
  notes: [
    'Heads, hidden size, parameters and epochs are printed once for each teacher.',
    'Some printed layer sets depart from the paper’s own rules; `fixtures/selection.json` lists where.',
  ],
};

/** All tables of the paper, in print order. */
export const PAPER_TABLES: readonly PaperTable[] = [
  TEACHER_FREE,
  DISTILLATION,
  PRE_TRAINED,
  FINE_TUNED,
  CLEANED,
  SUFFIXES,
  TRUNCATED,
];
