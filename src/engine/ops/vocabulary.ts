/** The rows of an embedding [V, C] as kernels go through them: all at once, or part by part (`ranges.ts`). */
import type { Parameter } from '../parameter';
import { rowParts, type Part } from '../ranges';

/** `part.of` is meant for the embedding's values and, of one that is trained, for its gradient. */
export function vocabularyParts({ shape, packed }: Parameter): Part[] {
  const [rows, width] = shape as [number, number];
  return rowParts(rows, width * (packed ? 2 : 4));
}
