/** A run of the user's as the comparison with the paper sees it: its recipe, what it kept, and what came out. */
import { partOf, type RecipeData, type SourcePart } from '../recipe/data';
import { dataOf } from '../recipe/pipeline';
import type { Recipe, Stage } from '../recipe/recipe';
import { FAMILIES, type Family } from './works';

export interface OwnRun {
  id: string;
  name: string;
  /** Complete, with all defaults. */
  recipe: Recipe;
  /** Kept teacher layers; all of them where the whole model was trained. */
  layers: readonly number[];
  /** Of the student; null while unknown. */
  parameters: number | null;
  /** What it is doing while it has not ended. */
  state: string | null;
  device: string | null;
  timeMs: number | null;
  /** Straight after truncation. */
  zeroShot: number | null;
  /** After the pre-training stage of a run that has one. */
  preTrained: number | null;
  /** At the end. */
  perplexity: number | null;
  /** Tokens that the perplexities were measured on. */
  scoredTokens: number | null;
  /** Of a task, as shares. */
  scores: Readonly<Record<string, number>> | null;
}

/** A text or task that the paper used, as far as a name tells. */
export type KnownText = 'wikitext-103' | 'wikitext-2' | 'openwebtext' | 'other';

export function knownText(source: string): KnownText {
  const name = source.toLowerCase();
  if (/wiki[-_ ]?text[-_ ]?103/.test(name)) return 'wikitext-103';
  if (/wiki[-_ ]?text[-_ ]?2\b/.test(name)) return 'wikitext-2';
  return name.includes('openwebtext') ? 'openwebtext' : 'other';
}

/** What a text is called in a sentence. */
export function textName({ source }: SourcePart): string {
  const names = { 'wikitext-103': 'WikiText-103', 'wikitext-2': 'WikiText-2', openwebtext: 'OpenWebText' };
  const known = knownText(source);
  if (known !== 'other') return names[known];
  return source === 'demo' ? 'the demo text' : source.replace(/^(?:file|text|hf):/, '');
}

export const trainPart = (data: RecipeData): SourcePart => partOf(data.train);
export const validationPart = (data: RecipeData): SourcePart => partOf(data.validation);

/** The stage that pre-trains: a first one on a text that the last stage does not learn from. */
export function preTrainingOf(recipe: Recipe): Stage | undefined {
  const [first, ...rest] = recipe.stages;
  const last = rest.at(-1);
  if (!first || !last) return undefined;
  const [data, later] = [dataOf(recipe, first), dataOf(recipe, last)];
  return data.kind === 'lm' && JSON.stringify(data.train) !== JSON.stringify(later.train) ? first : undefined;
}

/** GPT-2's vocabulary and positions. */
const [VOCABULARY, POSITIONS] = [50_257, 1024];

/** Parameters of k blocks of this width with tied embeddings and the last norm. */
function parametersOf(width: number, layers: number): number {
  return (VOCABULARY + POSITIONS) * width + layers * (12 * width ** 2 + 13 * width) + 2 * width;
}

/**
 * Which published model the student was made of: by its name on the Hub, or, for files of the user's, by the size of
 * the student, to which a classifier's head adds a few thousand. Undefined for any other model.
 */
export function familyOf({ recipe, layers, parameters }: OwnRun): Family | undefined {
  const { model } = recipe.teacher;
  const named = (Object.keys(FAMILIES) as Family[]).find((family) => {
    const { repo } = FAMILIES[family];
    const bare = repo.split('/')[1]!;
    return typeof model === 'string' && [`hf:${repo}`, `hf:${bare}`].includes(model.split('@')[0]!);
  });
  if (named || parameters === null) return named;
  const width = [768, 1024, 1280, 1600].find((candidate) => {
    const more = parameters - parametersOf(candidate, layers.length);
    return more >= 0 && more <= 8 * candidate;
  });
  const whole = recipe.selection === null;
  if (width === 768 && whole) return layers.length === 6 ? 'distilgpt2' : 'gpt2';
  return (['gpt2', 'gpt2-medium', 'gpt2-large', 'gpt2-xl'] as const).find(
    (family) => FAMILIES[family].width === width,
  );
}
