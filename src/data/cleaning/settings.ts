/**
 * What the cleaner does: section 3.4 of the paper ("clears out HTML code and short sentences, eliminates sentences with
 * a high ratio of non-alphanumeric characters (more than 10%) and duplicates"). The paper gives no length for a short
 * sentence; ours is five words.
 */
import { DataError } from '../../errors';

/**
 * What counts as the same sample. `loose` ignores case and white space; `near` also takes a sample for the same when
 * most of its word triples are (MinHash: one half at 0.73), which goes beyond the paper.
 */
export const DUPLICATES = ['off', 'exact', 'loose', 'near'] as const;

export interface CleaningSettings {
  /** Strip markup, decode entities, leave out scripts, styles and navigation. */
  readonly html: boolean;
  /** A sample is a sentence; otherwise a line. */
  readonly sentences: boolean;
  /** Samples with fewer words are dropped; 0: off. */
  readonly minWords: number;
  /** Samples with a greater share of symbols are dropped; 1: off. */
  readonly maxSymbols: number;
  readonly duplicates: (typeof DUPLICATES)[number];
}

export const PAPER_CLEANING: CleaningSettings = {
  html: true,
  sentences: true,
  minWords: 5,
  maxSymbols: 0.1,
  duplicates: 'exact',
};

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
