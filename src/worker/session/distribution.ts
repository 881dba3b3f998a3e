/**
 * What teacher and student expect of the next token at one place of the held-out text: both rows of logits whole,
 * so that the page can draw them at any temperature without asking again.
 */
import type { TokenStream } from '../../data/corpus';
import { createPlanCache } from '../../engine/plan/cache';
import { DataError, RecipeError } from '../../errors';
import { nextLogits } from '../../model/generate';
import type { Model } from '../../model/gpt2';
import { checkLayers } from '../../model/selection';
import type { Answers, CommandBody } from '../protocol';
import { allLayers, refuseClassifier, type KnownModel } from './models';
import { runRef } from './refs';
import type { Task } from './task';
import type { TextRegistry } from './texts';
import { requireTokenizer } from './vocabulary';

type DistributionCommand = CommandBody & { type: 'distribution' };

/** Tokens of a passage: two or three lines of a strip. */
const PASSAGE = 32;
/** A text of fewer documents is cut into passages wherever it falls. */
const ENOUGH_DOCUMENTS = 8;
/** Of each side these tokens come with their words; the page draws fewer. */
const NAMED = 8;

/** Ids of the `count` largest values, largest first; the lower id where two are equal. */
export function topIds(values: Float32Array, count: number): number[] {
  const top: number[] = [];
  for (let id = 0; id < values.length; id++) {
    if (top.length === count && values[id]! <= values[top[count - 1]!]!) continue;
    const place = top.findIndex((other) => values[other]! < values[id]!);
    top.splice(place < 0 ? top.length : place, 0, id);
    top.length = Math.min(top.length, count);
  }
  return top;
}

/** Where passages begin: at documents, of which a reader sees the first words. */
function passageStarts({ ids, documentStarts }: TokenStream, length: number): number[] {
  const starts =
    documentStarts.length >= ENOUGH_DOCUMENTS
      ? Array.from(documentStarts)
      : Array.from({ length: Math.ceil(ids.length / length) }, (_, i) => i * length);
  // The token that is predicted must be there.
  return starts.filter((start) => start + 1 < ids.length);
}

interface DistributionServices {
  texts: TextRegistry;
  openModel(ref: string, task: Task): Promise<KnownModel>;
}

export async function nextTokenDistribution(
  { model, student: which, data, seed, passage, position }: DistributionCommand,
  { texts, openModel }: DistributionServices,
  task: Task,
): Promise<Answers['distribution']> {
  const known = await openModel(model, task);
  const learner = 'runId' in which ? await openModel(runRef(which.runId), task) : known;
  for (const each of [known, learner]) refuseClassifier(each, 'predicts no next token');
  if (learner.config.vocabSize !== known.config.vocabSize) {
    throw new RecipeError(
      `${learner.card.name} has ${learner.config.vocabSize} words, ${known.card.name} ${known.config.vocabSize}`,
      'Compare a student with the teacher that it was cut from.',
    );
  }
  const tokenizer = requireTokenizer(known.card.name, known.vocabulary);
  const { validation } = await texts.tokenise(data, seed, tokenizer, task);
  const length = Math.min(PASSAGE, known.config.nPositions, learner.config.nPositions);
  const starts = passageStarts(validation, length);
  if (starts.length === 0)
    throw new DataError('the held-out text has no token to predict', 'Bring more text.');
  const chosen = Math.max(0, passage) % starts.length;
  const start = starts[chosen]!;
  const ids = Array.from(validation.ids.slice(start, Math.min(validation.ids.length, start + length)));
  const at = Math.max(1, Math.min(ids.length - 1, position));

  const logitsOf = async (asked: KnownModel, layers: readonly number[]) => {
    const view: Model = await asked.view(layers, task);
    const plans = createPlanCache();
    try {
      return new Float32Array(await nextLogits(view, ids.slice(0, at), plans));
    } finally {
      plans.dispose();
    }
  };
  const teacher = await logitsOf(known, allLayers(known.config));
  task.check();
  const layers =
    'layers' in which ? checkLayers(which.layers, known.config.nLayer) : allLayers(learner.config);
  const student = await logitsOf(learner, layers);
  const named = new Set([ids[at]!, ...topIds(teacher, NAMED), ...topIds(student, NAMED)]);
  return {
    passage: ids.map((id) => ({ id, text: tokenizer.tokenText(id) })),
    passages: starts.length,
    position: at,
    teacher,
    student,
    words: [...named].map((id) => ({ id, text: tokenizer.tokenText(id) })),
  };
}
