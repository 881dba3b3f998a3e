/** The best front of a scatter: points that no other beats in both directions. Pure. */

export interface Candidate {
  id: string;
  /** Lower is better. */
  x: number;
  /** Lower is better, unless the front is asked for otherwise. */
  y: number;
}

/** The front from left to right, each point better than the one before. */
export function bestFront<T extends Candidate>(points: readonly T[], higherIsBetter = false): T[] {
  const sign = higherIsBetter ? -1 : 1;
  const sorted = [...points].sort((a, b) => a.x - b.x || sign * (a.y - b.y));
  const front: T[] = [];
  for (const point of sorted) {
    const last = front.at(-1);
    if (!last || sign * point.y < sign * last.y) front.push(point);
  }
  return front;
}
