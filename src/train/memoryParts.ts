/** The parts in which a run's memory is shown. Plain data, for the session and the page alike. */

/** What memory is for, in the order in which it is shown. */
export const MEMORY_PARTS = [
  'teacher',
  'student',
  'goodWeights',
  'moments',
  'gradients',
  'activations',
  'logits',
  'other',
] as const;
export type MemoryPart = (typeof MEMORY_PARTS)[number];

/** Bytes by what they are for. */
export type MemoryParts = Record<MemoryPart, number>;

export const noParts = (): MemoryParts =>
  Object.fromEntries(MEMORY_PARTS.map((part) => [part, 0])) as MemoryParts;

export const sumOf = (parts: MemoryParts): number => MEMORY_PARTS.reduce((sum, part) => sum + parts[part], 0);
