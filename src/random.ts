/**
 * Counter-based random streams. A stream is a pure function of (seed, purpose, counter), so that turning one
 * feature on does not move another, and resuming needs only the counter.
 *
 * Source: "Parallel Random Numbers: As Easy as 1, 2, 3" (Salmon et al., SC 2011) for the idea; the mixing
 * function is `murmur3`'s 32-bit finaliser applied twice to seed and counter, which passes the chi-square and
 * serial-correlation tests of `random.test.ts` and can be written in the same few lines in WGSL.
 */
export interface RandomStream {
  /** Draws taken so far; set it to resume. */
  counter: number;
  /** 32 random bits. */
  next(): number;
  /** Uniform in [0, 1), 24 bits. */
  uniform(): number;
  /** Standard normal (Box-Muller; two draws each). */
  normal(): number;
  /** Uniform integer in [0, n), by rejection, so without bias. */
  below(n: number): number;
  /** 0..n-1 in random order (Fisher-Yates). */
  permutation(n: number): Uint32Array;
}

/** The finaliser of murmur3, a bijection of 32 bits; `engine/ops/noise.ts` has it in WGSL. */
export function finalise(h: number): number {
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** FNV-1a of the purpose's characters. */
function hashText(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  return h >>> 0;
}

/** The stream of one purpose, such as `batch order` or `selection`, for one seed. */
export function randomStream(seed: number, purpose: string, counter = 0): RandomStream {
  const low = finalise((seed >>> 0) ^ hashText(purpose));
  const high = finalise(Math.floor(seed / 0x100000000) + 0x9e3779b9 + low);
  const stream: RandomStream = {
    counter,
    next() {
      const c = stream.counter++;
      const first = finalise((c >>> 0) + Math.imul(low, 0x9e3779b1));
      return finalise(first ^ high ^ Math.imul(Math.floor(c / 0x100000000) + 1, 0x85ebca77));
    },
    uniform: () => (stream.next() >>> 8) / 0x1000000,
    normal() {
      const radius = Math.sqrt(-2 * Math.log(1 - stream.uniform()));
      return radius * Math.cos(2 * Math.PI * stream.uniform());
    },
    below(n) {
      const limit = 0x100000000 - (0x100000000 % n);
      for (;;) {
        const draw = stream.next();
        if (draw < limit) return draw % n;
      }
    },
    permutation(n) {
      const order = Uint32Array.from({ length: n }, (_, i) => i);
      for (let i = n - 1; i > 0; i--) {
        const j = stream.below(i + 1);
        [order[i], order[j]] = [order[j]!, order[i]!];
      }
      return order;
    },
  };
  return stream;
}
