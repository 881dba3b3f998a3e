/** What a stage is called, what it learns from, and why stages do not go together, in a reader's words. Pure. */
import { DecantError } from '../errors';
import { partOf, type RecipeData, type Source, type TextData } from '../recipe/data';
import { isHubSource, parseHubSource } from '../recipe/hubSource';
import { checkPipeline, dataOf } from '../recipe/pipeline';
import type { Recipe, Stage } from '../recipe/recipe';
import type { ErrorReport, MethodCard } from '../worker/protocol';
import { shortLabel } from './task/taskWords';

type Methods = readonly Pick<MethodCard, 'id' | 'needsTeacher'>[];

/** What a stage does: `Pre-train` on a text that is not the run's, `Distil`, `Fine-tune`. */
export function stageVerb(recipe: Pick<Recipe, 'data'>, stage: Stage, methods: Methods): string {
  if (methods.find(({ id }) => id === stage.method)?.needsTeacher) return 'Distil';
  const own = stage.data?.kind === 'lm' && JSON.stringify(stage.data) !== JSON.stringify(recipe.data);
  return own ? 'Pre-train' : 'Fine-tune';
}

/** `wikitext, wikitext-103-raw-v1`, `Demo text`, `notes.txt` */
export function sourceName(source: string): string {
  if (source === 'demo') return 'Demo text';
  if (!isHubSource(source)) return source.replace(/^(?:text|rows|file):/, '');
  try {
    const { repo, config } = parseHubSource(source);
    const name = repo.split('/')[1]!;
    return config === undefined || config === 'plain_text' ? name : `${name}, ${config}`;
  } catch {
    // Written by hand; the session says what is wrong with it.
    return source.slice('hf:'.length);
  }
}

/** `20 %`, `0.1 %` */
export const shareText = (fraction: number): string => `${Number((100 * fraction).toPrecision(3))} %`;

/** `Demo text`, `20 % of Demo text, cleaned`, `Category` */
export function dataWords(data: RecipeData): string {
  if (data.kind === 'task') return shortLabel(data.task);
  const { source, fraction } = partOf(data.train);
  const share = fraction < 1 ? `${shareText(fraction)} of ` : '';
  return `${share}${sourceName(source)}${data.cleaning ? ', cleaned' : ''}`;
}

/** What a validation set's label stands for: `Demo text`, `wikitext, wikitext-103-raw-v1: test`, `Category`. */
export function setName(label: string): string {
  const [, source, rest] = /^(.*?)((?: \([\d.e-]+ %\))?(?: \d+)?)$/.exec(label)!;
  const split = isHubSource(source!) ? /:([\w.+-]+)(?::[^:]*)?$/.exec(source!)?.[1] : undefined;
  const name = shortLabel(source!);
  if (name !== source) return `${name}${rest}`;
  return `${sourceName(source)}${split === undefined ? '' : `: ${split}`}${rest}`;
}

/** `1 Pre-train`, as marks and tables name a stage. */
export const stageTitle = (
  recipe: Pick<Recipe, 'data' | 'stages'>,
  index: number,
  methods: Methods,
): string => `${index + 1} ${stageVerb(recipe, recipe.stages[index]!, methods)}`;

/** Paths of a recipe as a reader counts: `stages.1` is stage 2. */
export function inWords(message: string): string {
  const words = message
    .replace(/\bteacher\.stages\.(\d+)(?:\.data)?/g, (_, i: string) => `the teacher’s stage ${Number(i) + 1}`)
    .replace(/\bstages\.(\d+)(?:\.data)?/g, (_, i: string) => `stage ${Number(i) + 1}`)
    .replace(/\bteacher\.stages\b/g, 'the teacher’s stages');
  return words === message ? message : words.charAt(0).toUpperCase() + words.slice(1);
}

/** Why the stages cannot follow each other; null where they can. */
export function pipelineProblem(recipe: Pick<Recipe, 'data' | 'stages' | 'teacher'>): ErrorReport | null {
  try {
    checkPipeline(recipe);
    return null;
  } catch (error) {
    if (!(error instanceof DecantError)) throw error;
    const { name, message, hint } = error;
    return { name, message: inWords(message), ...(hint && { hint: inWords(hint) }), input: true };
  }
}

/** Why a stage's data could not be had. */
export interface StageProblem {
  index: number;
  /** The data; null where others were asked for and the stage keeps what it had. */
  data: RecipeData | null;
  error: ErrorReport;
}

/** Why the stages cannot be run as they are; null where they can, as far as is known. */
export function stagesRefusal(recipe: Recipe, problem: StageProblem | null): ErrorReport | null {
  const refusal = pipelineProblem(recipe);
  if (refusal) return refusal;
  const index = recipe.stages.findIndex(({ data }) => data && data === problem?.data);
  return index < 0 ? null : ofStage(index, problem!.error);
}

/** The problem with the stage's number, where it does not say it itself. */
export function ofStage(index: number, error: ErrorReport): ErrorReport {
  const message = inWords(error.message);
  return { ...error, message: /^Stage \d/.test(message) ? message : `Stage ${index + 1}: ${error.message}` };
}

/** The recipe with a stage one place earlier or later; null where that makes no sense. */
export function withStageMoved(recipe: Recipe, index: number, by: -1 | 1): Recipe | null {
  const other = index + by;
  const [one, neighbour] = [recipe.stages[index], recipe.stages[other]];
  if (!one || !neighbour) return null;
  const stages = recipe.stages.with(index, neighbour).with(other, one);
  const moved = { ...recipe, stages };
  return pipelineProblem(moved) && !pipelineProblem(recipe) ? null : moved;
}

/** What a new last stage learns from: a task goes on, a text of its own does not. */
export function nextStageData(recipe: Recipe): RecipeData | undefined {
  const last = recipe.stages.at(-1);
  return last && dataOf(recipe, last).kind === 'task' ? last.data : undefined;
}

/** A source with another share of it; the whole of one is said by its name alone. */
function withShare(source: Source, fraction: number): Source {
  const { source: name, column, join } = partOf(source);
  if (fraction >= 1 && column === undefined && join === undefined) return name;
  return {
    source: name,
    fraction,
    ...(column !== undefined && { column }),
    ...(join !== undefined && { join }),
  };
}

/** Whether a part of the training text is held out. The demo text has a validation text of its own. */
const holdsOut = ({ train, validation }: RecipeData): boolean =>
  partOf(train).source === partOf(validation).source && partOf(train).source !== 'demo';

/** The data with another share of what is learned from. Of the Hub no more is fetched to hold a part of it out. */
export function withFraction(data: RecipeData, fraction: number): RecipeData {
  const both = holdsOut(data) && isHubSource(partOf(data.train).source);
  const train = withShare(data.train, fraction);
  return { ...data, train, ...(both && { validation: withShare(data.validation, fraction) }) };
}

/** The run's validation text where a stage can be measured on it: a text of its own, none that is held out. */
export const sharedValidation = (run: RecipeData): Source | null =>
  run.kind === 'lm' && !holdsOut(run) ? run.validation : null;

export const isMeasuredOn = (data: RecipeData, validation: Source | null): boolean =>
  validation !== null && JSON.stringify(partOf(data.validation)) === JSON.stringify(partOf(validation));

/** The data measured on another text; null: on a part of its own that is held out. */
export const withMeasured = (data: TextData, validation: Source | null): TextData => ({
  ...data,
  validation: validation ?? data.train,
});
