/** The best front of a scatter: points that no other beats in both directions. Pure. */

export interface Candidate {
  id: string;
  /** Lower is better in both. */
  x: number;
  y: number;
}

/** The front from left to right, each point lower than the one before. */
export function bestFront<T extends Candidate>(points: readonly T[]): T[] {
  const sorted = [...points].sort((a, b) => a.x - b.x || a.y - b.y);
  const front: T[] = [];
  for (const point of sorted) {
    const last = front.at(-1);
    if (!last || point.y < last.y) front.push(point);
  }
  return front;
}
