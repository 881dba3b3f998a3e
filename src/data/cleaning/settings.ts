/** The cleaner's settings as the recipe defines them, checked for callers that bring their own. */
import { DataError } from '../../errors';
import type { CleaningSettings } from '../../recipe/cleaning';

/** Throws DataError for a threshold out of range. */
export function checkCleaning(settings: CleaningSettings): CleaningSettings {
  const { minWords, maxSymbols } = settings;
  if (!Number.isInteger(minWords) || minWords < 0) {
    throw new DataError(`the fewest words of a sample are ${minWords}, expected a whole number from 0 on`);
  }
  if (!(maxSymbols >= 0 && maxSymbols <= 1)) {
    throw new DataError(`the largest share of symbols is ${maxSymbols}, expected a number from 0 to 1`);
  }
  return settings;
}
