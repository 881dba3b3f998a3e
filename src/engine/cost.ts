/**
 * What a step costs, as its ops tell while they run: floating-point operations of the products, and what the
 * memory that they take is for. Read by the dry trace (`plan/`); means nothing otherwise.
 */
export type MemoryKind = 'weights' | 'moments' | 'gradients' | 'activations' | 'logits' | 'other';

let kind: MemoryKind = 'activations';
let flops = 0;

/** What tensors made now are for. */
export const memoryKind = (): MemoryKind => kind;

/** Runs `f`; tensors that it makes are for `next`. */
export function withKind<T>(next: MemoryKind, f: () => T): T {
  const before = kind;
  kind = next;
  try {
    return f();
  } finally {
    kind = before;
  }
}

/** Says that floating-point operations were recorded; a multiplication and an addition are two. */
export function noteFlops(count: number): void {
  flops += count;
}

/** All that were noted since the start. */
export const flopsNoted = (): number => flops;
