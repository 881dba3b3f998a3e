/**
 * Which form of a kernel runs on which adapter: the one place where that is decided.
 *
 * A software adapter (SwiftShader, llvmpipe) runs a workgroup's threads on few processor cores, so a barrier
 * costs a switch of all of them: matmul through workgroup memory was 3 to 4 times slower there than register
 * tiles, a whole step 15.9 s against 4.1 s. A real GPU needs the shared tiles and many threads a row.
 */
export type AdapterKind = 'software' | 'hardware';

export interface Variants {
  /** `register`: one tile a thread, no barrier. `shared`: 64 x 64 x 16 through workgroup memory. */
  readonly matmul: 'register' | 'shared';
  /** Threads that share a row of C elements (layer norm); 1 means no barrier. A power of two. */
  readonly rowThreads: number;
  /** Threads that share a row of V logits; 1 means no barrier. A power of two. */
  readonly vocabularyThreads: number;
  /** `rows`: one thread a query row, no barrier. `tiles`: keys and values through workgroup memory. */
  readonly attention: 'rows' | 'tiles';
}

const VARIANTS: Record<AdapterKind, Variants> = {
  software: { matmul: 'register', rowThreads: 1, vocabularyThreads: 1, attention: 'rows' },
  hardware: { matmul: 'shared', rowThreads: 64, vocabularyThreads: 256, attention: 'tiles' },
};

let current: Variants = VARIANTS.software;

/** Called when a device is opened; tests call it to run every form on one adapter. */
export function setVariants(kind: AdapterKind): void {
  current = VARIANTS[kind];
}

export const variants = (): Variants => current;

/** The adapters that run on the processor name themselves; browsers add `isFallbackAdapter`. */
export function adapterKind(facts: { description: string; isFallbackAdapter: boolean }): AdapterKind {
  const software = /swiftshader|llvmpipe|lavapipe|basic render|\bwarp\b/i.test(facts.description);
  return software || facts.isFallbackAdapter ? 'software' : 'hardware';
}
