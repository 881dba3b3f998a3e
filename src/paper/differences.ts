/** What sets a run, or a recipe, apart from the paper's work it repeats, in sentences for the reader. */
import type { TaskData, TextData } from '../recipe/data';
import type { Recipe, Stage } from '../recipe/recipe';
import { comparable, linesApart } from './compare';
import { dataOf } from '../recipe/pipeline';
import { familyOf, knownText, preTrainingOf, textName, trainPart, validationPart, type OwnRun } from './own';
import { FAMILIES, type Work } from './works';

/** Where in a row a letter stands. */
export type Spot = 'name' | 'layers' | 'preData' | 'preEpochs' | 'epochs' | 'figure' | 'all';

export interface Difference {
  /** `all`: it holds for the row as a whole and gets a dash instead of a letter. */
  spot: Spot;
  text: string;
}

/** `10 %`, `0.1 %` */
export const percent = (fraction: number): string => `${Number((100 * fraction).toPrecision(2))} %`;

/** `1 epoch`, `800 steps of 8 × 512 tokens` */
export function lengthOf(stage: Stage, row: number): string {
  if (stage.epochs !== undefined) return `${stage.epochs} ${stage.epochs === 1 ? 'epoch' : 'epochs'}`;
  const batch = stage.batchSize * stage.gradAccumSteps;
  return `${stage.steps!.toLocaleString('en-US')} steps of ${batch} × ${row} tokens`;
}

function preTraining(recipe: Recipe, work: Work): Difference[] {
  const stage = preTrainingOf(recipe);
  const printed = work.preTraining;
  if (!stage && printed)
    return [
      { spot: 'preData', text: `No pre-training; the paper: ${percent(printed.fraction)} of OpenWebText.` },
    ];
  if (!stage || !printed) return [];
  const data = dataOf(recipe, stage) as TextData;
  const part = trainPart(data);
  const found: Difference[] = [];
  const same = knownText(part.source) === 'openwebtext' && part.fraction === printed.fraction;
  if (!same) {
    const share = part.fraction === 1 ? 'All' : percent(part.fraction);
    const text = `${share} of ${textName(part)}; the paper: ${percent(printed.fraction)} of OpenWebText${printed.cleaned ? ', cleaned' : ''}.`;
    found.push({ spot: 'preData', text });
  }
  if (stage.epochs === undefined || stage.epochs !== printed.epochs) {
    const paper = printed.epochs === undefined ? 'it does not say how long.' : `${printed.epochs} epochs.`;
    found.push({
      spot: 'preEpochs',
      text: `Pre-training: ${lengthOf(stage, data.contextLength)}; the paper: ${paper}`,
    });
  }
  return found;
}

function onText(run: OwnRun, data: TextData, stage: Stage, work: Work): Difference[] {
  const found: Difference[] = [];
  const part = trainPart(data);
  const whole = knownText(part.source) === 'wikitext-103' && part.fraction === 1;
  if (!whole) {
    const share = part.fraction < 1 ? `${percent(part.fraction)} of ${textName(part)}` : textName(part);
    const text = `Learns from ${share}; the paper from all of WikiText-103.`;
    found.push({ spot: 'epochs', text });
  }
  if (stage.epochs === undefined || stage.epochs !== work.epochs) {
    const paper = work.epochs === undefined ? 'it does not say how long' : `${work.epochs} epochs`;
    found.push({ spot: 'epochs', text: `${lengthOf(stage, data.contextLength)}; the paper: ${paper}.` });
  }
  found.push(...measurement(run, data));
  return found;
}

function measurement(run: OwnRun, data: TextData): Difference[] {
  const { window, stride, maxTokens, text, unit } = run.recipe.evaluation;
  const held = validationPart(data);
  const found: Difference[] = [];
  if (!comparable(run)) {
    const apart = ['wikitext-103', 'wikitext-2'].includes(knownText(held.source)) && linesApart(held);
    const of = [
      textName(held),
      apart ? ' line by line' : '',
      text === 'raw' ? '' : ' detokenised',
      unit === 'token' ? '' : ' per word',
    ].join('');
    const paper = apart ? 'as one text' : 'on WikiText-103 by GPT-2’s tokens';
    const sentence = `Measured on ${of}, not ${paper}: such perplexities cannot be taken from each other.`;
    found.push({ spot: 'figure', text: sentence });
  } else if (!/test/.test(held.source)) {
    found.push({
      spot: 'figure',
      text: 'Measured on the validation articles; the paper on the test articles.',
    });
  }
  if (maxTokens > 0) {
    const tokens = (run.scoredTokens ?? maxTokens).toLocaleString('en-US');
    found.push({
      spot: 'figure',
      text: `Measured on at most ${tokens} tokens; the paper does not limit them.`,
    });
  }
  const overlap = stride < window ? `every ${stride} tokens` : 'without overlap';
  found.push({
    spot: 'all',
    text: `Windows of ${window} tokens ${overlap}. The paper does not say how it windowed.`,
  });
  return found;
}

function onTask(data: TaskData, stage: Stage): Difference[] {
  const { fraction } = trainPart(data);
  const part =
    fraction < 1 ? [{ spot: 'name', text: `Learns from ${percent(fraction)} of the rows.` } as const] : [];
  const batch = stage.batchSize * stage.gradAccumSteps;
  const length =
    stage.epochs !== undefined
      ? `${lengthOf(stage, 0)} in batches of ${batch}`
      : `${stage.steps!.toLocaleString('en-US')} steps of ${batch} rows`;
  return [...part, { spot: 'all', text: `On tasks ${length}. The paper does not say how long it trained.` }];
}

function student(run: OwnRun, work: Work): Difference[] {
  const family = familyOf(run);
  const { recipe, layers } = run;
  const { model } = recipe.teacher;
  const found: Difference[] = [];
  if (family === undefined) {
    const name = typeof model === 'string' ? model.replace(/^(?:files|run):/, '') : 'a new model';
    found.push({ spot: 'name', text: `Made of ${name}; the paper’s of ${FAMILIES[work.teacher].label}.` });
  }
  const distilled = work.learns !== 'wikitext-103' && !work.preTraining && work.places[0]!.row !== 'GPT-2';
  if (distilled && recipe.selection !== null) {
    const of = family === undefined ? 'its teacher' : FAMILIES[family].label;
    const text = `The student starts from layers ${layers.join(', ')} of ${of}; the paper’s is DistilGPT2.`;
    found.push({ spot: 'layers', text });
  }
  return found;
}

/** In the order in which a reader meets them in the row. */
export function differences(run: OwnRun, work: Work): Difference[] {
  const { recipe } = run;
  const last = recipe.stages.at(-1);
  if (!last) return [];
  const data = dataOf(recipe, last);
  const own = data.kind === 'lm' ? onText(run, data, last, work) : onTask(data, last);
  const device = run.device === null ? 'One device' : `One device: ${run.device}`;
  const paper = data.kind === 'lm' || work.preTraining ? '; the paper used 4 or 8 GPUs' : '';
  return [
    ...student(run, work),
    ...preTraining(recipe, work),
    ...own,
    { spot: 'all', text: `${device}${paper}.` },
  ];
}

/** Of a recipe that has not been run: the same sentences. */
export function recipeDifferences(recipe: Recipe, work: Work): Difference[] {
  const run: OwnRun = {
    id: '',
    name: '',
    recipe,
    layers: work.layers ?? [],
    parameters: null,
    state: null,
    device: null,
    timeMs: null,
    zeroShot: null,
    preTrained: null,
    perplexity: null,
    scoredTokens: null,
    scores: null,
  };
  return differences(run, work);
}
