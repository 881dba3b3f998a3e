/**
 * What the cleaner does, section 3.4 of the paper ("clears out HTML code and short sentences, eliminates sentences with a
 * high ratio of non-alphanumeric characters (more than 10%) and duplicates"). The defaults are the paper's; it gives no
 * length for a short sentence, ours is five words.
 */
import { z } from 'zod';

/**
 * What counts as the same sample. `loose` ignores case and white space; `near` also takes a sample for the same when
 * most of its word triples are (MinHash: one half at 0.73), which goes beyond the paper.
 */
export const DUPLICATES = ['off', 'exact', 'loose', 'near'] as const;

export const cleaningSchema = z.strictObject({
  /** Strip markup, decode entities, leave out scripts, styles and navigation. */
  html: z.boolean().default(true),
  /** A sample is a sentence; otherwise a line. */
  sentences: z.boolean().default(true),
  /** Samples with fewer words are dropped; 0: off. */
  minWords: z.number().int().min(0).default(5),
  /** Samples with a greater share of symbols are dropped; 1: off. */
  maxSymbols: z.number().min(0).max(1).default(0.1),
  duplicates: z.enum(DUPLICATES).default('exact'),
});

export type CleaningSettings = Readonly<z.output<typeof cleaningSchema>>;

export const PAPER_CLEANING: CleaningSettings = cleaningSchema.parse({});
