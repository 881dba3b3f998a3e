/**
 * Data sets of the Hugging Face Hub that Decant knows by name: the texts and the tasks of "A Short Study on Compressing
 * Decoder-Based Language Models" (arXiv:2110.08460, section 3.4) and a text of small words. Names, configs, splits and
 * columns are those of the Hub; a class is its number in the column `label`, in the order of tasks.ts.
 *
 * GLUE's and SuperGLUE's test splits have the label -1 in every row (the answers are kept back), so that a model is
 * measured on `validation`, as in the paper.
 */
import type { TaskId } from '../recipe/data';
import { formatHubSource, isHubSource, parseHubSource } from '../recipe/hubSource';

/** Names of splits on the Hub, by what they are for. */
export interface HubSplits {
  readonly train: string;
  /** Missing where the publisher held nothing back: then a part of `train` has to serve. */
  readonly validation?: string;
  /** MNLI's second one, of other genres. */
  readonly validationMismatched?: string;
  readonly test?: string;
}

interface HubPart {
  /** For people. */
  readonly label: string;
  readonly repo: string;
  readonly config: string;
  readonly splits: HubSplits;
}

export interface HubText extends HubPart {
  readonly id: string;
  /** The column that holds the text. */
  readonly column: string;
  /**
   * Of rows that are no documents: what stands between them in the text that they are. `''` where each brings its line
   * end; so the training scripts of the transformers library read them (its perplexity guide writes `'\n\n'`).
   */
  readonly join?: string;
  /** One line: what it is and how much. */
  readonly about: string;
}

export interface HubTask extends HubPart {
  readonly task: TaskId;
}

const WIKITEXT_SPLITS = { train: 'train', validation: 'validation', test: 'test' };

export const HUB_TEXTS: readonly HubText[] = [
  {
    id: 'wikitext-2',
    label: 'WikiText-2, raw',
    repo: 'Salesforce/wikitext',
    config: 'wikitext-2-raw-v1',
    splits: WIKITEXT_SPLITS,
    column: 'text',
    join: '',
    about: 'Good articles of Wikipedia: 2 million words, a line a row',
  },
  {
    id: 'wikitext-103',
    label: 'WikiText-103, raw',
    repo: 'Salesforce/wikitext',
    config: 'wikitext-103-raw-v1',
    splits: WIKITEXT_SPLITS,
    column: 'text',
    join: '',
    about: 'The paper’s fine-tuning text: 103 million words; validation and test are those of WikiText-2',
  },
  {
    id: 'openwebtext',
    label: 'OpenWebText',
    repo: 'Skylion007/openwebtext',
    config: 'plain_text',
    splits: { train: 'train' },
    column: 'text',
    about: 'The paper’s pre-training text: 8 million pages linked from Reddit, about 40 GB of text',
  },
  {
    id: 'tinystories',
    label: 'TinyStories',
    repo: 'roneneldan/TinyStories',
    config: 'default',
    splits: { train: 'train', validation: 'validation' },
    column: 'text',
    about: 'Two million short stories in a child’s words, made by GPT-3.5 and GPT-4',
  },
];

/** `wsc.fixed` mends spans of `wsc` that lie beside their words; rows and labels are the same. */
const CONFIGS: Readonly<Record<string, string>> = { 'superglue/wsc': 'wsc.fixed' };

const REPOS: Readonly<Record<string, string>> = { glue: 'nyu-mll/glue', superglue: 'aps/super_glue' };

function hubTask(task: TaskId, label: string, splits?: Partial<HubSplits>): HubTask {
  const [benchmark, config] = task.split('/') as [string, string];
  return {
    task,
    label,
    repo: REPOS[benchmark]!,
    config: CONFIGS[task] ?? config,
    splits: { train: 'train', validation: 'validation', test: 'test', ...splits },
  };
}

/** Every task of the paper. */
export const HUB_TASKS: readonly HubTask[] = [
  hubTask('glue/cola', 'CoLA'),
  hubTask('glue/rte', 'RTE'),
  hubTask('glue/mrpc', 'MRPC'),
  hubTask('glue/sst2', 'SST-2'),
  hubTask('glue/mnli', 'MNLI', {
    validation: 'validation_matched',
    validationMismatched: 'validation_mismatched',
    test: 'test_matched',
  }),
  hubTask('glue/qnli', 'QNLI'),
  hubTask('glue/qqp', 'QQP'),
  hubTask('superglue/boolq', 'BoolQ'),
  hubTask('superglue/copa', 'COPA'),
  hubTask('superglue/cb', 'CommitmentBank'),
  hubTask('superglue/rte', 'RTE (SuperGLUE)'),
  hubTask('superglue/wic', 'Words in context'),
  hubTask('superglue/wsc', 'Winograd schemas'),
];

/** The recipe source of one split of a preset, such as `hf:nyu-mll/glue/sst2:train`; the column is named where it is not `text`. */
export function hubSourceOf(preset: HubText | HubTask, split: string): string {
  const { repo, config } = preset;
  const column = 'column' in preset && preset.column !== 'text' ? preset.column : undefined;
  return formatHubSource({ repo, config: config === 'default' ? undefined : config, split, column });
}

/** The text that a recipe's source is a split of, where it is a known one. */
export function hubTextOf(source: string): HubText | undefined {
  if (!isHubSource(source)) return undefined;
  const { repo, config = 'default' } = parseHubSource(source);
  return HUB_TEXTS.find((preset) => preset.repo === repo && preset.config === config);
}

/** A sentence where the rows of `source` are known to be lines and are read as documents, as without `join`. */
export function linesAsDocuments(source: string, join: string | undefined): string[] {
  const known = join === undefined ? hubTextOf(source) : undefined;
  if (known?.join === undefined) return [];
  return [
    `The rows of ${known.label} are single lines, and each is read as a document of its own; with "join": ${JSON.stringify(known.join)} beside the source they are one text, as others measure it.`,
  ];
}

/** The preset of a task, undefined for those that are not on the Hub (WordNet's, custom ones). */
export const hubTaskOf = (task: TaskId): HubTask | undefined =>
  HUB_TASKS.find((preset) => preset.task === task);
