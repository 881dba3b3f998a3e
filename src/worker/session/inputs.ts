/** Text or ids that a caller brings, as token ids of a model. */
import type { TokenSequence } from '../../data/tokens';
import { DataError } from '../../errors';
import type { CommandBody } from '../protocol';
import type { KnownModel } from './models';
import { requireTokenizer } from './vocabulary';

type Input = Exclude<(CommandBody & { type: 'evaluate' })['input'], { source: string }>;

/** Throws DataError for an id that the model does not have, RecipeError for a text without a tokenizer. */
export function idsOf(input: Input, { card, config, vocabulary }: KnownModel): TokenSequence {
  if ('ids' in input) {
    const outside = input.ids.find((id) => !Number.isInteger(id) || id < 0 || id >= config.vocabSize);
    if (outside === undefined) return input.ids;
    throw new DataError(
      `token ${outside} is not in the model's vocabulary of ${config.vocabSize}`,
      'The ids come from another tokenizer.',
    );
  }
  return requireTokenizer(card.name, vocabulary).encode(input.text);
}
