/** A row of text before and after a method changed it, token under token. Pure. */
import type { ChangedTextReport } from '../../worker/protocol';

export interface AlignedToken {
  before: string;
  after: string;
  replaced: boolean;
}

const visible = (text: string) => text.replaceAll('\n', '↵').replaceAll('\t', '→');

/** The most telling stretch of `most` tokens: the first one with as many replacements as any. */
export function alignedTokens({ tokens }: Pick<ChangedTextReport, 'tokens'>, most: number): AlignedToken[] {
  const replaced = tokens.map(({ before, after }) => before !== after);
  const countFrom = (start: number) => replaced.slice(start, start + most).filter(Boolean).length;
  let best = 0;
  for (let start = 1; start + most <= tokens.length; start++)
    if (countFrom(start) > countFrom(best)) best = start;
  return tokens.slice(best, best + most).map(({ before, after }, i) => ({
    before: visible(before),
    after: visible(after),
    replaced: replaced[best + i]!,
  }));
}

/** For those who do not see it: `river became clock, near became before`. */
export function changeWords(tokens: readonly AlignedToken[]): string {
  const changes = tokens.filter(({ replaced }) => replaced);
  if (changes.length === 0) return 'No token of this stretch was replaced';
  return changes.map(({ before, after }) => `${before.trim()} became ${after.trim()}`).join(', ');
}
