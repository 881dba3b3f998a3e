/** What is in a task's rows beside their labels and lengths: what stands there twice, and in which scripts. */
import { hash64, HashSet64, type Hash64 } from './cleaning/hashes';
import type { Example } from './examples';
import { LetterCount, type ScriptShare } from './scripts';

export interface TaskContents {
  /** Training rows whose texts stand there before, letter by letter. */
  duplicates: number;
  /** Validation rows whose texts stand in the training rows too: what is measured on them was learned. */
  shared: number;
  /** Of the letters of the training rows. */
  scripts: ScriptShare[];
}

const textsOf = ({ choices }: Example): string[] => choices.flatMap(({ segments }) => [...segments]);

/** Of a row's texts together; no text that is read holds a zero byte. */
function hashOf(example: Example, into: Hash64): Hash64 {
  hash64(textsOf(example).join('\0'), into);
  return into;
}

export function taskContents(train: readonly Example[], validation: readonly Example[]): TaskContents {
  const seen = new HashSet64();
  const letters = new LetterCount();
  const hash: Hash64 = [0, 0];
  let duplicates = 0;
  for (const example of train) {
    if (!seen.add(hashOf(example, hash))) duplicates++;
    for (const text of textsOf(example)) letters.add(text);
  }
  const shared = validation.filter((example) => seen.has(hashOf(example, hash))).length;
  return { duplicates, shared, scripts: letters.shares() };
}
