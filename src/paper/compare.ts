/**
 * Which of the paper's rows a run of the user's corresponds to, by its recipe: what it learns, by which method, from
 * which layers. Data that is less or other than the paper's does not part them; `differences` says so instead.
 */
import type { RecipeData, SourcePart, TaskId } from '../recipe/data';
import { isHubSource } from '../recipe/hubSource';
import { dataOf } from '../recipe/pipeline';
import { familyOf, knownText, preTrainingOf, trainPart, validationPart, type OwnRun } from './own';
import { REDUCED, WORKS, type Work } from './works';

const sameLayers = (a: readonly number[], b: readonly number[]) => a.join() === b.join();

/** Whether text was cleaned before it was learned from. */
const cleaned = (data: RecipeData): boolean => data.kind === 'lm' && data.cleaning !== undefined;

/** Rows differ in their share of the data: the nearest one is meant, whole or as a browser's recipe takes it. */
function nearest(works: readonly Work[], fraction: number): Work | undefined {
  const distance = ({ preTraining }: Work) =>
    Math.min(...[1, REDUCED].map((part) => Math.abs(Math.log((preTraining!.fraction * part) / fraction))));
  return [...works].sort((a, b) => distance(a) - distance(b))[0];
}

/** Students of 6 layers; DistilGPT2 and GPT-2 themselves are trained whole. */
function sameStudent(run: OwnRun, work: Work): boolean {
  const family = familyOf(run);
  const whole = run.recipe.selection === null;
  if (work.layers === null) return whole && family === work.teacher;
  // Another teacher, such as the demo's, stands beside the row of GPT-2 with the same layers.
  return !whole && (family ?? 'gpt2') === work.teacher && sameLayers(run.layers, work.layers);
}

function textWork(run: OwnRun): Work | undefined {
  const { recipe } = run;
  if (recipe.stages.some((stage) => stage.method !== 'fine-tune')) return undefined;
  const found = WORKS.filter((work) => work.learns === 'wikitext-103' && sameStudent(run, work));
  const stage = preTrainingOf(recipe);
  if (!stage) return found.find((work) => !work.preTraining);
  const data = dataOf(recipe, stage);
  const alike = found.filter((work) => work.preTraining?.cleaned === cleaned(data));
  return nearest(alike, trainPart(data).fraction);
}

function taskWork(run: OwnRun, task: TaskId): Work | undefined {
  const { recipe } = run;
  const method = recipe.stages.at(-1)!.method;
  const candidates = WORKS.filter((work) => work.learns === task && work.method === method);
  const exact = candidates.filter((work) => sameStudent(run, work));
  // The teacher-free rows of table 1 are DistilGPT2's; a truncated GPT-2 of its size stands beside them.
  const sized = candidates.filter(
    ({ teacher }) => teacher === 'distilgpt2' && recipe.selection !== null && run.layers.length === 6,
  );
  const stage = preTrainingOf(recipe);
  const isCleaned = stage !== undefined && cleaned(dataOf(recipe, stage));
  const preTrained = exact.filter((work) => work.preTraining?.cleaned === isCleaned);
  return preTrained[0] ?? exact.find((work) => !work.preTraining) ?? sized[0];
}

/** The work that a run repeats, or undefined when the paper did nothing of the kind. */
export function workOf(run: OwnRun): Work | undefined {
  const last = run.recipe.stages.at(-1);
  if (!last) return undefined;
  const data = dataOf(run.recipe, last);
  return data.kind === 'lm' ? textWork(run) : taskWork(run, data.task);
}

/** Whether a text of the Hub is read row by row: those of WikiText are lines. */
export const linesApart = ({ source, join }: SourcePart): boolean =>
  isHubSource(source) && join === undefined;

/**
 * Whether figures may be taken from each other: on a task always, since the dev set is the same; perplexities only on
 * WikiText as it is published (2 and 103 share their validation and test articles), as one text and per token of GPT-2's.
 */
export function comparable(run: OwnRun): boolean {
  const { recipe } = run;
  if (recipe.data.kind === 'task') return true;
  const { text, unit } = recipe.evaluation;
  const held = validationPart(recipe.data);
  const measured = knownText(held.source);
  const wikitext = !linesApart(held) && (measured === 'wikitext-103' || measured === 'wikitext-2');
  return wikitext && familyOf(run) !== undefined && text === 'raw' && unit === 'token';
}

/** Runs that differ in nothing but the seed are one row, and so are those of one row on several tasks. */
export function groupKey(run: OwnRun, work: Work): string {
  const { name: _name, seed: _seed, data, stages, ...rest } = run.recipe;
  const place = work.places.map(({ table, row }) => `${table} ${row}`).join();
  const text = data.kind === 'lm' ? data : null;
  const kept = stages.map((stage) => (stage.data?.kind === 'task' ? { ...stage, data: null } : stage));
  return JSON.stringify([place, rest, text, kept, run.layers]);
}
