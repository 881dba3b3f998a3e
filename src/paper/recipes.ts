/**
 * The paper's work as recipes that a browser can run: each row's models, data and method as printed, and less of the
 * data where the paper had days on eight GPUs. `differences` says of each what that changes. `recipes/paper` holds
 * them as files (`node scripts/run.mjs scripts/write-paper-recipes.ts`); a test compares the two.
 *
 * Learning rates, batches and, on tasks, epochs are Decant's: the paper does not print its own.
 */
import { formatHubSource } from '../recipe/hubSource';
import type { TaskId } from '../recipe/data';
import type { RecipeInput } from '../recipe/recipe';
import { FAMILIES, REDUCED, WORKS, type PreTraining, type Work } from './works';

export interface PaperRecipe {
  /** The file's name without `.json`. */
  id: string;
  work: Work;
  recipe: RecipeInput;
}

type StageInput = NonNullable<RecipeInput['stages']>[number];
type DataInput = NonNullable<StageInput['data']>;

const WIKITEXT = { repo: 'Salesforce/wikitext', config: 'wikitext-103-raw-v1' };
const OPENWEBTEXT = { repo: 'Skylion007/openwebtext', config: 'plain_text' };

/** An epoch of a tenth of WikiText-103, about 12 million tokens, is some ten minutes on a good GPU. */
const WIKITEXT_SHARE = 0.1;
const WINDOW = 512;

/** A step of 4,096 tokens; the wider students take it in parts. */
const batchOf = ({ teacher }: Work) => {
  const parts = FAMILIES[teacher].width > 1024 ? 4 : 1;
  return parts === 1 ? { batchSize: 8 } : { batchSize: 8 / parts, gradAccumSteps: parts };
};

/** Its rows are lines, which bring their line ends: together they are the text. */
const wikitextPart = (split: string) => ({ source: formatHubSource({ ...WIKITEXT, split }), join: '' });

const wikitext: DataInput = {
  kind: 'lm',
  train: { ...wikitextPart('train'), fraction: WIKITEXT_SHARE },
  validation: wikitextPart('test'),
  contextLength: WINDOW,
};

/** Pre-training is measured on WikiText, as in table 3. */
const openWebText = ({ fraction, cleaned }: PreTraining): DataInput => ({
  kind: 'lm',
  train: { source: formatHubSource({ ...OPENWEBTEXT, split: 'train' }), fraction: fraction * REDUCED },
  validation: wikitextPart('test'),
  contextLength: WINDOW,
  ...(cleaned ? { cleaning: {} } : {}),
});

function taskData(task: TaskId): DataInput {
  const [benchmark, name] = task.split('/') as [string, string];
  const repo = benchmark === 'glue' ? 'nyu-mll/glue' : 'aps/super_glue';
  // `wsc.fixed` mends spans that lie beside their words; rows and labels are those of `wsc`.
  const config = task === 'superglue/wsc' ? 'wsc.fixed' : name;
  const held = task === 'glue/mnli' ? 'validation_matched' : 'validation';
  return {
    kind: 'task',
    task,
    train: formatHubSource({ repo, config, split: 'train' }),
    validation: formatHubSource({ repo, config, split: held }),
    maxLength: task === 'superglue/boolq' ? 256 : 128,
  };
}

/** SuperGLUE's tasks have a few hundred rows, most of GLUE's tens of thousands. */
const onTask = (method: string, task: TaskId): StageInput =>
  task.startsWith('superglue/')
    ? { method, epochs: 10, batchSize: 16, optimizer: { learningRate: 5e-5, warmupSteps: 20 } }
    : { method, epochs: 3, batchSize: 32, optimizer: { learningRate: 5e-5, warmupSteps: 100 } };

const onText = (work: Work): StageInput => ({
  method: work.method,
  epochs: 1,
  ...batchOf(work),
  optimizer: { learningRate: 2e-4, warmupSteps: 100 },
});

function stagesOf(work: Work): StageInput[] {
  const last = work.learns === 'wikitext-103' ? onText(work) : onTask(work.method, work.learns);
  if (!work.preTraining) return [last];
  return [{ ...onText(work), method: 'fine-tune', data: openWebText(work.preTraining) }, last];
}

const WITH_TEACHER = ['vanilla-kd', 'rail-kd', 'annealing-kd', 'mate-kd'];

function recipeOf(work: Work): RecipeInput {
  const { teacher, layers, strategy, learns } = work;
  const text = learns === 'wikitext-103';
  const taught = !text && WITH_TEACHER.includes(work.method);
  return {
    version: 1,
    name: work.title,
    seed: 1,
    teacher: {
      model: `hf:${FAMILIES[teacher].repo}`,
      ...(taught ? { stages: [onTask('fine-tune', learns)] } : {}),
    },
    selection:
      layers === null ? null : strategy ? { strategy, keep: layers.length } : { layers: [...layers] },
    data: text ? wikitext : taskData(learns),
    stages: stagesOf(work),
    evaluation: text ? { every: 500, window: WINDOW, stride: WINDOW, maxTokens: 0 } : { every: 0 },
  };
}

/** All of them, in the order of the tables. */
export function paperRecipes(): PaperRecipe[] {
  return WORKS.map((work) => ({ id: work.id, work, recipe: recipeOf(work) }));
}

/** Why a row has no recipe of its own; empty where it has one. */
export const WITHOUT_RECIPE: Readonly<Record<string, string>> = {
  'table 3, DistilGPT2':
    'Pre-training took 8 GPUs 768 h. The recipe starts from the published DistilGPT2, measures it, and fine-tunes it.',
  'table 6': 'Names of the rules; no figures.',
};
