/** Labels that would touch are moved apart, and those that are too long cut. Pure. */

/** The first characters of a name and `…` where it has more than `room`. */
export const shortened = (name: string, room: number): string =>
  name.length > room ? `${name.slice(0, Math.max(1, Math.floor(room) - 1))}…` : name;

/**
 * Positions at least `gap` apart within [low, high], in the order of the wishes and as near to them as a
 * sweep down and a sweep up bring them. When there is no room for all, the gap gives way.
 */
export function spread(wishes: readonly number[], gap: number, low: number, high: number): number[] {
  const order = wishes.map((_, i) => i).sort((a, b) => wishes[a]! - wishes[b]! || a - b);
  const room = wishes.length > 1 ? Math.min(gap, (high - low) / (wishes.length - 1)) : gap;
  const placed = new Array<number>(wishes.length);
  let next = low;
  for (const index of order) {
    placed[index] = Math.max(next, Math.min(high, wishes[index]!));
    next = placed[index] + room;
  }
  let limit = high;
  for (const index of order.toReversed()) {
    placed[index] = Math.min(placed[index]!, limit);
    limit = placed[index] - room;
  }
  return placed;
}
