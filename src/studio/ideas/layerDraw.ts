/** RAIL-KD's draw of teacher layers, for a picture before any run. Pure. */
import { randomStream } from '../../random';

/** How many layers of the student are paired: all but the last, which has the output to learn from. */
export const pairsOf = (students: number): number => Math.max(0, students - 1);

/** The `count`-th example for a seed: as many of the teacher's layers but the last as there are pairs, sorted. */
export function exampleDraw(nLayer: number, students: number, seed: number, count: number): number[] | null {
  const pairs = pairsOf(students);
  if (pairs < 1 || pairs > nLayer - 1) return null;
  const random = randomStream(seed, `example of layers ${count}`);
  return [...random.permutation(nLayer - 1).slice(0, pairs)].sort((a, b) => a - b);
}
